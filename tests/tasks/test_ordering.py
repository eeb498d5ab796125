"""What to review next, of real tasks."""

import os

from agentls.model import State


async def _next(daemon, **asked):
    asked = {"after": None} | asked
    folder = asked.pop("folder", None)
    await daemon.core.forecasting.forecast(folder, task=None)  # else it may come later
    return await daemon.core.ordering.next_review(folder, **asked)


async def _counted(daemon, task, lines: int):
    await daemon.core.book.change(task.id, files=1, added=lines, deleted=0)


async def test_the_smallest_change_is_next_and_the_sentence_says_so(daemon):
    large, small = await daemon.done(), await daemon.done()
    await _counted(daemon, large, 9)
    await _counted(daemon, small, 2)
    found = await _next(daemon)
    assert found.task is not None
    assert found.task.id == small.id
    assert (
        found.why == "First of 2 that are ready: it merges cleanly, 2 lines in 1 file."
    )
    assert found.left == 1


async def test_the_order_is_the_users_and_not_the_repositorys(daemon, paths):
    large, small = await daemon.done(), await daemon.done()
    await _counted(daemon, large, 9)
    await _counted(daemon, small, 2)
    paths.user_config.parent.mkdir(parents=True, exist_ok=True)
    paths.user_config.write_text('review.order = ["age"]\n')
    found = await _next(daemon)
    assert found.task is not None
    assert found.task.id == large.id
    assert found.why == "The oldest of 2 that are ready."


async def test_after_goes_through_all_and_begins_again(daemon):
    tasks = [await daemon.done() for _ in range(3)]
    seen = [tasks[0].id]
    for _ in range(3):
        found = await _next(daemon, after=seen[-1])
        assert found.task
        seen.append(found.task.id)
    assert seen == [tasks[0].id, tasks[1].id, tasks[2].id, tasks[0].id]


async def test_after_a_task_that_was_merged_the_first_one_is_next(daemon):
    merged, other = await daemon.done("echo x > new"), await daemon.done()
    await daemon.merge(merged)
    found = await _next(daemon, after=merged.id)
    assert found.task is not None
    assert found.task.id == other.id
    assert found.why == (
        "The only one that is ready: it merges cleanly, it changes nothing."
    )


async def test_when_nothing_is_ready_it_says_what_still_works(daemon, tmp_path):
    os.mkfifo(tmp_path / "gate")
    task = await daemon.create(f"cat '{tmp_path}/gate'")
    failed = await daemon.create("false")
    await daemon.until(failed.id, State.FAILED)
    found = await _next(daemon)
    assert found.task is None
    assert found.why == "Nothing is ready: 1 still at work and 1 waiting for you."
    assert [one.id for one in found.going] == [task.id]
    assert [one.id for one in found.stuck] == [failed.id]
    await daemon.core.tasks.stop(task.id)


async def test_of_one_repository_only_when_one_is_named(daemon, git, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "first")
    await daemon.done()
    there = await daemon.done(folder=other)
    found = await _next(daemon, folder=other)
    assert found.task is not None
    assert found.task.id == there.id
    assert found.left == 0
