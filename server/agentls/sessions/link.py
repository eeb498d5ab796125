"""The connection to one shim's control socket."""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Self

from agentls.errors import Internal, InvalidState
from agentls.reading import read_small
from agentls.sessions.wire import (
    ANSWER,
    ARM,
    EXIT,
    GRID,
    HEADER,
    HELLO,
    INPUT,
    INPUT_WINDOW,
    MAX_PAYLOAD,
    PROTOCOL,
    RESIZE,
    SIGNAL,
    SIZE,
    STOP,
    TAKEN,
)

__all__ = ["INPUT_LIMIT", "Link"]

INPUT_LIMIT = 8 << 20
"""Bytes of input that wait here for a program that doesn't read."""

_HELLO_WITHIN = 10.0
_INPUT_AT_ONCE = MAX_PAYLOAD // 2


class Link(asyncio.Protocol):
    """An open connection; `closed` is set when it is gone, for whatever reason."""

    def __init__(self, *, on_change: Callable[[], None]) -> None:
        self.size = 0
        self.rows = 0
        self.cols = 0
        self.closed = asyncio.Event()
        self._on_change = on_change
        self.hello = asyncio.Event()
        self.version = 0
        self.answered: int | None = None
        """Up to which offset the program's questions were answered; None: unknown."""
        self._transport: asyncio.Transport | None = None
        self._incoming = bytearray()
        self._input: deque[bytes] = deque()
        self._input_bytes = 0
        self._owed = 0
        self._armed = False

    @classmethod
    async def connect(cls, address: Path, *, on_change: Callable[[], None]) -> Self:
        """Connect and wait for the shim's hello.

        `on_change` is called when size or grid have changed. Raises `OSError` when
        nobody listens there, `TimeoutError` when nobody answers, and `Internal` for
        a shim of a protocol that this version doesn't speak.
        """
        async with asyncio.timeout(_HELLO_WITHIN):
            _, link = await asyncio.get_running_loop().create_unix_connection(
                lambda: cls(on_change=on_change), str(address)
            )
            try:
                await link.hello.wait()
            except BaseException:
                link.close()
                raise
        if link.closed.is_set():
            raise ConnectionResetError("The shim ended before it said hello.")
        if not 0 < link.version <= PROTOCOL:
            link.close()
            raise Internal(
                f"The session's shim speaks protocol {link.version}, this agentls"
                f" up to {PROTOCOL}; the session goes on.",
                hint="Use the agentls that started the session.",
            )
        return link

    @property
    def open(self) -> bool:
        """Whether what is sent now can reach the shim."""
        return self._transport is not None and not self._transport.is_closing()

    def type(self, data: bytes) -> None:
        """Send input, in order, as fast as the program takes it.

        All or nothing: raises `InvalidState` when too much waits already.
        """
        if self._input_bytes + len(data) > INPUT_LIMIT:
            raise InvalidState(
                "The program doesn't read what was typed; nothing of this was sent.",
                hint="Wait until it reads again, or stop it.",
            )
        for start in range(0, len(data), _INPUT_AT_ONCE):
            self._input.append(data[start : start + _INPUT_AT_ONCE])
        self._input_bytes += len(data)
        self._pump()

    def answer(self, data: bytes, *, upto: int) -> None:
        """Type what a terminal answers to the questions before that offset.

        The shim types it once, whoever sends it again; one of protocol 1 takes it as
        input. Dropped when the program doesn't read: it has asked too much.
        """
        if not data or self._input_bytes + len(data) > INPUT_WINDOW:
            return
        if self.answered is None:
            self.type(data)
            return
        self.answered = max(self.answered, upto)
        self._input_bytes += len(data)
        self._owed += len(data)
        self._send(ANSWER, struct.pack("<Q", upto) + data)

    def resize(self, *, rows: int, cols: int) -> None:
        """Give the terminal another size."""
        self._send(RESIZE, struct.pack("<HH", rows, cols))

    def signal(self, signum: int) -> None:
        """Send a signal to the terminal's foreground process group."""
        self._send(SIGNAL, struct.pack("<I", signum))

    def stop(self, *, grace: float) -> None:
        """Have the shim end the program and its children."""
        self._send(STOP, struct.pack("<I", round(grace * 1000)))

    def arm(self) -> None:
        """Ask for one notice when the log is longer than the size known here."""
        if not self._armed:
            self._armed = True
            self._send(ARM, struct.pack("<Q", self.size))

    def close(self) -> None:
        """Close the connection; the session goes on."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport
        read_small(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - theirs
        """Tell everybody who waits."""
        self.closed.set()
        self.hello.set()
        self._on_change()

    def data_received(self, data: bytes) -> None:
        """Take the frames that are whole."""
        self._incoming += data
        while len(self._incoming) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._incoming)
            end = HEADER.size + length
            if length > MAX_PAYLOAD:  # no shim of ours
                self.close()
                return
            if len(self._incoming) < end:
                return
            payload = bytes(self._incoming[HEADER.size : end])
            del self._incoming[:end]
            try:
                self._take(kind, payload)
            except struct.error:
                self.close()
                return

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == SIZE:
            (self.size,) = struct.unpack("<Q", payload)
            self._armed = False
        elif kind == TAKEN:
            (count,) = struct.unpack("<I", payload)
            self._owed -= count
            self._input_bytes -= count
            self._pump()
            return
        elif kind == GRID:
            self.rows, self.cols = struct.unpack("<HH", payload)
        elif kind == EXIT:
            _, _, self.size = struct.unpack("<iIQ", payload)
        elif kind == HELLO:
            # What a later protocol adds comes behind what this one knows.
            self.version, self.rows, self.cols, self.size = struct.unpack_from(
                "<HHHQ", payload
            )
            if self.version > 1:
                (self.answered,) = struct.unpack_from("<Q", payload, 14)
            self.hello.set()
        self._on_change()

    def _pump(self) -> None:
        while self._input and self._owed + len(self._input[0]) <= INPUT_WINDOW:
            part = self._input.popleft()
            self._owed += len(part)
            self._send(INPUT, part)

    def _send(self, kind: int, payload: bytes) -> None:
        if self._transport is not None and self.open:
            self._transport.write(HEADER.pack(kind, len(payload)) + payload)
