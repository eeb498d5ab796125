"""Going on with a conversation: what is said, and what is refused."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import pytest

from agentls.errors import InvalidState
from agentls.host import boot_id, wait_gone
from agentls.model import State
from agentls.sessions.folder import read_meta
from agentls.tasks.resuming import GO_ON, Resuming

# The prompt is what `sh` is told to do; a resumed one says so first.
AGENTS = r"""
[agents.latest]
title = "Latest"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "echo \"resumed: $0\" >> resumed", "{prompt}"]

[agents.teller]
title = "Teller"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "echo \"$0: $1\" >> resumed", "{session_id}", "{prompt}"]
conversation = "learned"
[[agents.teller.reports]]
source = "output"
format = "text"
match = 'conversation (?P<id>\w+)'
session = "id"

[agents.learner]
title = "Learner"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "true", "{session_id}"]
conversation = "learned"
"""


@pytest.fixture(autouse=True)
def configure(paths) -> Callable[[str], None]:
    """Give what writes the user's config: the agents, below other keys."""

    def write(keys: str) -> None:
        paths.user_config.write_text(keys + AGENTS)

    paths.user_config.parent.mkdir(parents=True)
    write("")
    return write


def _kill_shim(paths, session: str) -> None:
    meta = read_meta(paths.sessions / session)
    assert meta is not None
    os.kill(meta.shim.pid, signal.SIGKILL)
    assert wait_gone(meta.shim, seconds=20)
    assert meta.agent is not None
    assert wait_gone(meta.agent, seconds=20)


def _reboot(paths) -> None:
    """End every session as a reboot does: at once, and under another kernel."""
    for folder in paths.sessions.iterdir():
        if not (folder / "exit").exists():
            with contextlib.suppress(ProcessLookupError):
                _kill_shim(paths, folder.name)
        meta = (folder / "meta").read_text()
        (folder / "meta").write_text(meta.replace(boot_id(), "another-boot"))


async def test_an_interrupted_task_goes_on_where_it_was(daemon, paths):
    task = await daemon.create("echo before; sleep 1000", agent="latest")
    (session,) = daemon.core.book.sessions(task.id)
    await asyncio.to_thread(_kill_shim, paths, session.id)
    interrupted = await daemon.until(task.id, State.INTERRUPTED)
    assert "vanished" in interrupted.why
    resumed = await daemon.core.tasks.resume(task.id, text=None)
    assert (resumed.id, resumed.worktree) == (task.id, task.worktree)
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "resumed").read_text() == f"resumed: {GO_ON}\n"


async def test_a_conversation_that_was_only_printed_outlives_shim_and_reboot(
    start, paths
):
    prompt = "echo conversation c1; touch said; sleep 1000"
    async with start() as daemon:
        task = await daemon.create(prompt, agent="teller")
        (session,) = daemon.core.book.sessions(task.id)
        live = daemon.core.sessions.get(session.id)
        await live.grown(len("conversation c1"))
    await asyncio.to_thread(_reboot, paths)
    async with start() as daemon:
        assert (await daemon.until(task.id, State.INTERRUPTED)).conversation == "c1"
        await daemon.core.tasks.resume(task.id, text="go on")
        resumed = await daemon.until(task.id, State.REVIEW)
        assert resumed.conversation == "c1"
        assert (task.worktree / "resumed").read_text() == "c1: go on\n"


async def test_a_task_that_ended_goes_on_with_what_is_said(daemon):
    task = await daemon.done("true", agent="latest")
    await daemon.core.tasks.resume(task.id, text="one more")
    await daemon.until(task.id, State.REVIEW)
    assert (task.worktree / "resumed").read_text() == "resumed: one more\n"


@pytest.mark.parametrize(
    ("agent", "says"),
    [("shell", "can't go on with a conversation"), ("learner", "isn't known")],
)
async def test_where_no_conversation_can_be_resumed_nothing_is_begun(
    daemon, agent, says
):
    task = await daemon.done("true", agent=agent)
    with pytest.raises(InvalidState) as refused:
        await daemon.core.tasks.resume(task.id, text=None)
    assert says in refused.value.message
    assert f"agentls retry {task.id}" in refused.value.hint
    assert len(daemon.core.book.sessions(task.id)) == 1
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_an_agent_that_never_ran_is_not_resumed(daemon, repository):
    (repository / ".agentls.toml").write_text('setup = ["false"]\n')
    await daemon.trust()
    task = await daemon.create("true", agent="latest")
    assert task.state is State.FAILED
    with pytest.raises(InvalidState, match="never ran"):
        await daemon.core.tasks.resume(task.id, text=None)


async def test_an_agent_that_works_is_not_resumed(daemon):
    task = await daemon.create("sleep 1000", agent="latest")
    with pytest.raises(InvalidState, match="is working"):
        await daemon.core.tasks.resume(task.id, text=None)
    await daemon.core.tasks.stop(task.id)


BUSY = "echo before; sleep 1000"


async def test_after_a_reboot_tasks_go_on_by_themselves(start, paths, configure):
    async with start() as daemon:
        task = await daemon.create(BUSY, agent="latest")
    await asyncio.to_thread(_reboot, paths)
    async with start() as daemon:  # it isn't wished
        assert daemon.core.book.get(task.id).state is State.INTERRUPTED
        assert daemon.core.book.untold == {task.id}
        again = await daemon.create(BUSY, agent="latest")
    configure("resume_on_start = true\n")
    await asyncio.to_thread(_reboot, paths)
    async with start() as daemon:
        await daemon.until(again.id, State.REVIEW)
        assert (again.worktree / "resumed").read_text() == f"resumed: {GO_ON}\n"
        # What was interrupted before waits for a person, as it did.
        assert daemon.core.book.get(task.id).state is State.INTERRUPTED


