"""Where agents leave what they did: their conversation, last words, what they used.

In what they print, in a file of theirs, or in events. Pure: texts come in.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import attrs

from agentls.agents.status import at_path, written
from agentls.config.shapes import (
    Choice,
    Fault,
    Flag,
    Record,
    RecordList,
    Text,
    TextList,
    TextTable,
    key,
)
from agentls.model import Usage

__all__ = ["REPORTS", "Report", "Told", "check_reports", "entries_of", "told_by"]

_NUMBER = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s*([kKmM]?)")
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}


def _refuse_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern, re.MULTILINE)
    except re.error as error:
        return f"is no regular expression: {error}"
    return None


def _paths() -> TextList:
    return TextList(or_one=True)


@attrs.frozen(kw_only=True)
class Report:
    """A place where an agent leaves facts; values are named by dotted paths.

    With `format` text, `match` finds an entry and its named groups are the values.
    """

    source: Literal["event", "output", "file"] = key(
        Choice(("event", "output", "file")),
        required=True,
        about="Its events, what it printed, or a file of its own.",
    )
    file: str | None = key(
        Text(),
        about="The file's path, or a pattern (*): the newest. {home}, {private},"
        " {worktree}, {session_id}, {event.PATH} are put in.",
    )
    format: Literal["json", "jsonl", "text"] = key(
        Choice(("json", "jsonl", "text")), default="jsonl", about="What stands there."
    )
    match: str = key(
        Text(refuse=_refuse_pattern, empty=True),
        default="",
        about="With `text`: a regular expression that finds an entry.",
    )
    when: Mapping[str, str] = key(
        TextTable(),
        default=attrs.Factory(dict[str, str]),
        about="Values that an entry has, by their paths; others are passed over.",
    )
    once: str | None = key(
        Text(), about="What names an entry; of several with one name the last counts."
    )
    total: bool = key(
        Flag(),
        default=False,
        about="Each entry has the sum of all so far; else they are added up.",
    )
    session: str | None = key(Text(), about="The agent's id of the conversation.")
    message: str | None = key(Text(), about="What the agent said last.")
    input: tuple[str, ...] = key(
        _paths(), default=(), about="Tokens that the model read, the cached ones too."
    )
    output: tuple[str, ...] = key(
        _paths(), default=(), about="Tokens that the model wrote."
    )
    cached: tuple[str, ...] = key(
        _paths(), default=(), about="Tokens read from a cache, among those of `input`."
    )
    cost: str | None = key(Text(), about="US dollars, where the agent tells.")


REPORTS = RecordList(Record(Report))
"""The key `reports` of a definition."""


@attrs.frozen(kw_only=True)
class Told:
    """What one report tells."""

    session: str | None = None
    message: str | None = None
    usage: Usage | None = None


def check_reports(reports: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Give what is wrong with reports whose single keys are right."""
    for place, report in enumerate(reports):
        at = ("reports", place)
        if (report["source"] == "file") != ("file" in report):
            yield Fault(at=at, message="has `file` where, and only where, it's a file")
        if (report.get("format") == "text") != bool(report.get("match")):
            yield Fault(at=at, message="has `match` where, and only where, it's text")


def entries_of(report: Report, text: str) -> tuple[Mapping[str, Any], ...]:
    """Read the entries of a text; what isn't one is passed over."""
    return tuple(_entries(report, text))


def told_by(report: Report, entries: Sequence[Mapping[str, Any]]) -> Told:
    """Say what a report's entries tell together."""
    counting: dict[object, Mapping[str, Any]] = {}
    for place, entry in enumerate(entries):
        if all(written(at_path(entry, at)) == text for at, text in report.when.items()):
            name = report.once and written(at_path(entry, report.once))
            counting[name or place] = entry
    counted = list(counting.values())
    used = [usage for one in counted if (usage := _usage(report, one))]
    return Told(
        session=_last(counted, report.session),
        message=_last(counted, report.message),
        usage=(used[-1] if report.total else sum(used, Usage())) if used else None,
    )


def _entries(report: Report, text: str) -> Iterator[Mapping[str, Any]]:
    if report.format == "text":
        for found in re.finditer(report.match, text, re.MULTILINE):
            yield found.groupdict(default="")
        return
    for piece in text.split("\n") if report.format == "jsonl" else (text,):
        begin = piece.find("{")  # what a shell or a terminal printed before it
        try:
            found: Any = json.loads(piece[begin:]) if begin >= 0 else None
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield cast("dict[str, Any]", found)


def _usage(report: Report, entry: Mapping[str, Any]) -> Usage | None:
    found = [
        [number for at in paths if (number := _number(at_path(entry, at))) is not None]
        for paths in (report.input, report.output, report.cached)
    ]
    cost = _number(at_path(entry, report.cost)) if report.cost else None
    if not any(found) and cost is None:
        return None
    read, wrote, cached = (round(sum(numbers)) for numbers in found)
    return Usage(input=read, output=wrote, cached=cached, cost=cost)


def _last(entries: Sequence[Mapping[str, Any]], path: str | None) -> str | None:
    for entry in reversed(entries) if path else ():
        if text := written(at_path(entry, path or "")):
            return text
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < float("inf") else None
    if isinstance(value, str) and (found := _NUMBER.search(value)):
        return float(found[1].replace(",", "")) * _TIMES[found[2].lower()]
    return None
