"""The operations of clients: real git, real sessions, a core in this process."""

import asyncio

import pytest


async def test_a_create_that_is_cancelled_at_its_first_step_leaves_nothing(
    daemon, git, repository
):
    cancelled = daemon.core.spawn(daemon.create("true"), name="a create")
    while not daemon.core.book._writing.locked():  # noqa: ASYNC110 - no event tells
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
