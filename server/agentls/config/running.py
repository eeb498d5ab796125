# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""The keys about what runs in a worktree beside its agent."""

import enum
import re
from typing import Any

import attrs

from agentls.config.shapes import Choice, Flag, Number, Text, TextList, key

__all__ = [
    "PORTS_EACH_MAX",
    "Cache",
    "PlainCopy",
    "PortRange",
    "Ports",
    "Script",
    "refuse_glob",
]

_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")
_PORT_LEAST, _PORT_MOST = 1024, 65535

PORTS_EACH_MAX = 100
"""Ports that a task can have."""


def refuse_glob(pattern: str) -> str | None:
    """Say why a glob can't name files of a repository; nothing where it can."""
    if pattern.startswith(("/", "~")):
        return f"{pattern!r} is absolute; name files inside the repository"
    parts = pattern.split("/")
    if ".." in parts:
        return f"{pattern!r} leads outside of the repository"
    if ".git" in parts:
        return f"{pattern!r} names git's own folder"
    if any("**" in part and part != "**" for part in parts):
        return f"in {pattern!r}, ** must be a whole folder name"
    if not any(part not in {"", "."} for part in parts):
        return f"{pattern!r} names no file"
    return None


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


class PlainCopy(enum.StrEnum):
    """Whether files are copied whole where their blocks can't be shared."""

    AUTO = "auto"
    """Where it takes less time than the setup did."""

    ALWAYS = "always"
    NEVER = "never"


@attrs.frozen(kw_only=True)
class Cache:
    """What a setup makes, kept for the tasks that come."""

    paths: tuple[str, ...] = key(
        TextList(each=Text(refuse=refuse_glob), or_one=True, least=1),
        required=True,
        about="What setup makes and is kept, such as node_modules: globs.",
    )
    keys: tuple[str, ...] = key(
        TextList(each=Text(refuse=refuse_glob), or_one=True, least=1),
        required=True,
        about="The files whose content decides whether it still fits: globs.",
    )
    skip_setup: bool = key(
        Flag(), default=False, about="Whether setup isn't run where it was kept."
    )
    plain_copy: PlainCopy = key(
        Choice(tuple(PlainCopy), convert=PlainCopy),
        default=PlainCopy.AUTO,
        about="Whether files are copied whole where the file system can't share them.",
    )
    link: bool = key(
        Flag(),
        default=False,
        about="Hard links in place of copies: what writes into a file then changes it"
        " in every worktree.",
    )
