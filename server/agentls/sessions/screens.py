"""The screens of the sessions that somebody looks at."""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Self

from agentls.model import SessionId
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.session_screen import Repaint, SessionScreen

__all__ = ["Screens"]

_OPEN_MAX = 32
"""Screens held in memory at a time; another is made again from its kept snapshot."""


class Screens:
    """Follows the logs of sessions as far as somebody asks; it is a cache.

    Use as an async context manager: at its end each screen keeps a snapshot.
    """

    def __init__(self, sessions: Path) -> None:
        self._folder = sessions
        self._open: OrderedDict[SessionId, SessionScreen] = OrderedDict()
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Begin; no screen is opened before it is asked for."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Keep and close every screen."""
        while self._open:
            _, screen = self._open.popitem()
            await screen.close()

    async def repaint(self, session: SessionId) -> Repaint | None:
        """Give what draws a session's screen as it is now.

        None where no emulator can be had: then only the whole log draws it.
        """
        try:
            return await (await self._screen(session)).repaint()
        except EmulatorMissing:
            return None

    async def _screen(self, session: SessionId) -> SessionScreen:
        async with self._turn:
            screen = self._open.get(session)
            if screen is None:
                screen = SessionScreen(self._folder / session)
                self._open[session] = screen
            self._open.move_to_end(session)
            if len(self._open) > _OPEN_MAX:
                _, oldest = self._open.popitem(last=False)
                await oldest.close()
            return screen
