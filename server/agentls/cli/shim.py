"""The control socket of one session's shim, spoken to without a daemon."""

import contextlib
import os
import select
import signal
import socket
import struct
import time
from collections import deque
from pathlib import Path
from typing import Self

from agentls.errors import AgentlsError, InvalidState
from agentls.host import is_alive, signal_process
from agentls.model import SessionId
from agentls.paths import Paths
from agentls.sessions.folder import (
    Meta,
    read_address,
    read_exit,
    read_meta,
    socket_name,
    write_address,
)
from agentls.sessions.wire import (
    ARM,
    EXIT,
    HEADER,
    INPUT,
    INPUT_WINDOW,
    MAX_PAYLOAD,
    RESIZE,
    TAKEN,
)

__all__ = ["Shim"]

_PIECE = 1 << 16
_INPUT_LIMIT = 8 << 20
_INPUT_AT_ONCE = MAX_PAYLOAD // 2
_BIND_SECONDS = 5.0
_LOOK_SECONDS = 0.02


class Shim:
    """A connection; `closed` when the program has ended, or the shim let go of us."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.closed = False
        self._socket = connection
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._input: deque[bytes] = deque()
        self._waiting = 0
        self._owed = 0

    @classmethod
    def of(cls, paths: Paths, folder: Path) -> Self | None:
        """Connect to a session's shim; None when it runs no more."""
        meta = read_meta(folder)
        if meta is None or not is_alive(meta.shim) or read_exit(folder):
            return None
        with contextlib.suppress(OSError):
            return cls(_dial(read_address(folder)))
        return cls._of_new_socket(paths, folder, meta)

    @classmethod
    def _of_new_socket(cls, paths: Paths, folder: Path, meta: Meta) -> Self | None:
        # Its socket has vanished, as when a temporary folder is cleaned.
        with contextlib.suppress(OSError, AgentlsError):
            address = paths.make_socket_dir() / socket_name(SessionId(folder.name))
            write_address(folder, address=address)
            end = time.monotonic() + _BIND_SECONDS
            if not signal_process(meta.shim, signal.SIGUSR1):
                return None
            while time.monotonic() < end and is_alive(meta.shim):
                with contextlib.suppress(OSError):
                    return cls(_dial(address))
                time.sleep(_LOOK_SECONDS)
        return None

    def type(self, data: bytes) -> None:
        """Send input in order, as fast as the program takes it; all of it or none."""
        if self._waiting + len(data) > _INPUT_LIMIT:
            raise InvalidState(
                "The program doesn't read what was typed; nothing of this was sent.",
                hint="Wait until it reads again, or stop it.",
            )
        for start in range(0, len(data), _INPUT_AT_ONCE):
            self._input.append(data[start : start + _INPUT_AT_ONCE])
        self._waiting += len(data)
        self._pump()

    def resize(self, *, rows: int, cols: int) -> None:
        """Give the terminal another size."""
        self._send(RESIZE, struct.pack("<HH", rows, cols))

    def arm(self, position: int) -> None:
        """Have the shim say when the log is longer than this."""
        self._send(ARM, struct.pack("<Q", position))

    def hear(self) -> None:
        """Take what the shim said, and send what waits."""
        self._flush()
        while not self.closed:
            try:
                data = self._socket.recv(_PIECE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.closed = True
                break
            self._incoming += data
            self._take_frames()
        self._pump()

    def fileno(self) -> int:
        """Give the socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the connection, when what was typed is on its way; the session goes on.

        A shim that doesn't take it is not waited for.
        """
        end = time.monotonic() + 1.0
        while self._outgoing and not self.closed and time.monotonic() < end:
            select.select([], [self._socket], [], _LOOK_SECONDS)
            self._flush()
        self._socket.close()

    def _take_frames(self) -> None:
        while len(self._incoming) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._incoming)
            end = HEADER.size + length
            if len(self._incoming) < end:
                return
            payload = bytes(self._incoming[HEADER.size : end])
            del self._incoming[:end]
            if kind == EXIT:
                self.closed = True
            elif kind == TAKEN:
                (count,) = struct.unpack_from("<I", payload)
                self._owed -= count
                self._waiting -= count

    def _pump(self) -> None:
        while self._input and self._owed + len(self._input[0]) <= INPUT_WINDOW:
            part = self._input.popleft()
            self._owed += len(part)
            self._send(INPUT, part)
        self._flush()

    def _send(self, kind: int, payload: bytes) -> None:
        self._outgoing += HEADER.pack(kind, len(payload)) + payload
        self._flush()

    def _flush(self) -> None:
        while self._outgoing and not self.closed:
            try:
                sent = self._socket.send(self._outgoing)
            except BlockingIOError:
                return
            except OSError:
                self._outgoing.clear()  # what it said before it went can be heard still
                return
            del self._outgoing[:sent]


def _dial(address: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(os.fspath(address))
    except BaseException:
        connection.close()
        raise
    return connection
