"""Watching a session's output: pieces from an offset, bounded by what was drawn."""

import asyncio
from typing import Self

import attrs

from agentls.sessions.folder import Gap
from agentls.sessions.live import Watched

__all__ = ["PIECE_BYTES", "Piece", "Viewer", "whole_characters"]

PIECE_BYTES = 1 << 16
"""No piece is longer."""

_LONGEST_CHARACTER = 4


@attrs.frozen(kw_only=True)
class Piece:
    """Output from `offset` to `end`: bytes, or a gap, which has none."""

    offset: int
    end: int
    data: bytes
    gap: Gap | None = None


class Viewer:
    """Gives a session's output as pieces, from an offset to the session's end.

    A piece never ends inside a UTF-8 character, unless what is there can't become
    one. What came while the consumer was busy is one piece. At most `window` bytes
    are given that the consumer has not acknowledged: then the iteration waits. A gap
    counts with its whole length, and is acknowledged like output.
    Iterating raises `OutputGone` when the log doesn't reach back to the offset.
    """

    def __init__(self, session: Watched, *, offset: int, window: int) -> None:
        if window < _LONGEST_CHARACTER:
            raise ValueError("A window must have room for a character.")
        self._session = session
        self._log = session.log()
        self._position = offset
        self._acked = offset
        self._window = window
        self._credit = asyncio.Event()
        self.waited = False
        """Whether it had to wait for the consumer; whoever looks may set it back."""

    def ack(self, end: int) -> None:
        """Take note that everything up to `end` was drawn."""
        if end > self._acked:
            self._acked = min(end, self._position)
            self._credit.set()

    def move_on(self, offset: int) -> None:
        """Leave out what lies before the offset: the consumer is given it otherwise.

        It counts as given, so that it has to be acknowledged.
        """
        self._position = offset

    def close(self) -> None:
        """Let go of the log; a waiting iteration has to be cancelled."""
        self._log.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        """Wait for the next piece."""
        await asyncio.sleep(0)  # a log in memory must not keep the others waiting
        while True:
            if 0 < self._session.size <= self._position and self._session.live:
                # Known to be all, so nothing is read: looking for more on the disk
                # would take a thread.
                await self._session.grown(self._position)
            room = min(self._acked + self._window - self._position, PIECE_BYTES)
            if room <= 0:
                await self._acknowledged()
                continue
            live = self._session.live  # looked at before reading: then it is all
            chunk = await self._log.read(self._position, limit=room)
            count = whole_characters(chunk.data)
            if chunk.gap is not None or count:
                return self._give(
                    Piece(
                        offset=self._position,
                        end=chunk.end if chunk.gap else self._position + count,
                        data=chunk.data[:count],
                        gap=chunk.gap,
                    )
                )
            if 0 < room == len(chunk.data):  # a character doesn't fit in the room
                await self._acknowledged()
            elif live:
                await self._session.grown(self._position + len(chunk.data))
            elif chunk.data:  # the end, inside a character
                return self._give(
                    Piece(offset=self._position, end=chunk.end, data=chunk.data)
                )
            else:
                self.close()
                raise StopAsyncIteration

    async def _acknowledged(self) -> None:
        self.waited = True
        self._credit.clear()
        await self._credit.wait()

    def _give(self, piece: Piece) -> Piece:
        self._position = piece.end
        return piece


def whole_characters(data: bytes) -> int:
    """Give how many bytes to take so that no UTF-8 character is cut.

    Everything, when the rest can't be the beginning of one.
    """
    for back in range(1, min(len(data), _LONGEST_CHARACTER - 1) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:  # a character's later byte  # noqa: PLR2004
            continue
        if byte >= 0xC0 and _begins_character(data[-back:]):  # noqa: PLR2004
            return len(data) - back
        break
    return len(data)


def _begins_character(rest: bytes) -> bool:
    """Tell whether more bytes could make a character of these."""
    try:
        rest.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False
