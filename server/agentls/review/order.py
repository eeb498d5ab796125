"""The order in which a person should review: what goes quickly and safely first."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from agentls.config import OrderKey
from agentls.model import TaskId

__all__ = ["Candidate", "in_order", "lowers_first", "reasons"]

_UNKNOWN_SIZE = 1 << 62
"""A change that nobody counted comes after all that were."""
_NO_CHANGE = _UNKNOWN_SIZE + 1
"""Where nothing can be merged comes last."""


@attrs.frozen(kw_only=True)
class Candidate:
    """A task that waits for a review, and what is known of it."""

    task: TaskId
    number: int
    """Counts up in the order in which tasks were asked for."""
    passed: bool | None
    """Whether its checks did; None when there are none."""
    conflicts: bool | None
    """Whether it would conflict with its target; None when nobody knows."""
    files: int | None
    """How many it changed, None when nobody counted."""
    lines: int | None
    """Added and deleted together, None when nobody counted."""


def in_order(
    candidates: Iterable[Candidate], *, by: Sequence[OrderKey]
) -> tuple[Candidate, ...]:
    """Give them in the order of review; what is equal by all keys, oldest first."""
    return tuple(
        sorted(
            candidates, key=lambda one: (*(_rank(one, key) for key in by), one.number)
        )
    )


def lowers_first(
    row: Iterable[TaskId], *, on: Mapping[TaskId, TaskId]
) -> tuple[TaskId, ...]:
    """Let each task follow the one that it stands on, else keep the order.

    `on` says which stands on which; what is not in the row is passed over.
    """
    row = tuple(row)
    placed: dict[TaskId, None] = {}
    for task in row:
        stack, below = [task], on.get(task)
        while below is not None and below in row and below not in placed:
            stack.append(below)
            below = on.get(below)
        placed |= dict.fromkeys(reversed(stack))
    return tuple(placed)


def reasons(candidate: Candidate, *, by: Sequence[OrderKey]) -> tuple[str, ...]:
    """Say, in the order of the keys, what put a candidate where it is."""
    said = (_words(candidate, key) for key in by)
    return tuple(words for words in said if words)


def _rank(one: Candidate, key: OrderKey) -> int:
    match key:
        case OrderKey.CHECKS:
            return {True: 0, None: 1, False: 2}[one.passed]
        case OrderKey.CONFLICTS:
            return {False: 0, None: 1, True: 2}[one.conflicts]
        case OrderKey.SIZE if one.files == 0:
            return _NO_CHANGE
        case OrderKey.SIZE:
            return _UNKNOWN_SIZE if one.lines is None else one.lines
        case OrderKey.AGE:
            return one.number


def _words(one: Candidate, key: OrderKey) -> str:
    match key:
        case OrderKey.CHECKS if one.passed is not None:
            return "its checks passed" if one.passed else "its checks failed"
        case OrderKey.CONFLICTS if one.conflicts is not None:
            clean = not one.conflicts
            return "it merges cleanly" if clean else "it conflicts with its target"
        case OrderKey.SIZE if one.lines is not None and one.files is not None:
            if not one.files:
                return "it changes nothing"
            lines = "1 line" if one.lines == 1 else f"{one.lines} lines"
            files = "1 file" if one.files == 1 else f"{one.files} files"
            return f"{lines} in {files}"
        case _:
            return ""
