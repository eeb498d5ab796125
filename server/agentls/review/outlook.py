"""What is to be expected of two sides that come together: clean, or where not."""

import enum
from collections.abc import Iterator, Mapping, Sequence

import attrs

from agentls.git.patches import Block
from agentls.model import Lines, TaskId

__all__ = [
    "CLEAN",
    "UNKNOWN",
    "ConflictFile",
    "Outcome",
    "Outlook",
    "TaskForecast",
    "meet",
    "meeting_lines",
    "turned",
]


class Outcome(enum.StrEnum):
    """How two sides would go together."""

    CLEAN = "clean"
    CONFLICTS = "conflicts"
    UNKNOWN = "unknown"
    """A merge driver decides, or git lacks objects."""


@attrs.frozen(kw_only=True)
class ConflictFile:
    """A file that two sides changed in ways that don't go together."""

    path: bytes
    lines: tuple[Lines, ...] = ()
    """Where, in this side's file; empty where it isn't a matter of lines."""
    their_lines: tuple[Lines, ...] = ()
    """The same in the other side's file."""


@attrs.frozen(kw_only=True)
class Outlook:
    """What is to be expected of one side against another."""

    outcome: Outcome
    files: tuple[ConflictFile, ...] = ()
    """Those in conflict; for `unknown` those that nobody can tell of, if known."""


CLEAN = Outlook(outcome=Outcome.CLEAN)
UNKNOWN = Outlook(outcome=Outcome.UNKNOWN)


@attrs.frozen(kw_only=True)
class TaskForecast:
    """What is to be expected of one task."""

    task: TaskId
    target: Outlook
    """Against the branch that it merges into, as that stands now."""
    user: Outlook
    """Against what is uncommitted in the user's checkout."""
    in_the_way: tuple[bytes, ...] = ()
    """Files with uncommitted changes that keep the target's checkout from a merge."""
    tasks: Mapping[TaskId, Outlook] = attrs.field(factory=dict[TaskId, Outlook])
    """Against other open tasks with the same target; those that are clean left out."""


def turned(outlook: Outlook) -> Outlook:
    """Give the same as the other side sees it."""
    return attrs.evolve(
        outlook,
        files=tuple(
            attrs.evolve(file, lines=file.their_lines, their_lines=file.lines)
            for file in outlook.files
        ),
    )


def meet(ours: Sequence[Block], theirs: Sequence[Block]) -> bool:
    """Tell whether any edits of the two overlap or touch: else git merges them."""
    return next(_meetings(ours, theirs), None) is not None


def meeting_lines(
    ours: Sequence[Block], theirs: Sequence[Block]
) -> tuple[tuple[Lines, ...], tuple[Lines, ...]]:
    """Give the new lines of the edits that meet, of each side; not of equal edits."""
    met = [
        (one, other)
        for one, other in _meetings(ours, theirs)
        if (one.old_range, one.added) != (other.old_range, other.added)
    ]
    return (
        tuple(dict.fromkeys(_new_lines(one) for one, _ in met)),
        tuple(dict.fromkeys(_new_lines(other) for _, other in met)),
    )


def _meetings(
    ours: Sequence[Block], theirs: Sequence[Block]
) -> Iterator[tuple[Block, Block]]:
    """Go through both, which are in the order of their lines, side by side."""
    first = 0
    for one in ours:
        start, end = one.old_range
        while first < len(theirs) and theirs[first].old_range[1] < start:
            first += 1
        for other in theirs[first:]:
            if end < other.old_range[0]:
                break
            yield one, other


def _new_lines(edit: Block) -> Lines:
    first = max(1, edit.new_start)
    return Lines(first=first, last=max(first, edit.new_start + edit.new_lines - 1))
