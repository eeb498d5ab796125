# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""The keys about what runs in a worktree beside its agent."""

import re
from typing import Any

import attrs

from agentls.config.shapes import Number, Text, TextList, key

__all__ = ["PORTS_EACH_MAX", "PortRange", "Ports", "Script"]

_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")
_PORT_LEAST, _PORT_MOST = 1024, 65535

PORTS_EACH_MAX = 100
"""Ports that a task can have."""


@attrs.frozen(kw_only=True)
class PortRange:
    """Ports from the first to the last, both in it."""

    first: int
    last: int


def _refuse_range(text: str) -> str | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return f"{text!r} is no range of ports; write it as '20000-31999'"
    first, last = int(found[1]), int(found[2])
    if not _PORT_LEAST <= first <= last <= _PORT_MOST:
        return f"{text!r} doesn't lie between {_PORT_LEAST} and {_PORT_MOST}"
    if last - first + 1 < PORTS_EACH_MAX:
        return f"{text!r} has fewer than {PORTS_EACH_MAX} ports"
    return None


@attrs.frozen(kw_only=True)
class _RangeText(Text):
    """A range of ports as text."""

    def build(self, value: str) -> Any:
        """Give its two ends."""
        first, _, last = value.partition("-")
        return PortRange(first=int(first), last=int(last))


@attrs.frozen(kw_only=True)
class Ports:
    """Which ports tasks are given."""

    each: int = key(
        Number(least=1, most=PORTS_EACH_MAX, whole=True),
        default=10,
        about="How many ports a task is given.",
    )
    range: PortRange = key(
        _RangeText(refuse=_refuse_range),
        # Below what systems give out by themselves.
        default=PortRange(first=20000, last=31999),
        about="From which ports tasks are given theirs.",
    )


@attrs.frozen(kw_only=True)
class Script:
    """What a person has run in a worktree, such as a server to look at."""

    run: tuple[str, ...] = key(
        TextList(or_one=True, least=1),
        required=True,
        about="Shell commands, run in the worktree until one fails.",
    )
