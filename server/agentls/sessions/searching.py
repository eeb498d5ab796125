"""Searching sessions' logs for text, as a person read it on the terminal.

Escape sequences are left out before matching, so that a word is found whose letters
have several colours. What was drawn over a line (a progress bar) is part of that
line; where the cursor went elsewhere, another piece of text begins. Logs are read
piece by piece: the memory needed doesn't grow with them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.sessions.escapes import SEQUENCE
from agentls.sessions.folder import session_folders
from agentls.sessions.segments import LogFiles, OutputGone

__all__ = ["Hit", "Matcher", "search", "search_session"]

_PIECE = 1 << 20
_TEXT_MAX = 1000
"""Characters of a line that are given with a hit; the rest is cut."""

_GO_LOOK = 1 << 16
_DISTINCT_MAX = 1000

_RIGHT = re.compile(rb"\x1b\[[0-9]*C")
_GO = re.compile(rb"\x1b(?:\[[0-9;]*[ABEFGHdf]|\[\?(?:1049|1047|47)[hl]|[DEM8])")
"""What takes the cursor elsewhere."""

_BOUNDARY = re.compile(rb"\r+|" + _GO.pattern)
_BACK = re.compile(rb"(?:[\x20-\x7f]|[\xc0-\xff][\x80-\xbf]*)\x08")
_BACKS_MAX = 200
_NOT_TEXT = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_SEES_ITS_SURROUNDINGS = re.compile(r"\(\?(?:[=!]|<[=!])|\\[ABZ]")


@attrs.frozen(kw_only=True)
class Hit:
    """A line of a session's output in which the pattern was found."""

    session: str
    offset: int
    """Where in the log the piece of text begins."""
    end: int
    """Where a search goes on behind it."""
    line: int
    """Counts the log's kept lines from 1."""
    next_line: int
    """The line of `end`."""
    text: str
    spans: tuple[tuple[int, int], ...]
    """Where the pattern matches in the text."""


class Matcher:
    """What is looked for."""

    def __init__(self, pattern: str, *, fixed: bool, ignore_case: bool) -> None:
        flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
        try:
            self._pattern = re.compile(re.escape(pattern) if fixed else pattern, flags)
        except (re.error, RecursionError, OverflowError) as error:
            raise InvalidParams(
                f"{pattern!r} is no regular expression: {error}.",
                hint="To look for the text as it is, search for a fixed string.",
            ) from error
        self._in_blocks = fixed or not _SEES_ITS_SURROUNDINGS.search(pattern)

    def may_be_in(self, block: str) -> bool:
        """Tell whether a line of these can hold it; True where that isn't sure."""
        return not self._in_blocks or self._pattern.search(block) is not None

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Give where it is in one line."""
        return tuple(found.span() for found in self._pattern.finditer(text))


def search(
    sessions: Path,
    matcher: Matcher,
    *,
    tasks: frozenset[str] | None = None,
    after: tuple[str, int, int] | None = None,
) -> Iterator[Hit | None]:
    """Search the logs of all sessions, or those of the tasks; the newest first.

    Gives None after each piece without a hit, so that the caller can do something
    else. `after` is the session, the offset and the line at which to go on.
    """
    folders = [
        folder
        for folder in session_folders(sessions)
        if tasks is None or folder.name.rpartition("-")[0] in tasks
    ]
    offset, line = 0, 1
    if after is not None:
        names = [folder.name for folder in folders]
        if after[0] not in names:
            raise InvalidParams(
                f"Session {after[0]} is not there any more.",
                hint="Begin the search anew.",
            )
        folders = folders[names.index(after[0]) :]
        _, offset, line = after
    for folder in folders:
        yield from search_session(folder, matcher, offset=offset, line=line)
        offset, line = 0, 1


def search_session(
    folder: Path, matcher: Matcher, *, offset: int = 0, line: int = 1
) -> Iterator[Hit | None]:
    """Search one session's log from an offset on, at which that line begins."""
    log = LogFiles(folder)
    try:
        for begin, block in _blocks(log, offset):
            text = _plain(block)
            found = False
            if matcher.may_be_in(text.replace("\r", "\n")):
                for hit in _hits(folder.name, block, begin, line, matcher):
                    found = True
                    yield hit
            if not found:
                yield None
            line += block.count(b"\n")
    finally:
        log.close()


