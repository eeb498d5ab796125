"""One session as the daemon holds it: running, or ended with its log."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from agentls.errors import Internal, SessionEnded
from agentls.model import Exit, SessionId
from agentls.sessions.link import Link
from agentls.sessions.log import LogReader

__all__ = ["EndedSession", "LiveSession", "Watched"]

_LINK_WITHIN = 15.0
_STOP_SLACK = 10.0
_RESIZED_WITHIN = 2.0


class Watched(Protocol):
    """What a viewer needs of a session."""

    @property
    def size(self) -> int:
        """The log's size, as far as it is known."""
        ...

    @property
    def live(self) -> bool:
        """Whether more output may come."""
        ...

    def log(self) -> LogReader:
        """Give a reader of its own for the log."""
        ...

    async def grown(self, beyond: int) -> int:
        """Wait until the log is longer, or the session is over; give its size."""
        ...


class EndedSession:
    """A session that runs no more: its log can still be watched."""

    def __init__(self, *, folder: Path, size: int) -> None:
        self.size = size
        self.live = False
        self._folder = folder

    def log(self) -> LogReader:
        """Give a reader of its own for the log."""
        return LogReader(self._folder)

    async def grown(self, beyond: int) -> int:  # noqa: ARG002 - it grows no more
        """Give the size at once."""
        return self.size


class LiveSession:
    """A session that runs, until `live` is false.

    It outlives the connection to its shim; `Sessions` connects it again and says
    when it is over.
    """

    def __init__(
        self,
        *,
        session: SessionId,
        folder: Path,
        resized: Callable[[SessionId, int, int], None] = lambda _id, _rows, _cols: None,
    ) -> None:
        self.id = session
        self._resized = resized
        self.size = 0
        self.grid = (0, 0)
        self.exit: Exit | None = None
        self.live = True
        self._folder = folder
        self._link: Link | None = None
        self._linked = asyncio.Event()
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._waiting = 0
        self._typed: tuple[int, float] | None = None
        """The log's size when something was typed last, and when (the loop's clock)."""

    def log(self) -> LogReader:
        """Give a reader of its own for the log."""
        return LogReader(self._folder)

    async def write(self, data: bytes, *, seen: int = 0) -> None:
        """Type into the terminal; returns before the program has read it.

        `seen` is how far the caller has read the log: who types in a terminal is
        told of each growth, and then the size is known here as well.

        Raises `SessionEnded`, and `InvalidState` when a program that doesn't read
        has megabytes waiting: then nothing of `data` was sent.
        """
        link = await self._connected()
        self._typed = max(self.size, seen), asyncio.get_running_loop().time()
        link.type(data)

    def unanswered(self, offset: int, *, within: float) -> bool:
        """Tell whether what was typed last may still be unread by the program.

        It is while the log up to `offset` has nothing that came after it, for at most
        `within` seconds: some keys are answered by nothing.
        """
        if self._typed is None:
            return False
        size, at = self._typed
        return offset <= size and asyncio.get_running_loop().time() < at + within

    async def write_apart(
        self, pieces: Sequence[bytes], *, within: float, pause: float
    ) -> None:
        """Type pieces, each `pause` after the program has answered the one before.

        What gets no answer in `within` seconds is followed all the same. Raises as
        `write` does.
        """
        first, *rest = pieces
        log = self.log()
        try:
            size = await log.size()
            await self.write(first)
            for piece in rest:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(within):
                        await self.grown(size)
                # Programs take keys right behind a paste for a part of it.
                await asyncio.sleep(pause)
                size = await log.size()
                await self.write(piece)
        finally:
            log.close()

    async def resize(self, *, rows: int, cols: int) -> None:
        """Give the terminal another size; raises `SessionEnded`."""
        (await self._connected()).resize(rows=rows, cols=cols)

    async def take_size(self, *, rows: int, cols: int) -> None:
        """Resize, and wait a moment until the terminal has that size.

        After it the screen of the session has that size too. The wait is short, as
        somebody else's resize may come between. Raises `SessionEnded`.
        """
        if self.grid == (rows, cols):
            return
        await self.resize(rows=rows, cols=cols)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RESIZED_WITHIN):
                while self.live and self.grid != (rows, cols):
                    await self._changed.wait()

    async def signal(self, signum: int) -> None:
        """Send a signal to the foreground process group; raises `SessionEnded`."""
        (await self._connected()).signal(signum)

    async def stop(self, grace: float) -> None:
        """End the program and its children: TERM, after `grace` seconds KILL.

        Returns when it is over, and at once when it was. Raises `TimeoutError`
        when even KILL did not end it.
        """
        try:
            link = await self._connected()
        except SessionEnded:
            return
        link.stop(grace=grace)
        async with asyncio.timeout(grace + _STOP_SLACK):
            await self._over.wait()

    async def ended(self) -> Exit | None:
        """Wait for the end and say how; None when the shim vanished."""
        await self._over.wait()
        return self.exit

    async def grown(self, beyond: int) -> int:
        """Wait until the log is longer, or the session is over; give its size."""
        while self.live and self.size <= beyond:
            changed = self._changed
            if self._link is not None:
                self._link.arm()
            await changed.wait()
        return self.size

    async def connect(self, address: Path) -> Link:
        """Connect to the shim; `Sessions` alone calls this."""
        link = await Link.connect(address, on_change=self._on_change)
        self._link = link
        self._linked.set()
        self._on_change()
        return link

    async def unlinked(self) -> None:
        """Wait until there is no connection; `Sessions` alone calls this."""
        if self._link is not None:
            await self._link.closed.wait()
            self.disconnect()

    def disconnect(self) -> None:
        """Forget the connection; `Sessions` alone calls this."""
        if self._link is not None:
            self._link.close()
        self._link = None
        self._linked.clear()

    def finish(self, *, outcome: Exit | None, size: int) -> None:
        """Tell everybody that it is over; `Sessions` alone calls this."""
        self.disconnect()
        self.exit = outcome
        self.size = max(self.size, size)
        self.live = False
        self._over.set()
        self._linked.set()
        self._wake()

    def link_now(self) -> Link | None:
        """Give the connection, if what is sent on it now overtakes nobody."""
        link = self._link
        return None if self._waiting or link is None or not link.open else link

    async def _connected(self) -> Link:
        if link := self.link_now():
            return link
        self._waiting += 1
        try:
            async with asyncio.timeout(_LINK_WITHIN):
                await self._linked.wait()
                while self._link is not None and not self._link.open:
                    # It is about to be forgotten; what it is given now is lost.
                    await self._link.closed.wait()
                    await asyncio.sleep(0)
                    await self._linked.wait()
        except TimeoutError as error:
            raise Internal(
                "The session's shim can't be reached; nothing was sent to it.",
                hint="Try again; `agentls doctor` looks for the cause.",
            ) from error
        finally:
            self._waiting -= 1
        if self._link is None:
            raise SessionEnded(
                "The session has ended; nothing was sent to it.",
                hint="Resume the task to go on in a new session.",
            )
        return self._link

    def _on_change(self) -> None:
        if self._link is not None:
            self.size = max(self.size, self._link.size)
            grid = (self._link.rows, self._link.cols)
            if grid != self.grid:
                self.grid = grid
                self._resized(self.id, *grid)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
