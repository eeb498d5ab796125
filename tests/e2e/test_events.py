"""An agent that says by its hooks where it stands; it is played by a shell script."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

import agentls

CONFIG = """\
[agents.talker]
bin = "/bin/sh"
start = ["{private}/agent.sh", "{prompt}"]
resume = ["{private}/agent.sh", "resumed {session_id} {prompt}"]
conversation = "learned"
done = "event"

[agents.talker.payload]
session = "id"

[[agents.talker.events]]
when = { type = "begun" }
status = "working"

[[agents.talker.events]]
when = { type = "asks" }
status = "waiting"
reason = "It asks: {question}"

[[agents.talker.events]]
when = { type = "done" }
status = "done"
"""

AGENT = """\
hook() {{ {python} -I -S {main} hook "$1" "$2"; }}
echo "prompt: $1"
hook x '{{"type":"begun","id":"conversation-1"}}'
hook x '{{"type":"asks","question":"May I?"}}'
read -r answer
echo "answer: $answer" > answer
hook x '{{"type":"begun"}}'
hook x '{{"type":"done"}}'
while read -r line; do
  case $line in *stop*) exit 0 ;; esac
  echo "$line" >> told
  hook x '{{"type":"begun"}}'
  hook x '{{"type":"done"}}'
done
"""


@pytest.fixture
def talker(home) -> str:
    """Define the agent; its script is found by its own absolute path."""
    script = home.path / "agent.sh"
    main = Path(agentls.__file__).parent / "__main__.py"
    script.write_text(AGENT.format(python=sys.executable, main=main))
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(
        CONFIG.replace("{private}/agent.sh", str(script))
    )
    return "talker"


async def test_a_task_follows_what_its_agents_hooks_say(
    open_editor, repository: Path, talker
):
    editor = await open_editor(repository)
    created = await editor.execute("createTask", prompt="begin", agent=talker)
    task = created.task.id
    waiting = await editor.until_state(task, "waiting")
    assert waiting.why == "It asks: May I?"

    # A prompt typed into a dialog would answer it.
    refusal = await editor.refused("sendPrompt", task=task, text="more")
    assert refusal["kind"] == "invalidState"

    session = waiting.sessions[-1].id
    await editor.attach(session=session, control=True)
    editor.client.protocol.notify(
        "agentls/input", {"session": session, "text": "yes\r"}
    )
    review = await editor.until_state(task, "review")
    worktree = Path(review.worktree.removeprefix("file://"))
    assert (worktree / "answer").read_text() == "answer: yes\n"
    assert review.sessions[-1].live

    await editor.execute("sendPrompt", task=task, text="more work")
    told = worktree / "told"
    await editor.until_file(lambda: "more work" in told.read_text(), told)
    await editor.until_state(task, "review")


async def test_a_conversation_is_resumed_after_its_session_ended(
    open_editor, repository: Path, talker
):
    editor = await open_editor(repository)
    created = await editor.execute("createTask", prompt="begin", agent=talker)
    task = created.task.id
    await editor.until_state(task, "waiting")
    stopped = await editor.execute("stopTask", task=task)
    assert (stopped.task.state, stopped.task.why) == ("review", "Stopped.")
    sent = await editor.execute("sendPrompt", task=task, text="go on")
    session = sent.task.sessions[-1].id
    await editor.attach(session=session)
    await editor.until(
        lambda: b"resumed conversation-1 go on" in editor.output.get(session, b""),
        "the resumed conversation",
    )
    refusal = await editor.refused("resumeTask", task=task)
    assert refusal["kind"] == "invalidState"
    await editor.until_state(task, "waiting")
    await editor.execute("stopTask", task=task)
    resumed = await editor.execute("resumeTask", task=task, text="and on")
    session = resumed.task.sessions[-1].id
    await editor.attach(session=session)
    await editor.until(
        lambda: b"resumed conversation-1 and on" in editor.output.get(session, b""),
        "the conversation resumed on its own",
    )


async def test_events_count_that_came_while_there_was_no_daemon(
    open_editor, repository: Path, talker, home
):
    editor = await open_editor(repository)
    os.mkfifo(home.path / "gate")
    script = home.path / "agent.sh"
    text = script.read_text()
    script.write_text(f"read -r _ < '{home.path}/gate'\n{text}")
    created = await editor.execute("createTask", prompt="begin", agent=talker)
    assert created.task.state == "working"
    daemon = json.loads((home.state / "daemon.json").read_text())["pid"]
    os.kill(daemon, signal.SIGSTOP)  # the hooks' pokes reach nobody
    (home.path / "gate").write_text("go\n")
    events = home.state / "events" / created.task.sessions[-1].id
    await editor.until_file(lambda: events.read_text().count("\n") == 2, events)
    os.kill(daemon, signal.SIGKILL)
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    (listed,) = (await editor.execute("listTasks")).tasks
    assert (listed.state, listed.why) == ("waiting", "It asks: May I?")


@pytest.fixture
def clock(home) -> Generator[Callable[[int], None]]:
    """Run a daemon whose wall clock is set by hand; the monotonic one isn't."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    offset = home.path / "clock"

    def jump(seconds: int) -> None:
        aside = offset.with_suffix(".new")
        aside.write_text(f"{seconds:+d}s\n")
        aside.rename(offset)

    jump(0)
    (home.path / "state").mkdir(mode=0o700, exist_ok=True)
    main = Path(agentls.__file__).parent / "__main__.py"
    reading, writing = os.pipe()
    daemon = subprocess.Popen(
        [sys.executable, "-I", main, "daemon", "run", "--ready-fd", str(writing)],
        env=home.environ
        | {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        pass_fds=[writing],
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as ready:
        assert b"error" not in ready.read()
    yield jump
    daemon.kill()
    daemon.wait()


@pytest.mark.full
@pytest.mark.needs("faketime")
async def test_a_clock_that_jumps_a_day_ends_no_setup_and_loses_no_event(
    open_editor, repository: Path, talker, home, clock
):
    os.mkfifo(home.path / "setup")
    os.mkfifo(home.path / "gate")
    config = home.path / "config" / "config.toml"
    config.write_text(f"setup = 'read -r _ < {home.path}/setup'\n{config.read_text()}")
    script = home.path / "agent.sh"
    script.write_text(f"read -r _ < '{home.path}/gate'\n{script.read_text()}")
    editor = await open_editor(repository)
    async with asyncio.TaskGroup() as group:
        creating = group.create_task(
            editor.execute("createTask", prompt="begin", agent=talker)
        )
        await editor.until(
            lambda: any(task.sessions for task in editor.tasks.values()), "the setup"
        )
        clock(86400)
        (home.path / "setup").write_text("go\n")
    created = creating.result()
    assert created.task.state == "working"
    assert created.task.changed > created.task.created

    daemon = json.loads((home.state / "daemon.json").read_text())["pid"]
    os.kill(daemon, signal.SIGSTOP)
    (home.path / "gate").write_text("go\n")
    events = home.state / "events" / created.task.sessions[-1].id
    await editor.until_file(lambda: events.read_text().count("\n") == 2, events)
    os.kill(daemon, signal.SIGKILL)  # the next one has today's clock again
    await editor.until(lambda: editor.reconnected == 1, "reconnected")
    (listed,) = (await editor.execute("listTasks")).tasks
    assert (listed.state, listed.why) == ("waiting", "It asks: May I?")
