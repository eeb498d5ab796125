"""Rounds: many looked at together, each as long as it needs no more than that."""

import asyncio
import contextlib
from collections import deque

import pytest

from agentls.background import Background
from agentls.sessions import rounds
from agentls.sessions.rounds import Look, Rounds

DEADLINE = 30


class Part:
    """Takes part; what its looks come to is given."""

    def __init__(self, *looks: Look) -> None:
        self.turn = asyncio.Lock()
        self.looked = 0
        self.live = True
        self._looks = deque(looks)

    def look(self) -> Look:
        assert self.turn.locked()
        self.looked += 1
        return self._looks.popleft() if self._looks else Look.TAKEN


@pytest.fixture(autouse=True)
def pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "_PACE_SECONDS", 0.001)


async def test_each_takes_part_as_long_as_it_prints():
    takes = Part(Look.TAKEN, Look.NOTHING, Look.NOTHING, Look.TAKEN, Look.MORE)
    rests = Part(Look.TAKEN, Look.NOTHING, Look.NOTHING, Look.NOTHING)
    goes_on = Part()
    async with asyncio.timeout(DEADLINE), Background() as background:
        together = Rounds(background)
        background.spawn(
            together.keep_up(goes_on, live=lambda: goes_on.live), name="goes on"
        )
        await together.keep_up(takes, live=lambda: True)
        await together.keep_up(rests, live=lambda: True)
    assert (takes.looked, rests.looked) == (5, 4)
    assert goes_on.looked >= 8


async def test_one_that_is_over_leaves():
    over = Part()
    over.live = False
    async with asyncio.timeout(DEADLINE), Background() as background:
        together = Rounds(background)
        await together.keep_up(over, live=lambda: over.live)
        assert over.looked == 1
        await together.keep_up(over, live=lambda: over.live)  # goes round once more
    assert over.looked == 2


async def test_one_that_is_busy_holds_nobody_up():
    busy, other = Part(), Part(Look.TAKEN, Look.MORE)
    async with asyncio.timeout(DEADLINE), Background() as background:
        together = Rounds(background)
        async with busy.turn:
            background.spawn(together.keep_up(busy, live=lambda: True), name="busy")
            await together.keep_up(other, live=lambda: True)
    assert busy.looked == 0


async def test_one_that_is_cancelled_takes_part_no_more():
    gone, other = Part(), Part(Look.TAKEN, Look.TAKEN, Look.MORE)
    async with asyncio.timeout(DEADLINE), Background() as background:
        together = Rounds(background)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await together.keep_up(gone, live=lambda: True)
        await together.keep_up(other, live=lambda: True)
    assert (gone.looked, other.looked) == (0, 3)
