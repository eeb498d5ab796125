"""Starts slow down while more comes to review than a person clears."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from agentls.model import State, TaskId
from agentls.store.history import Move
from agentls.tasks import places
from agentls.tasks.pace import WINDOW, Pace, ReviewPace
from agentls.tasks.starting import silent

NOW = datetime(2030, 1, 1, tzinfo=UTC)
_S = State


class Clock:
    """A clock that goes when it is told to."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> ReviewPace:
    return ReviewPace(clock=clock)


def _move(before: State | None, state: State, *, ago: float) -> Move:
    return Move(
        task=TaskId("1"),
        before=before,
        state=state,
        at=NOW - timedelta(seconds=ago),
        why="",
        source=None,
        opened=None,
    )


def _pace(came: int, cleared: int) -> Pace:
    return Pace(came=came, cleared=cleared)


def test_it_counts_what_comes_and_what_is_cleared_in_an_hour(make_task, pace, clock):
    task = make_task(state=_S.WORKING)
    pace.load([task], (), now=NOW)
    for state, told in (
        (_S.REVIEW, _pace(1, 0)),
        (_S.REVIEW, _pace(1, 0)),  # nothing new of it
        (_S.WORKING, _pace(1, 1)),  # sent back
        (_S.WAITING, _pace(1, 1)),
        (_S.REVIEW, _pace(2, 1)),
        (_S.MERGED, _pace(2, 2)),
        (_S.REVIEW, _pace(2, 2)),  # undone: a person's own doing
        (_S.DISCARDED, _pace(2, 3)),
    ):
        clock.seconds += 1
        assert pace.look([attrs.evolve(task, state=state)]) == told
    clock.seconds += WINDOW - 7
    assert pace.look([]) == _pace(1, 3)
    clock.seconds += 7
    assert pace.look([]) == _pace(0, 0)


def test_what_was_before_this_daemon_counts(make_task, pace, clock):
    moves = [
        _move(_S.WORKING, _S.REVIEW, ago=WINDOW - 10),
        _move(_S.CHECKING, _S.REVIEW, ago=5),
        _move(_S.REVIEW, _S.MERGED, ago=4),
        _move(None, _S.REVIEW, ago=3),  # adopted
        _move(_S.WORKING, _S.REVIEW, ago=-99),  # the clock was set back
    ]
    pace.load([make_task(state=_S.REVIEW)], moves, now=NOW)
    assert pace.look([make_task(state=_S.REVIEW)]) == _pace(3, 1)
    clock.seconds += 10
    assert pace.look([]) == _pace(2, 1)


def test_nobody_is_slowed_down_who_did_not_ask_for_it():
    assert not _pace(1000, 0).is_ahead(0)
    assert not _pace(3, 0).is_ahead(4)
    assert _pace(4, 0).is_ahead(4)


async def test_a_queued_task_begins_when_one_was_reviewed_or_the_hour_is_over(
    start: Any, paths: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(places, "_LOOK_SECONDS", 0.05)
    paths.config.mkdir(exist_ok=True)
    paths.user_config.write_text("limits.review_ahead = 2\n")
    async with start() as daemon:
        one, two = await daemon.done("echo 1 > 1"), await daemon.done("echo 2 > 2")
        queued = await daemon.create()
        await daemon.until_true(lambda: bool(daemon.core.book.get(queued.id).why))
        said = daemon.core.book.get(queued.id).why
        assert "2 tasks came to your review, and you cleared 0" in said
    async with start() as daemon:  # the next one knows it as well
        assert daemon.core.book.get(queued.id).state is State.QUEUED
        await daemon.merge(one)
        await daemon.until(queued.id, State.REVIEW)
        last = await daemon.create()
        await daemon.core.queueing.pause()
        await daemon.core.queueing.resume()
        assert daemon.core.book.get(last.id).state is State.QUEUED
        clock = Clock()
        clock.seconds = daemon.core.tasks._starter.places.pace._clock() + WINDOW
        daemon.core.tasks._starter.places.pace._clock = clock
        await daemon.until(last.id, State.REVIEW)
        assert daemon.core.book.get(two.id).state is State.REVIEW


async def test_a_start_by_hand_waits_for_nothing(daemon: Any, paths: Any):
    paths.config.mkdir(exist_ok=True)
    paths.user_config.write_text("limits.review_ahead = 1\n")
    await daemon.done()
    queued = await daemon.create()
    await daemon.core.queueing.start(queued.id, progress=silent)
    await daemon.until(queued.id, State.REVIEW)