async def test_an_interruption_is_resumed_once_whenever_the_daemon_is_killed(
    start, paths, configure, monkeypatch
):
    configure("resume_on_start = true\n")
    async with start() as daemon:
        task = await daemon.create(BUSY, agent="latest")
    await asyncio.to_thread(_reboot, paths)
    for step in ("take_up", "_resume_locked"):

        async def dying(*_: object) -> None:
            raise asyncio.CancelledError

        with monkeypatch.context() as patched:
            patched.setattr(Resuming, step, dying)
            with contextlib.suppress(asyncio.CancelledError):
                async with start() as daemon:
                    daemon.core.tasks._starter.closing = True
                    assert daemon.core.book.get(task.id).state is State.INTERRUPTED
    async with start() as daemon:
        await daemon.until(task.id, State.REVIEW)
    async with start() as daemon:
        assert daemon.core.book.get(task.id).state is State.REVIEW
        assert len(daemon.core.book.sessions(task.id)) == 2
    assert (task.worktree / "resumed").read_text().count("resumed") == 1


@pytest.mark.full
async def test_no_more_are_resumed_at_once_than_may_run(start, paths, configure):
    # Resumed, they wait to be let on.
    keys = "resume_on_start = true\n[limits]\nmax_parallel = {}\n"
    configure(keys.format(3))
    gate = paths.state.parent / "gate"
    os.mkfifo(gate)
    agents = AGENTS.replace('>> resumed"', f">> resumed; read -r _ < '{gate}'\"")
    assert agents != AGENTS
    async with start() as daemon:
        tasks = [await daemon.create(BUSY, agent="latest") for _ in range(3)]
        queued = await daemon.create("true")
        assert queued.state is State.QUEUED
    await asyncio.to_thread(_reboot, paths)
    paths.user_config.write_text(keys.format(1) + agents)
    async with start() as daemon:
        for number, task in enumerate(tasks):
            await daemon.until(task.id, State.WORKING)
            states = [daemon.core.book.get(one.id).state for one in tasks]
            assert states.count(State.WORKING) == 1
            assert states[number + 1 :] == [State.INTERRUPTED] * (2 - number)
            assert daemon.core.book.get(queued.id).state is State.QUEUED
            if number < 2:
                later = daemon.core.book.get(tasks[2].id)
                assert "goes on when a place is free" in later.why
            await asyncio.to_thread(gate.write_text, "on\n")
            await daemon.until(task.id, State.REVIEW)
        await daemon.until(queued.id, State.REVIEW)


async def test_what_vanished_without_a_reboot_waits_for_a_person(
    start, paths, configure
):
    configure("resume_on_start = true\n")
    async with start() as daemon:
        task = await daemon.create(BUSY, agent="latest")
    await asyncio.to_thread(_kill_shim, paths, f"{task.id}-1")
    async with start() as daemon:
        assert daemon.core.book.get(task.id).state is State.INTERRUPTED
        assert daemon.core.book.untold == {task.id}


async def test_what_is_lost_again_and_again_waits_for_a_person(start, paths, configure):
    configure("resume_on_start = true\n")
    paths.user_config.write_text(
        paths.user_config.read_text().replace('>> resumed"', '>> resumed; sleep 99"')
    )
    async with start() as daemon:
        task = await daemon.create(BUSY, agent="latest")
    for count in (2, 3):
        await asyncio.to_thread(_reboot, paths)
        async with start() as daemon:
            await daemon.until(task.id, State.WORKING)
            assert len(daemon.core.book.sessions(task.id)) == count
    await asyncio.to_thread(_reboot, paths)
    async with start() as daemon:
        assert daemon.core.book.get(task.id).state is State.INTERRUPTED
        assert len(daemon.core.book.sessions(task.id)) == 3
        assert daemon.core.book.untold == {task.id}


async def test_one_that_cannot_go_on_says_why(start, paths, configure):
    configure("resume_on_start = true\n")
    async with start() as daemon:
        task = await daemon.create(BUSY)
    await asyncio.to_thread(_reboot, paths)
    async with start() as daemon:
        await daemon.until_true(
            lambda: "could not be resumed" in daemon.core.book.get(task.id).why
        )
        found = daemon.core.book.get(task.id)
        assert found.state is State.INTERRUPTED
        assert f"agentls retry {task.id}" in found.why
    async with start() as daemon:  # and isn't tried again
        assert daemon.core.book.get(task.id) == found


async def test_a_person_may_be_faster(start, paths, configure):
    configure("resume_on_start = true\n[limits]\nmax_parallel = 2\n")
    async with start() as daemon:
        await daemon.create(BUSY, agent="latest")
        second = await daemon.create(BUSY, agent="latest")
    await asyncio.to_thread(_reboot, paths)
    paths.user_config.write_text(
        paths.user_config.read_text()
        .replace("max_parallel = 2", "max_parallel = 1")
        .replace('>> resumed"', '>> resumed; sleep 99"')
    )
    async with start() as daemon:
        await daemon.core.discarding.discard(second.id)
    async with start() as daemon:
        assert daemon.core.book.get(second.id).state is State.DISCARDED
        assert len(daemon.core.book.sessions(second.id)) == 1
