"""Reading a session's log from its files, by offset: segments, packed ones, gaps.

Blocking, and without an event loop: the command line reads logs by this when there
is no daemon. The daemon's way to it is `log.py`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.sessions.folder import (
    Gap,
    packed_path,
    read_exit,
    read_gaps,
    segment_before,
    segment_path,
    segments,
)
from agentls.sessions.packed import Packed

__all__ = ["Chunk", "LogFiles", "OutputGone", "last_lines"]

# Linux: read what is in the page cache, and fail where the disk would be waited for.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)

_STEP = 1 << 16
_OLD = "old"
"""Why output isn't there that was let go."""


class OutputGone(InvalidParams):
    """The log begins later than what was asked for: older output was let go."""

    def __init__(self, *, offset: int, first: int) -> None:
        super().__init__(
            f"The output before byte {first} isn't kept any more; byte {offset} was"
            " asked for.",
            hint=f"Read from byte {first} on.",
        )
        self.first = first


@attrs.frozen(kw_only=True)
class Chunk:
    """Some of the log: bytes, or a gap without any."""

    offset: int
    end: int
    data: bytes
    gap: Gap | None = None


class LogFiles:
    """Reads one session's log, while it grows and after.

    Keeps the segment it read last open; one reader for one consumer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: _Segment | None = None

    def read(self, offset: int, *, limit: int) -> Chunk:
        """Give bytes from the offset, at most `limit`; none where the log ends.

        Bytes that could not be kept come as a chunk with a gap, from `offset` to
        the gap's end. Raises `OutputGone` before the first kept byte.
        """
        while True:
            starts = segments(self._folder)
            start = segment_before(starts, offset=offset)
            if start is None:
                chunk = self._beyond(offset, starts)
                if chunk.gap is None and starts:
                    raise OutputGone(offset=offset, first=starts[0])
                return chunk
            segment = self._segment
            if segment is None or segment.start != start:
                try:
                    segment = _open(self._folder, start)
                except FileNotFoundError:  # let go, or packed, at this moment
                    continue
                self._segment = segment
            data = segment.read(offset, limit=limit)
            if data:
                return Chunk(offset=offset, end=offset + len(data), data=data)
            # Nothing more in this segment. A newer one may have begun since the
            # folder was listed: only a listing that shows none behind it counts.
            if segments(self._folder) == starts:
                return self._beyond(offset, starts)

    def read_cached(self, offset: int, *, limit: int) -> bytes:
        """Read what is in memory; nothing where the disk would be waited for."""
        segment = self._segment
        if segment is None or segment.start > offset:
            return b""
        return segment.read_cached(offset, limit=limit)

    def read_open(self, offset: int, *, limit: int) -> bytes:
        """Read from the segment that is open; nothing where there is no more of it."""
        segment = self._segment
        if segment is None or segment.start > offset:
            return b""
        return segment.read(offset, limit=limit)

    def first_offset(self) -> int:
        """Give the offset of the first byte that is kept."""
        return (segments(self._folder) or (0,))[0]

    def size(self) -> int:
        """Give the offset behind the last byte, as far as the files tell."""
        ended = read_exit(self._folder)
        if ended is not None:
            return ended.size
        starts = segments(self._folder)
        behind = [gap.end for gap in read_gaps(self._folder)]
        if starts:
            behind.append(_open(self._folder, starts[-1]).end)
        return max(behind, default=0)

    def close(self) -> None:
        """Close the segment; the reader may be used again."""
        self._segment = None

    def _beyond(self, offset: int, starts: tuple[int, ...]) -> Chunk:
        """Give the gap at the offset, or the log's end."""
        gap = self._gap_at(offset, starts)
        if gap is None:
            return Chunk(offset=offset, end=offset, data=b"")
        return Chunk(offset=offset, end=gap.end, data=b"", gap=gap)

    def _gap_at(self, offset: int, starts: tuple[int, ...]) -> Gap | None:
        following = next((start for start in starts if start > offset), None)
        for gap in read_gaps(self._folder):
            if gap.begin <= offset < gap.end:
                end = gap.end if following is None else min(gap.end, following)
                return attrs.evolve(gap, end=end)
        if following is not None and starts[0] <= offset:
            # No record, yet bytes are missing: a machine that went down.
            return Gap(begin=offset, end=following, reason="lost")
        ended = read_exit(self._folder) if not starts else None
        if ended is not None and offset < ended.size:  # the whole log was let go
            return Gap(begin=offset, end=ended.size, reason=_OLD)
        return None


def last_lines(folder: Path, *, count: int) -> int:
    """Give the offset at which the last lines of a log begin."""
    log = LogFiles(folder)
    first, at = log.first_offset(), log.size()
    end = at
    wanted = count + 1  # the last line's own end begins none
    while at > first and wanted > 0:
        begin = max(first, at - _STEP)
        data = _between(log, begin, at)
        if at == end and not data.endswith(b"\n"):
            wanted -= 1
        begin = at - len(data)
        for newline in _newlines(data):
            wanted -= 1
            if wanted == 0:
                return begin + newline + 1
        at = begin if data else max(first, at - _STEP)
    return first if count else end


def _newlines(data: bytes) -> Iterator[int]:
    at = len(data)
    while (at := data.rfind(b"\n", 0, at)) >= 0:
        yield at


def _between(log: LogFiles, begin: int, end: int) -> bytes:
    """Read what is there; a gap's bytes are missing from the front."""
    data = b""
    while begin < end:
        chunk = log.read(begin, limit=end - begin)
        if chunk.end == begin:
            break
        data = b"" if chunk.gap else data + chunk.data
        begin = chunk.end
    return data


class _Segment:
    """An open segment; closed with its last reference."""

    def __init__(self, path: Path, start: int, *, packed: bool) -> None:
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.start = start
        self._packed = Packed(self._fd) if packed else None

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        if self._packed is not None:
            return self.start + self._packed.size
        return self.start + os.fstat(self._fd).st_size

    def read(self, offset: int, *, limit: int) -> bytes:
        """Read, waiting for the disk if need be."""
        if self._packed is not None:
            return self._packed.read(offset - self.start, limit=limit)
        return os.pread(self._fd, limit, offset - self.start)

    def read_cached(self, offset: int, *, limit: int) -> bytes:
        """Read what is in memory; nothing where the disk would be waited for."""
        if _NOWAIT is None or self._packed is not None:
            return b""
        buffer = bytearray(limit)
        try:
            count = os.preadv(self._fd, [buffer], offset - self.start, _NOWAIT)
        except OSError:  # not in memory, or a file system that can't tell
            return b""
        return bytes(memoryview(buffer)[:count])


def _open(folder: Path, start: int) -> _Segment:
    # The plain one first: it goes only when the packed one is whole and in place.
    try:
        return _Segment(segment_path(folder, offset=start), start, packed=False)
    except FileNotFoundError:
        return _Segment(packed_path(folder, offset=start), start, packed=True)
