"""Looking at many sessions together that print and ask nothing of their terminal.

A look at one alone takes a notice of its shim, a hop to the emulators' thread and
some turns of the event loop: many times what it takes to read a few lines and feed
them. So these are looked at in rounds, all in one hop, and their shims aren't asked.
"""

import asyncio
import contextlib
import enum
from collections.abc import Callable
from typing import Protocol

from agentls.background import Background
from agentls.threads import in_thread

__all__ = ["Look", "Looked", "Rounds"]

_PACE_SECONDS = 0.2
_EMPTY_LOOKS = 3
"""After so many looks at which nothing was new it is no more a session that prints."""


class Look(enum.Enum):
    """What a look at a session has come to."""

    NOTHING = "nothing"
    """Nothing is new."""
    TAKEN = "taken"
    """All that is new was taken."""
    MORE = "more"
    """There is something to do that a look doesn't do."""


class Looked(Protocol):
    """What takes part in rounds."""

    @property
    def turn(self) -> asyncio.Lock:
        """Held during a look."""
        ...

    def look(self) -> Look:
        """Take what is new; called in the emulators' thread."""
        ...


class Rounds:
    """Goes round as long as somebody takes part."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._parts: list[_Part] = []
        self._going = False

    async def keep_up(self, one: Looked, *, live: Callable[[], bool]) -> None:
        """Look at it in every round, while it is live, prints, and needs no more."""
        part = _Part(one, live)
        self._parts.append(part)
        if not self._going:
            self._going = True
            self._background.spawn(self._go(), name="rounds")
        try:
            await part.left.wait()
        finally:
            self._parts.remove(part)

    async def _go(self) -> None:
        try:
            while self._parts:
                await asyncio.sleep(_PACE_SECONDS)
                await self._round()
        finally:
            self._going = False
            for part in self._parts:  # only where it ended by a bug
                part.left.set()

    async def _round(self) -> None:
        # At one that is busy somebody else looks just now.
        parts = [part for part in self._parts if not part.one.turn.locked()]
        async with contextlib.AsyncExitStack() as turns:
            for part in parts:
                await turns.enter_async_context(part.one.turn)
            looks = await in_thread(lambda: [part.one.look() for part in parts])
        for part, look in zip(parts, looks, strict=True):
            part.take(look)


class _Part:
    """One that takes part."""

    def __init__(self, one: Looked, live: Callable[[], bool]) -> None:
        self.one = one
        self.left = asyncio.Event()
        self._live = live
        self._empty = 0

    def take(self, look: Look) -> None:
        """Take what a look came to, and leave if that was the last one."""
        self._empty = self._empty + 1 if look is Look.NOTHING else 0
        if look is Look.MORE or self._empty >= _EMPTY_LOOKS or not self._live():
            self.left.set()
