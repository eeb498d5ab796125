"""Worktrees that are ready before a task asks for one."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.git.checkouts import list_checkouts
from agentls.git.repository import find_repository
from agentls.model import State
from agentls.store.pool import Spare, SpareState, put_spare
from agentls.tasks import pool as module
from agentls.tasks.book import now


@pytest.fixture(autouse=True)
def configure(paths) -> Callable[[str], None]:
    """Write the user's own config."""

    def write(text: str = "pool = 1\n") -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(text)

    write()
    return write


async def _tended(daemon) -> tuple[Spare, ...]:
    """Wait until nothing is done to the pool, and give what it has."""
    while names := [
        running
        for running in daemon.core.background._running
        if running.get_name().startswith(("prepare ", "tend ", "remove "))
    ]:
        await asyncio.wait(names)
    return daemon.core.pool.spares()


async def _worktrees(root: Path) -> set[Path]:
    listed = await list_checkouts(await find_repository(root))
    return {one.path for one in listed if one.linked}


async def test_a_task_takes_the_worktree_that_is_ready(daemon, git):
    await daemon.done()
    (spare,) = await _tended(daemon)
    assert spare.state is SpareState.READY
    inode = (spare.path / "plain.txt").stat().st_ino
    task = await daemon.done("cat plain.txt; echo work > work")
    assert task.worktree == spare.path
    assert (task.worktree / "plain.txt").stat().st_ino == inode  # nothing is written
    assert git(task.worktree, "branch", "--show-current").strip() == task.branch
    assert git(task.worktree, "status", "--porcelain") == "?? work"
    (other,) = await _tended(daemon)
    assert other.path != spare.path
    merged = await daemon.merge(task)
    assert merged.task.state is State.MERGED
    assert (daemon.root / "work").exists()


async def test_a_small_repository_has_none_unless_it_is_asked_for(daemon, configure):
    configure("")
    await daemon.done()
    assert await _tended(daemon) == ()


