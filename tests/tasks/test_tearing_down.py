"""What a task's worktree leaves running is ended, once, and holds nothing up."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.model import SessionKind, State, Task, Teardown
from agentls.tasks.starting import silent


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Name the file that a teardown writes where it ran into."""
    return tmp_path / "torn-down"


@pytest.fixture(autouse=True)
def configure(paths, log: Path) -> Callable[..., None]:
    """Write the user's own config."""

    def write(command: str = "", more: str = "") -> None:
        paths.config.mkdir(exist_ok=True)
        command = command or f"echo $PWD $AGENTLS_PORT_BASE >> {log}"
        paths.user_config.write_text(f"teardown = {command!r}\n{more}")

    write()
    return write


async def _over(daemon, task: Task) -> Task:
    """Wait until nothing is due any more."""
    await daemon.until_true(
        lambda: (
            daemon.core.book.get(task.id).teardown in {Teardown.DONE, Teardown.FAILED}
        )
    )
    return daemon.core.book.get(task.id)


def _teardowns(daemon, task: Task) -> list[str]:
    return [
        one.id
        for one in daemon.core.book.sessions(task.id)
        if one.kind is SessionKind.TEARDOWN
    ]


async def test_a_discard_tears_down_in_the_worktree_with_its_ports(daemon, log):
    task = await daemon.done()
    await daemon.core.discarding.discard(task.id)
    assert log.read_text() == f"{task.worktree} {task.ports.first}\n"
    assert not task.worktree.exists()


async def test_a_merge_is_there_first_and_then_torn_down(daemon, log):
    task = await daemon.done("echo work > work")
    merged = (await daemon.merge(task)).task
    assert merged.state is State.MERGED
    assert (await _over(daemon, task)).teardown is Teardown.DONE
    assert log.read_text() == f"{task.worktree} {task.ports.first}\n"


async def test_it_is_done_once_for_a_task_that_is_merged_and_then_discarded(
    daemon, log
):
    task = await daemon.done("echo work > work")
    await daemon.merge(task)
    await daemon.core.discarding.discard(task.id)
    assert len(log.read_text().splitlines()) == 1


async def test_it_is_done_again_when_something_was_begun_since(daemon, log):
    task = await daemon.done("echo work > work")
    await daemon.merge(task)
    await _over(daemon, task)
    await daemon.core.undoing.undo(task.id, progress=silent)
    await daemon.core.tasks.send_prompt(task.id, "echo more > more")
    await daemon.until(task.id, State.REVIEW)
    await daemon.core.discarding.discard(task.id)
    assert len(log.read_text().splitlines()) == 2


async def test_one_that_fails_is_told_and_loses_nothing(daemon, configure):
    configure("echo left; exit 3")
    task = await daemon.done("echo work > work")
    await daemon.merge(task)
    told = await _over(daemon, task)
    assert told.state is State.MERGED
    assert "Its teardown ended with exit status 3" in told.why
    found = await daemon.core.doctor(None)
    (one,) = [one for one in found if one.name == f"task {task.id}"]
    assert not one.ok
    assert "exit status 3" in one.message
    await daemon.core.discarding.discard(task.id)
    restored = await daemon.core.discarding.restore(task.id)
    assert (restored.worktree / "work").exists()


async def test_one_that_hangs_is_stopped_and_the_discard_goes_on(daemon, configure):
    configure("sleep 1000", "teardown_timeout = 1\n")
    task = await daemon.done()
    discarded = await daemon.core.discarding.discard(task.id)
    assert discarded.state is State.DISCARDED
    assert "took longer than 1 s" in discarded.why
    assert not any(one.live for one in daemon.core.book.sessions(task.id))


async def test_one_that_a_daemons_end_left_is_done_by_the_next(start, log):
    async with start() as daemon:
        task = await daemon.done("echo work > work")
        daemon.core.tearing_down._begin = lambda _: None  # the daemon dies before
        await daemon.merge(task)
        assert daemon.core.book.get(task.id).teardown is Teardown.DUE
    assert not log.exists()
    async with start() as daemon:
        await _over(daemon, task)
        assert len(_teardowns(daemon, task)) == 1
    assert len(log.read_text().splitlines()) == 1


async def test_one_that_runs_while_a_daemon_ends_is_waited_for_by_the_next(
    start, configure, log
):
    configure(f"mkfifo gate; read go < gate; echo done >> {log}")
    async with start() as daemon:
        task = await daemon.done("echo work > work")
        await daemon.merge(task)
        gate = task.worktree / "gate"
        runner = daemon.core.tasks._starter.runner
        async with asyncio.timeout(30):
            while not (gate.exists() and runner.living(task, SessionKind.TEARDOWN)):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)
    async with start() as daemon:
        opened = os.open(gate, os.O_RDWR)
        os.write(opened, b"go\n")
        assert (await _over(daemon, task)).teardown is Teardown.DONE
        os.close(opened)
        assert len(_teardowns(daemon, task)) == 1
    assert log.read_text() == "done\n"


async def test_one_of_a_repository_that_nobody_trusted_is_not_run_and_it_is_said(
    daemon, log, paths
):
    paths.user_config.unlink()
    task = await daemon.done()
    (daemon.root / ".agentls.toml").write_text(f'teardown = "touch {log}"\n')
    discarded = await daemon.core.discarding.discard(task.id)
    assert not log.exists()
    assert "teardown wasn't run" in discarded.why


async def test_a_task_that_never_began_needs_none(daemon, log):
    await daemon.core.queueing.pause()
    task = await daemon.create()
    await daemon.core.discarding.discard(task.id)
    assert not log.exists()
