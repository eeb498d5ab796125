"""Reading a session's log by offset, across its segments and gaps."""

import os
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.sessions.folder import (
    Gap,
    read_exit,
    read_gaps,
    segment_before,
    segment_path,
    segments,
)
from agentls.threads import in_thread

__all__ = ["Chunk", "LogReader", "OutputGone"]

# Linux: read what is in the page cache, and fail where the disk would be waited for.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)


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


class LogReader:
    """Reads one session's log, while it grows and after.

    Keeps the segment it read last open; one reader for one consumer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: _Segment | None = None

    async def read(self, offset: int, *, limit: int) -> Chunk:
        """Give bytes from the offset, at most `limit`; none where the log ends.

        Bytes that could not be kept come as a chunk with a gap, from `offset` to
        the gap's end. Raises `OutputGone` before the first kept byte.
        """
        segment = self._segment
        if segment is not None and segment.start <= offset:
            data = segment.read_cached(offset, limit=limit)
            if data:
                return Chunk(offset=offset, end=offset + len(data), data=data)
        return await in_thread(self._read, offset, limit=limit)

    async def first_offset(self) -> int:
        """Give the offset of the first byte that is kept."""
        return await in_thread(lambda: (segments(self._folder) or (0,))[0])

    async def size(self) -> int:
        """Give the offset behind the last byte, as far as the files tell."""
        return await in_thread(self._size)

    def close(self) -> None:
        """Close the segment; the reader may be used again."""
        self._segment = None

    def _size(self) -> int:
        ended = read_exit(self._folder)
        if ended is not None:
            return ended.size
        starts = segments(self._folder)
        behind = [gap.end for gap in read_gaps(self._folder)]
        if starts:
            path = segment_path(self._folder, offset=starts[-1])
            behind.append(starts[-1] + path.stat().st_size)
        return max(behind, default=0)

    def _read(self, offset: int, *, limit: int) -> Chunk:
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
                    segment = _Segment(segment_path(self._folder, offset=start), start)
                except FileNotFoundError:  # the shim let it go at this moment
                    continue
                self._segment = segment
            data = segment.read(offset, limit=limit)
            if data:
                return Chunk(offset=offset, end=offset + len(data), data=data)
            # Nothing more in this segment. A newer one may have begun since the
            # folder was listed: only a listing that shows none behind it counts.
            if segments(self._folder) == starts:
                return self._beyond(offset, starts)

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
        return None


class _Segment:
    """An open segment; closed with its last reference."""

    def __init__(self, path: Path, start: int) -> None:
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.start = start

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def read(self, offset: int, *, limit: int) -> bytes:
        """Read, waiting for the disk if need be."""
        return os.pread(self._fd, limit, offset - self.start)

    def read_cached(self, offset: int, *, limit: int) -> bytes:
        """Read what is in memory; nothing where the disk would be waited for."""
        if _NOWAIT is None:
            return b""
        buffer = bytearray(limit)
        try:
            count = os.preadv(self._fd, [buffer], offset - self.start, _NOWAIT)
        except OSError:  # not in memory, or a file system that can't tell
            return b""
        return bytes(memoryview(buffer)[:count])
