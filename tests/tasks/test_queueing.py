"""The queue as a daemon has it: forerunners, priorities, a pause, other words."""

import os
from pathlib import Path

import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.git.repository import find_repository, head
from agentls.model import State
from agentls.tasks.starting import silent


@pytest.fixture
def one_at_a_time(home):
    """Let one agent run at a time."""
    config = home.path / "config"
    config.mkdir(exist_ok=True)
    (config / "config.toml").write_text("[limits]\nmax_parallel = 1\n")


def _until(path: Path) -> str:
    """Give a script that runs until the fifo is opened to be written."""
    os.mkfifo(path)
    return f"read -r _ < {path}"


def _let_go(path: Path) -> None:
    path.write_text("\n")


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_queued_task_says_why_and_takes_another_title_and_prompt(
    daemon, tmp_path
):
    gate = tmp_path / "gate"
    first = await daemon.create(_until(gate))
    queued = await daemon.create("echo old > said")
    assert queued.state is State.QUEUED
    await daemon.until_true(
        lambda: daemon.core.book.get(queued.id).why.startswith("Waits for a place")
    )
    queueing = daemon.core.queueing
    await queueing.rename(queued.id, " Another\n title ")
    await queueing.edit_prompt(queued.id, "echo new > said")
    with pytest.raises(InvalidState):
        await queueing.edit_prompt(first.id, "true")
    with pytest.raises(InvalidParams):
        await queueing.rename(queued.id, " ")
    _let_go(gate)
    done = await daemon.until(queued.id, State.REVIEW)
    assert (done.title, done.why) == ("Another title", "")
    assert (done.worktree / "said").read_text() == "new\n"


async def test_the_prompt_of_a_failed_task_is_taken_with_a_retry(daemon):
    failed = await daemon.create("exit 3")
    await daemon.until(failed.id, State.FAILED)
    await daemon.core.queueing.edit_prompt(failed.id, "echo better > said")
    await daemon.core.tasks.retry(failed.id, progress=silent)
    done = await daemon.until(failed.id, State.REVIEW)
    assert (done.worktree / "said").read_text() == "better\n"


async def test_a_dependent_begins_from_the_target_with_its_forerunner_in_it(daemon):
    first = await daemon.done("echo first > first.txt")
    second = await daemon.create("cat first.txt > second.txt", after=(first.id,))
    assert second.state is State.QUEUED
    await daemon.until_true(
        lambda: (
            daemon.core.book.get(second.id).why == f"Begins when {first.id} is merged."
        )
    )
    await daemon.merge(daemon.core.book.get(first.id))
    done = await daemon.until(second.id, State.REVIEW, State.FAILED)
    assert done.state is State.REVIEW, done.why
    assert (done.worktree / "second.txt").read_text() == "first\n"
    at = await head(await find_repository(daemon.root))
    assert done.base.commit == at.commit


async def test_a_discarded_forerunner_is_told_and_start_goes_on_without_it(daemon):
    first = await daemon.done("true")
    second = await daemon.create("true", after=(first.id,))
    await daemon.core.discarding.discard(first.id)
    await daemon.until_true(
        lambda: "was discarded" in daemon.core.book.get(second.id).why
    )
    await daemon.core.queueing.start(second.id, progress=silent)
    await daemon.until(second.id, State.REVIEW)


async def test_a_circle_is_refused_and_nothing_changes(daemon):
    await daemon.core.queueing.pause()
    a = await daemon.create()
    b = await daemon.create(after=(a.id,))
    c = await daemon.create(after=(b.id,))
    with pytest.raises(InvalidParams, match="wait for itself"):
        await daemon.core.queueing.set_after(a.id, (c.id,))
    with pytest.raises(InvalidParams, match="wait for itself"):
        await daemon.core.queueing.set_after(a.id, (a.id,))
    assert daemon.core.book.get(a.id).after == ()
    await daemon.core.queueing.set_after(c.id, (a.id, a.id))
    assert daemon.core.book.get(c.id).after == (a.id,)


async def test_what_waits_for_others_has_no_base_as_well(daemon):
    first = await daemon.done()
    with pytest.raises(InvalidParams, match="base"):
        await daemon.create(after=(first.id,), base="wip")


async def test_pause_order_and_what_is_waited_for_survive_a_restart(start):
    async with start() as daemon:
        done = await daemon.done()
        await daemon.core.queueing.pause()
        low = await daemon.create()
        high = await daemon.create(priority=3)
        last = await daemon.create(after=(done.id, high.id))
        assert low.state is high.state is last.state is State.QUEUED
    async with start() as daemon:
        book = daemon.core.book
        assert book.paused
        assert book.get(high.id).priority == 3
        assert book.get(last.id).after == (done.id, high.id)
        assert {book.get(one.id).state for one in (low, high, last)} == {State.QUEUED}
        await daemon.core.queueing.resume()
        await daemon.until(low.id, State.REVIEW)
        await daemon.until(high.id, State.REVIEW)
        assert book.get(last.id).state is State.QUEUED