async def test_one_that_is_behind_is_brought_to_where_the_task_begins(daemon, git):
    await daemon.done()
    (spare,) = await _tended(daemon)
    (daemon.root / "plain.txt").write_text("changed\n")
    (daemon.root / "new.txt").write_text("new\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "second")
    task = await daemon.done("cat new.txt")
    assert task.worktree == spare.path
    assert (task.worktree / "plain.txt").read_text() == "changed\n"
    assert git(task.worktree, "status", "--porcelain") == ""
    assert git(task.worktree, "rev-parse", "HEAD") == git(
        daemon.root, "rev-parse", "HEAD"
    )
    git(daemon.root, "fsck", "--strict")


async def test_it_follows_what_is_merged(daemon, git):
    task = await daemon.done("echo work > work")
    (spare,) = await _tended(daemon)
    await daemon.merge(task)
    (followed,) = await _tended(daemon)
    assert followed.path == spare.path
    assert followed.commit == git(daemon.root, "rev-parse", "HEAD").strip()
    assert (spare.path / "work").exists()


async def test_one_in_which_somebody_wrote_is_not_given_away_with_it(daemon, git):
    await daemon.done()
    (spare,) = await _tended(daemon)
    (spare.path / "plain.txt").write_text("somebody's\n")
    (daemon.root / "plain.txt").write_text("changed\n")
    git(daemon.root, "commit", "-qam", "second")
    task = await daemon.done()
    assert (task.worktree / "plain.txt").read_text() == "changed\n"
    assert git(task.worktree, "status", "--porcelain") == ""


async def test_one_that_was_made_by_other_rules_is_made_anew(daemon, git):
    await daemon.done()
    (spare,) = await _tended(daemon)
    git(daemon.root, "config", "core.eol", "crlf")
    task = await daemon.done()
    assert task.worktree != spare.path
    (other,) = await _tended(daemon)
    assert not spare.path.exists()
    assert await _worktrees(daemon.root) >= {task.worktree, other.path}
    assert spare.path not in await _worktrees(daemon.root)


async def test_the_next_daemon_uses_it(start):
    async with start() as daemon:
        await daemon.done()
        (spare,) = await _tended(daemon)
    async with start() as daemon:
        task = await daemon.done()
        assert task.worktree == spare.path


async def test_a_task_that_was_cut_off_while_it_took_one_is_prepared_again(
    start, git, monkeypatch
):
    cut = asyncio.Event()

    async def take_half(*_: object, **__: object) -> None:
        cut.set()
        await asyncio.Event().wait()

    async with start() as daemon:
        await daemon.done()
        (spare,) = await _tended(daemon)
        with monkeypatch.context() as patched:
            patched.setattr(module, "take_spare", take_half)
            daemon.core.background.spawn(
                daemon.create("echo work > work"), name="create"
            )
            await cut.wait()
            name = daemon.core.book.tasks()[-1].id
    async with start() as daemon:
        task = await daemon.until(name, State.REVIEW)
        assert task.worktree == spare.path
        assert git(task.worktree, "status", "--porcelain") == "?? work"
        assert [one.path for one in await _tended(daemon)] != [spare.path]


async def test_one_that_was_half_made_is_removed_by_the_next_daemon(start, git):
    async with start() as daemon:
        await daemon.done()
        (spare,) = await _tended(daemon)
        half = spare.path.with_name("repository-shalf")
        git(daemon.root, "worktree", "add", "-q", "--detach", "--no-checkout", half)
        git(daemon.root, "worktree", "lock", "--reason", "agentls", half)
        await daemon.core.pool._database.transaction(
            lambda db: put_spare(
                db,
                Spare(
                    path=half,
                    repository=daemon.root,
                    state=SpareState.MAKING,
                    commit=spare.commit,
                    rules=spare.rules,
                    made=now(),
                ),
            )
        )
    async with start() as daemon:
        assert await _tended(daemon) == (spare,)
        assert not half.exists()
        assert half not in await _worktrees(daemon.root)


async def test_none_is_made_where_the_disk_would_lose_its_reserve(daemon, configure):
    configure("pool = 1\n[disk]\nreserve = 1_000_000_000_000_000\n")
    await daemon.done()
    assert await _tended(daemon) == ()


async def test_what_nobody_needs_for_a_day_goes(daemon, monkeypatch):
    await daemon.done()
    (spare,) = await _tended(daemon)
    daemon.core.pool.expire()
    assert await _tended(daemon) == (spare,)
    monkeypatch.setattr(module, "_UNUSED", now() - now())
    daemon.core.pool.expire()
    assert await _tended(daemon) == ()
    assert not spare.path.exists()


async def test_a_pool_that_is_switched_off_goes(daemon, configure):
    await daemon.done()
    await _tended(daemon)
    configure("pool = 0\n")
    await daemon.done()
    await daemon.done()
    assert await _tended(daemon) == ()


async def test_many_tasks_at_once_take_each_their_own(daemon, configure):
    configure("pool = 3\n[limits]\nmax_parallel = 8\n")
    await daemon.done()
    spares = await _tended(daemon)
    assert len(spares) == 3
    tasks = await asyncio.gather(*(daemon.done() for _ in range(6)))
    assert len({task.worktree for task in tasks}) == 6
    assert {one.path for one in spares} <= {task.worktree for task in tasks}


async def test_it_has_no_submodule_that_is_not_the_tasks(daemon, git, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "file").write_text("one\n")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "inner")
    git(daemon.root, "submodule", "-q", "add", os.fspath(inner), "sub")
    git(daemon.root, "commit", "-qm", "with it")
    await daemon.done()
    (spare,) = await _tended(daemon)
    assert (spare.path / "sub" / "file").read_text() == "one\n"
    (daemon.root / "sub" / "file").write_text("two\n")
    git(daemon.root / "sub", "commit", "-qam", "inner")
    git(daemon.root, "commit", "-qam", "another")
    task = await daemon.done()
    assert task.worktree != spare.path
    assert (task.worktree / "sub" / "file").read_text() == "two\n"
