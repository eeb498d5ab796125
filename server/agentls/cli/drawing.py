"""A session's screen, drawn by the screens' process without a daemon."""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import agentls

__all__ = ["Drawn", "drawn_alone"]

_WITHIN = 15.0
"""A log of 200 MB of which no snapshot was kept takes that long."""

_NAME_ROOM = 256
_PIECE = 1 << 16


class Drawn(NamedTuple):
    """What draws the screen as it was at the offset."""

    offset: int
    data: bytes


def drawn_alone(sessions: Path, session: str) -> Drawn | None:
    """Have a process of its own draw the screen; None where that can't be had."""
    ours, theirs = socket.socketpair()
    program = Path(agentls.__file__).resolve().parent / "__main__.py"
    # In memory where that can be: the disk may be full.
    with ours, _memory() as name:
        with theirs:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-I", str(program)),
                    *("screens", str(sessions), str(name)),
                ],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[name],
                cwd="/",
            )
        try:
            ours.sendall(
                json.dumps({"do": "repaint", "session": session, "id": 1}).encode()
                + b"\n"
            )
            answer = _line(ours)
        except OSError:
            answer = None
        finally:
            ours.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # what it would still keep is a cache
            process.wait()
    found: dict[str, Any] | None = answer and answer.get("found")
    if not found:
        return None
    return Drawn(found["offset"], base64.b64decode(found["data"]))


@contextlib.contextmanager
def _memory() -> Generator[int]:
    """Give the descriptor of a file that the process may write a name into."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("agentls-screens")
    else:
        fd, path = tempfile.mkstemp(prefix="agentls-screens-")
        Path(path).unlink()
    try:
        os.ftruncate(fd, _NAME_ROOM)
        yield fd
    finally:
        os.close(fd)


def _line(connection: socket.socket) -> dict[str, Any] | None:
    """Read one line of JSON; None when it ends before, or not in time."""
    end = time.monotonic() + _WITHIN
    data = bytearray()
    while b"\n" not in data:
        connection.settimeout(max(0.01, end - time.monotonic()))
        piece = connection.recv(_PIECE)
        if not piece:
            return None
        data += piece
    answer: dict[str, Any] = json.loads(data)
    return answer