def _blocks(log: LogFiles, offset: int) -> Iterator[tuple[int, bytes]]:
    """Give the log in blocks of whole lines, as far as lines are shorter than one."""
    begin, rest = offset, b""
    position = offset
    while True:
        try:
            chunk = log.read(position, limit=_PIECE)
        except OutputGone as gone:
            begin = position = gone.first
            rest = b""
            continue
        if chunk.end == position:
            break
        if chunk.gap is not None:
            if rest:
                yield begin, rest
            begin, rest = chunk.end, b""
        else:
            rest += chunk.data
            if len(rest) >= _PIECE:
                count = _whole(rest)
                yield begin, rest[:count]
                begin, rest = begin + count, rest[count:]
        position = chunk.end
    if rest:
        yield begin, rest


def _whole(data: bytes) -> int:
    """Give how many bytes end with a line, or else where a text ends."""
    if (count := data.rfind(b"\n") + 1) or (count := data.rfind(b"\r") + 1):
        return count
    look = max(0, len(data) - _GO_LOOK)
    last = 0
    for found in _GO.finditer(data, look):
        last = found.start()
    if last > 0:
        return last
    escape = data.rfind(b"\x1b")
    return escape if escape > 0 else len(data)


def _plain(data: bytes) -> str:
    """Leave the text; a carriage return stands where the cursor went elsewhere."""
    if b"\x1b" in data:
        newlines = data.count(b"\n")
        text = SEQUENCE.sub(b"", _RIGHT.sub(b" ", _GO.sub(b"\r", data)))
        if text.count(b"\n") != newlines:  # within a sequence: lines must stay lines
            text = SEQUENCE.sub(lambda found: b"\n" * found[0].count(b"\n"), data)
        data = text
    data = data.replace(b"\r\n", b"\n")
    if b"\x08" in data:
        for _ in range(_BACKS_MAX):
            data, count = _BACK.subn(b"", data)
            if not count:
                break
    return data.translate(None, _NOT_TEXT).decode("utf-8", "replace")


def _hits(
    session: str, block: bytes, begin: int, number: int, matcher: Matcher
) -> Iterator[Hit]:
    offset = begin
    for count, line in enumerate(block.split(b"\n")):
        behind = min(offset + len(line) + 1, begin + len(block))
        ended = behind > offset + len(line)
        found: dict[str, Hit] = {}
        moved = False
        for start, piece, goes in _pieces(line):
            moved = moved or goes
            text = _plain(piece).replace("\n", " ")
            spans = matcher.spans(text)
            if spans and text not in found and len(found) < _DISTINCT_MAX:
                shown, places = _cut(text, spans)
                found[text] = Hit(
                    session=session,
                    offset=offset + start,
                    end=offset + start + len(piece) if moved else behind,
                    line=number + count,
                    next_line=number + count + (ended and not moved),
                    text=shown,
                    spans=places,
                )
        if found and not moved:  # drawn over and over: the last is what remained
            yield list(found.values())[-1]
        else:
            yield from found.values()
        offset = behind


def _pieces(line: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Cut a line where the cursor went elsewhere; tell whether it left the line."""
    at = 0
    goes = False
    for boundary in _BOUNDARY.finditer(line):
        if boundary.start() > at:
            yield at, line[at : boundary.start()], goes
        at = boundary.end()
        goes = goes or boundary[0][:1] != b"\r"
    if at < len(line):
        yield at, line[at:], goes
    elif not line:
        yield 0, b"", False


def _cut(
    text: str, spans: tuple[tuple[int, int], ...]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Keep the part of a long line that holds the first match."""
    if len(text) <= _TEXT_MAX:
        return text, spans
    start = max(0, spans[0][0] - _TEXT_MAX // 4)
    end = start + _TEXT_MAX
    kept = tuple((a - start, min(b, end) - start) for a, b in spans if a < end)
    return text[start:end], kept
