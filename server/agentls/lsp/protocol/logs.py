"""Searching what sessions have written."""

import attrs

__all__ = [
    "LogHit",
    "SearchLogsParams",
    "SearchLogsResult",
    "Span",
]


@attrs.frozen(kw_only=True)
class SearchLogsParams:
    """What to look for in the output of sessions."""

    pattern: str
    """A regular expression, as Python's `re` takes it, matched line by line."""
    fixed: bool = False
    """The pattern is text and no expression."""
    ignore_case: bool = False
    tasks: tuple[str, ...] | None = None
    """The tasks whose sessions are meant; all if absent."""
    limit: int = 200
    """Hits in one answer, 1 to 1000."""
    more: str | None = None
    """The `more` of the answer before, to go on behind it."""


@attrs.frozen(kw_only=True)
class Span:
    """A part of a text, in UTF-16 code units."""

    begin: int
    end: int


@attrs.frozen(kw_only=True)
class LogHit:
    """A line of a session's output that matches."""

    task: str
    session: str
    offset: int
    """The byte of the log at which it begins."""
    line: int
    """Counted from 1, among the lines that are kept."""
    text: str
    """Without escape sequences; of a very long line the part with the first match."""
    spans: tuple[Span, ...]
    """Where it matches."""


@attrs.frozen(kw_only=True)
class SearchLogsResult:
    """One page of what was found, the newest session first."""

    hits: tuple[LogHit, ...]
    more: str | None = None
    """Give it with the next request, where there is more."""
