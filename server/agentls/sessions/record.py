"""What a shim leaves on the disk: log, gaps, meta and exit, in its working folder."""

# ruff: noqa: PTH104, PTH108, SIM105
# pathlib and contextlib would cost every session memory.

import errno
import os
import time

from agentls.sessions.wire import PROTOCOL

__all__ = ["Gaps", "Log", "complain", "keep", "keep_exit", "take_room"]

_ROOM = 4096

_GAP = "%020d %020d %-22s\n"
_GAP_BYTES = 64
_GAP_SLOTS = 64


class Log:
    """The log's segments; `size` is the offset of the next byte."""

    def __init__(self, *, segment_bytes: int, keep_bytes: int) -> None:
        self.size = 0
        self._segment_bytes = segment_bytes
        self._keep_bytes = keep_bytes
        self._segments: list[int] = []
        self._fd = -1

    def append(self, data: memoryview) -> int:
        """Store the beginning of the data and give its length; OSError for none."""
        if self._fd < 0 or self._room() <= 0:
            self._begin_segment()
        written = os.write(self._fd, data[: self._room()])
        self.size += written
        return written

    def skip(self, count: int) -> None:
        """Let bytes pass that can't be kept; the next segment begins after them."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            if self._segments[-1] == self.size:  # never got a byte
                os.unlink(_segment(self._segments.pop()))
        self.size += count

    def sync(self) -> None:
        """Bring the last segment to the disk."""
        if self._fd >= 0:
            os.fsync(self._fd)

    def _room(self) -> int:
        return self._segments[-1] + self._segment_bytes - self.size

    def _begin_segment(self) -> None:
        fd = os.open(_segment(self.size), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = fd
        self._segments.append(self.size)
        while (
            len(self._segments) > 1
            and self.size - self._segments[1] >= self._keep_bytes
        ):
            os.unlink(_segment(self._segments.pop(0)))


class Gaps:
    """The side file of what could not be kept; its room is taken at the start."""

    def __init__(self) -> None:
        self._fd = _with_room("gaps", _GAP_BYTES * _GAP_SLOTS)
        self._slot = -1
        self._begin = 0
        self._open = False

    def widen(self, *, begin: int, end: int, reason: str) -> None:
        """Record that the open gap, or a new one from `begin`, reaches to `end`."""
        if not self._open:
            self._open = True
            if self._slot < _GAP_SLOTS - 1:
                self._slot += 1
                self._begin = begin
            # else: no room left; the last gap is widened over what lies between
        record = _GAP % (self._begin, end, reason)
        os.pwrite(self._fd, record.encode("ascii"), self._slot * _GAP_BYTES)

    def close(self) -> None:
        """End the open gap."""
        self._open = False


def keep(name: str, text: str) -> None:
    """Write a file whole or not at all, in the room that was taken for it, if any."""
    data = text.encode("utf-8", "surrogateescape")
    fd = os.open(f"{name}.room", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if os.pwrite(fd, data, 0) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.ftruncate(fd, len(data))
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(f"{name}.room", name)
    _sync_folder()


def keep_exit(*, status: int, by: int, size: int, error: str = "") -> None:
    """Keep how it ended."""
    text = (
        f"version {PROTOCOL}\nstatus {status}\nsignal {by}\nsize {size}\n"
        f"ended {time.time():.6f}\nerror {' '.join(error.split())[:2000]}\nend\n"
    )
    try:
        keep("exit", text)
    except OSError as problem:  # the folder is gone: nothing to keep it in
        complain(f"no exit status kept: {problem}")


def take_room(name: str) -> None:
    """Make sure that `keep` can write that file once, however full the disk is."""
    os.close(_with_room(f"{name}.room", _ROOM))


def _with_room(name: str, count: int) -> int:
    """Open a new file that has its room on the disk already, filled with newlines."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    if os.write(fd, b"\n" * count) < count:
        os.close(fd)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(fd)
    return fd


def complain(text: str) -> None:
    """Leave a line in the session's `shim.err`."""
    try:
        os.write(2, f"{text}\n".encode("utf-8", "surrogateescape"))
    except OSError:
        pass  # a full disk


def _sync_folder() -> None:
    fd = os.open(".", os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _segment(offset: int) -> str:
    return f"log.{offset:020d}"
