"""Reading a session's log by offset, beside the event loop."""

from pathlib import Path

from agentls.sessions.segments import Chunk, LogFiles, OutputGone
from agentls.threads import in_thread

__all__ = ["Chunk", "LogReader", "OutputGone"]


class LogReader:
    """Reads one session's log, while it grows and after.

    Keeps the segment it read last open; one reader for one consumer.
    """

    def __init__(self, folder: Path) -> None:
        self._files = LogFiles(folder)

    async def read(self, offset: int, *, limit: int) -> Chunk:
        """Give bytes from the offset, at most `limit`; none where the log ends.

        Bytes that could not be kept come as a chunk with a gap, from `offset` to
        the gap's end. Raises `OutputGone` before the first kept byte.
        """
        if data := self._files.read_cached(offset, limit=limit):
            return Chunk(offset=offset, end=offset + len(data), data=data)
        return await in_thread(self._files.read, offset, limit=limit)

    def read_open(self, offset: int, *, limit: int) -> bytes:
        """Read what the segment that is open has there; for use in a thread."""
        return self._files.read_open(offset, limit=limit)

    async def first_offset(self) -> int:
        """Give the offset of the first byte that is kept."""
        return await in_thread(self._files.first_offset)

    async def size(self) -> int:
        """Give the offset behind the last byte, as far as the files tell."""
        return await in_thread(self._files.size)

    def close(self) -> None:
        """Close the segment; the reader may be used again."""
        self._files.close()
