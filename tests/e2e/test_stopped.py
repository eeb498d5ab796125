"""A daemon that is stopped for longer than a limit, and goes on: nothing was late."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

LIMIT = 4
STOPPED = 6.0


@pytest.mark.full
async def test_a_stopped_daemon_calls_nothing_late_and_loses_nothing(
    open_editor, repository: Path, home
):
    (repository / ".agentls.toml").write_text(
        f"setup = [\"read -r _ < '{home.path}/setup'\"]\nsetup_timeout = {LIMIT}\n"
    )
    os.mkfifo(home.path / "setup")
    os.mkfifo(home.path / "gate")
    editor = await open_editor(repository)
    await editor.execute("trust", uri=repository.as_uri(), decision="allow")
    async with asyncio.TaskGroup() as group:
        first = group.create_task(
            editor.execute(
                "createTask",
                prompt=f"echo one; read -r _ < '{home.path}/gate'; echo two",
                agent="shell",
            )
        )
        await asyncio.to_thread((home.path / "setup").write_text, "go\n")
    task = first.result().task
    session = task.sessions[-1].id
    await editor.attach(session=session)
    await editor.until(lambda: b"one" in editor.output.get(session, b""), "output")
    daemon = json.loads((home.state / "daemon.json").read_text())["pid"]
    async with asyncio.TaskGroup() as group:
        second = group.create_task(
            editor.execute("createTask", prompt="echo there", agent="shell")
        )
        await editor.until(
            lambda: any(
                one.state == "preparing" and one.sessions
                for one in editor.tasks.values()
            ),
            "the second task's setup",
        )
        # Opened before: they are there only when both programs have come that far.
        setup = await asyncio.to_thread((home.path / "setup").open, "w")
        gate = await asyncio.to_thread((home.path / "gate").open, "w")
        os.kill(daemon, signal.SIGSTOP)
        for pipe in (setup, gate):
            pipe.write("go\n")
            pipe.close()
        listed = group.create_task(editor.execute("listTasks"))
        await asyncio.sleep(STOPPED)  # the time that passes is what the test is about
        assert not listed.done()
        os.kill(daemon, signal.SIGCONT)

    states = {one.id: (one.state, one.why) for one in listed.result().tasks}
    assert {state for state, _ in states.values()} <= {"preparing", "working", "review"}
    created = second.result().task
    assert created.state in {"working", "review"}, created.why
    for one in (task, created):
        ended = await editor.until_state(one.id, "review", "failed", "interrupted")
        assert (ended.state, ended.why) == ("review", "")
    assert editor.output[session] == b"one\r\ntwo\r\n"
    assert editor.reconnected == 0
    assert json.loads((home.state / "daemon.json").read_text())["pid"] == daemon
