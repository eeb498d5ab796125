"""Scripts that a person has run in a task's worktree, beside its agent."""

import asyncio
import os
from collections.abc import Callable

import pytest

from agentls.errors import InvalidParams, InvalidState, Untrusted
from agentls.model import SessionKind, State

SERVE = """\
[run.serve]
run = "echo $AGENTLS_SCRIPT $AGENTLS_PORT_BASE > told; mkfifo gate; read go < gate"
"""
"""It is there until somebody writes into the gate, or ends it."""


@pytest.fixture(autouse=True)
def configure(paths) -> Callable[[str], None]:
    """Write the user's own config."""

    def write(text: str = SERVE) -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(text)

    write()
    return write


async def _is_there(path) -> None:
    async with asyncio.timeout(30):
        while not path.exists():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


def _living(daemon, task) -> list[str]:
    return [one.title for one in daemon.core.book.sessions(task.id) if one.live]


async def test_a_script_runs_beside_the_task_with_its_ports(daemon):
    task = await daemon.done()
    told, session = await daemon.core.scripts.run(task.id, None)
    assert (session.kind, session.title, session.live) == (
        SessionKind.SCRIPT,
        "serve",
        True,
    )
    await _is_there(task.worktree / "gate")
    assert (task.worktree / "told").read_text() == f"serve {task.ports.first}\n"
    assert told.state is State.REVIEW
    assert daemon.core.book.present_session(task.id).kind is SessionKind.AGENT
    _, again = await daemon.core.scripts.run(task.id, "serve")
    assert again.id == session.id
    (listed,) = await daemon.core.scripts.list(task.id)
    assert (listed.name, listed.session) == ("serve", session)


async def test_it_ends_by_itself_or_when_it_is_stopped(daemon):
    task = await daemon.done()
    _, session = await daemon.core.scripts.run(task.id, None)
    await _is_there(task.worktree / "gate")
    await daemon.core.scripts.stop(task.id, "serve")
    assert _living(daemon, task) == []
    with pytest.raises(InvalidState, match="No script serve runs"):
        await daemon.core.scripts.stop(task.id, "serve")
    (task.worktree / "gate").unlink()
    _, second = await daemon.core.scripts.run(task.id, None)
    assert second.id != session.id
    await _is_there(task.worktree / "gate")
    opened = os.open(task.worktree / "gate", os.O_RDWR)
    os.write(opened, b"go\n")
    ended = await daemon.core.tasks.ended_session(second.id)
    os.close(opened)
    assert ended.exit is not None
    assert ended.exit.ok


@pytest.mark.parametrize("end", ["stop", "merge", "discard"])
async def test_it_ends_with_the_task(daemon, end):
    task = await daemon.done("echo work > work")
    await daemon.core.scripts.run(task.id, None)
    if end == "stop":
        await daemon.core.tasks.stop(task.id)
    elif end == "merge":
        await daemon.merge(task)
    else:
        await daemon.core.discarding.discard(task.id)
    await daemon.until_true(lambda: _living(daemon, task) == [])


async def test_a_prompt_leaves_it_running(daemon):
    task = await daemon.done()
    await daemon.core.scripts.run(task.id, None)
    await daemon.core.tasks.send_prompt(task.id, "echo more > more")
    await daemon.until(task.id, State.REVIEW)
    assert _living(daemon, task) == ["serve"]


async def test_the_next_daemon_has_it_still(start):
    async with start() as daemon:
        task = await daemon.done()
        _, session = await daemon.core.scripts.run(task.id, None)
    async with start() as daemon:
        _, same = await daemon.core.scripts.run(task.id, None)
        assert same.id == session.id
        await daemon.core.scripts.stop(task.id, None)


async def test_a_task_whose_agent_is_gone_is_not_held_at_work_by_a_script(start):
    async with start() as daemon:
        task = await daemon.create("mkfifo wait; cat wait")
        await _is_there(task.worktree / "wait")
        await daemon.core.scripts.run(task.id, None)
        (agent,) = [
            one
            for one in daemon.core.book.sessions(task.id)
            if one.kind is SessionKind.AGENT
        ]
        # As after a crash in which the session's end was lost with its shim.
        await daemon.core.book.end_session(agent.id, None)
    async with start() as daemon:
        await daemon.until(task.id, State.INTERRUPTED)
        await daemon.core.tasks.stop(task.id)


async def test_which_script_is_meant_has_to_be_said(daemon, configure):
    task = await daemon.done()
    configure(SERVE + '[run.storybook]\nrun = "true"\n')
    with pytest.raises(InvalidParams, match="there are: serve, storybook"):
        await daemon.core.scripts.run(task.id, None)
    with pytest.raises(InvalidParams, match="No script is 'servr'"):
        await daemon.core.scripts.run(task.id, "servr")
    configure("")
    with pytest.raises(InvalidParams, match="no script to run"):
        await daemon.core.scripts.run(task.id, None)


async def test_a_script_of_the_repository_runs_once_it_is_trusted(daemon, configure):
    configure("")
    task = await daemon.done()
    (daemon.root / ".agentls.toml").write_text('[run.it]\nrun = "touch ran"\n')
    with pytest.raises(Untrusted, match="touch ran"):
        await daemon.core.scripts.run(task.id, None)
    assert not (task.worktree / "ran").exists()
    await daemon.trust()
    _, session = await daemon.core.scripts.run(task.id, None)
    await daemon.core.tasks.ended_session(session.id)
    assert (task.worktree / "ran").exists()


async def test_it_needs_a_worktree(daemon):
    task = await daemon.done()
    await daemon.core.discarding.discard(task.id)
    with pytest.raises(InvalidState, match="nothing there to run a script in"):
        await daemon.core.scripts.run(task.id, None)
