"""What a session wrote, as text: for a person, or to be read for what it says."""

from pathlib import Path

from agentls.sessions.escapes import PlainText
from agentls.sessions.segments import LogFiles

__all__ = ["last_text"]

_PIECE = 1 << 16


def last_text(folder: Path, *, size: int) -> str:
    """Give the last bytes of a session's log, as text without escape sequences.

    Each drawing of a line that was drawn over is a line of its own.
    """
    log = LogFiles(folder)
    plain = PlainText()
    try:
        offset = max(log.first_offset(), log.size() - size)
        pieces: list[bytes] = []
        while True:
            chunk = log.read(offset, limit=_PIECE)
            if chunk.end == offset:
                break
            pieces.append(plain.feed(chunk.data))
            offset = chunk.end
        pieces.append(plain.end())
    finally:
        log.close()
    return b"".join(pieces).decode("utf-8", "replace")
