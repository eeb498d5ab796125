"""How much room tasks take, and what happens when there is little."""

from collections.abc import Callable

import pytest

from agentls.model import State
from agentls.tasks.book import DiskLow
from agentls.tasks.housekeeping import What

MEGABYTE = 1 << 20


@pytest.fixture
def configure(paths) -> Callable[[str], None]:
    """Write the user's own config."""

    def write(text: str) -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(text)

    return write


async def test_a_task_is_measured_where_it_lies(daemon):
    task = await daemon.done(f"head -c {3 * MEGABYTE} /dev/urandom > large")
    (one,) = (await daemon.core.housekeeper.use()).tasks
    assert one.task == task.id
    assert 3 * MEGABYTE <= one.worktree < 4 * MEGABYTE
    assert 0 < one.logs < MEGABYTE
    await daemon.core.discarding.discard(task.id)
    (there,) = (await daemon.core.housekeeper.use()).tasks
    assert 3 * MEGABYTE <= there.worktree < 4 * MEGABYTE


async def test_what_is_known_is_not_measured_again(daemon):
    task = await daemon.done()
    before = await daemon.core.housekeeper.use()
    (task.worktree / "large").write_bytes(bytes(3 * MEGABYTE))
    assert (await daemon.core.housekeeper.use()).tasks == before.tasks


async def test_below_the_reserve_tasks_wait_and_it_is_told_once(daemon, configure):
    configure(f"[disk]\nreserve = {1 << 49}\n")
    told: list[object] = []
    with daemon.core.book.listening(told.append):
        await daemon.core.disk_watch.look()
        await daemon.core.disk_watch.look()
        task = await daemon.create()
        queued = await daemon.until(task.id, State.QUEUED)
        await daemon.until_true(lambda: daemon.core.book.get(task.id).why != "")
    assert len([one for one in told if isinstance(one, DiskLow)]) == 1
    assert queued.state is State.QUEUED
    assert "Waits for room on the disk" in daemon.core.book.get(task.id).why
    configure("[disk]\nreserve = 0\n")
    await daemon.core.disk_watch.look()
    await daemon.until(task.id, State.REVIEW)


async def test_over_the_budget_the_oldest_that_is_done_goes(daemon, configure):
    made = f"head -c {2 * MEGABYTE} /dev/urandom > large"
    old, new, alive = [await daemon.done(made) for _ in range(3)]
    await daemon.core.discarding.discard(old.id)
    await daemon.core.discarding.discard(new.id)
    use = await daemon.core.housekeeper.use()
    configure(f"trash_days = 7\n[disk]\nbudget = {use.size - MEGABYTE}\n")
    (item,) = await daemon.core.housekeeper.due()
    assert (item.what, item.task, item.for_budget) == (
        What.DROP_WORKTREE,
        old.id,
        True,
    )
    configure("trash_days = 7\n[disk]\nbudget = 1\n")
    due = await daemon.core.housekeeper.due()
    assert [one.task for one in due] == [old.id, new.id]
    await daemon.core.housekeeper.collect()
    assert (alive.worktree / "large").exists()
    restored = await daemon.core.discarding.restore(old.id)
    assert (restored.worktree / "large").stat().st_size == 2 * MEGABYTE


async def test_without_a_budget_nothing_goes_before_its_time(daemon):
    task = await daemon.done("echo work > work")
    await daemon.core.discarding.discard(task.id)
    assert await daemon.core.housekeeper.due() == ()
