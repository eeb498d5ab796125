"""The operations of clients: real git, real sessions, a core in this process."""

import asyncio
import os

import pytest

from agentls.errors import AgentlsError, NotARepository
from agentls.model import State


async def test_a_create_that_is_cancelled_at_its_first_step_leaves_nothing(
    daemon, git, repository
):
    cancelled = daemon.core.spawn(daemon.create("true"), name="a create")
    while not daemon.core.book._writing.locked():  # noqa: ASYNC110 - no event tells
        assert not cancelled.done()
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert daemon.core.book.tasks(discarded=True) == ()
    assert git(repository, "branch", "--list", "agentls/*") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1


async def test_a_create_that_is_cancelled_twice_is_undone_all_the_same(
    daemon, git, repository
):
    (repository / ".agentls.toml").write_text('setup = ["exec sleep 1000"]\n')
    await daemon.trust()
    cancelled = daemon.core.spawn(daemon.create("true"), name="a create")
    await daemon.until_true(
        lambda: any(
            daemon.core.book.sessions(task.id) for task in daemon.core.book.tasks()
        )
    )
    cancelled.cancel()
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await daemon.until_true(lambda: not daemon.core.book.tasks(discarded=True))
    assert git(repository, "branch", "--list", "agentls/*") == ""
    assert git(repository, "for-each-ref", "refs/agentls") == ""
    assert len(git(repository, "worktree", "list").splitlines()) == 1


async def test_a_daemon_starts_beside_a_repository_that_is_gone(
    start, git, repository, tmp_path
):
    os.mkfifo(tmp_path / "gate")
    async with start() as daemon:
        task = await daemon.create(f"cat '{tmp_path}/gate'")
    moved = tmp_path / "moved"
    repository.rename(moved)
    async with start() as daemon:
        assert daemon.core.book.get(task.id).state is State.WORKING
        with pytest.raises(NotARepository):
            await daemon.core.tasks.changes(task.id, with_patch=False)
    moved.rename(repository)
    async with start() as daemon:
        await asyncio.to_thread((tmp_path / "gate").write_text, "end\n")
        await daemon.until(task.id, State.REVIEW)


@pytest.mark.parametrize("text", ["targte = 5\n", 'setup = ["echo other"]\n'])
async def test_a_config_that_is_wrong_or_undecided_holds_no_work_back(
    start, git, repository, text
):
    async with start() as daemon:
        task = await daemon.done("echo work > work")
        other = await daemon.done("echo other > other")
        (repository / ".agentls.toml").write_text(text)
    async with start() as daemon:
        tasks = daemon.core.tasks
        _, change = await tasks.changes(task.id, with_patch=False)
        assert [file.path for file in change.files] == [b"work"]
        await tasks.discard(task.id)
        await tasks.restore(task.id)
        await daemon.merge(task)
        assert (repository / "work").exists()
        with pytest.raises(AgentlsError):
            await daemon.create("true")
        with pytest.raises(AgentlsError):
            await tasks.send_prompt(other.id, "echo more")
        assert daemon.core.book.get(other.id).state is State.REVIEW
