"""Which lines of a file that the user has open are changed by open tasks too."""

import enum
from collections.abc import Sequence

import attrs

from agentls.git.changes import ChangedFile, Status
from agentls.git.pairs import line_edits, store_blob
from agentls.git.patches import Block
from agentls.git.repository import Repository
from agentls.model import Lines, TaskId
from agentls.review.forecast import Forecaster
from agentls.review.sides import Side
from agentls.review.trials import Trials, keeping, throwaway

__all__ = ["Touch", "TouchKind", "touches"]


class TouchKind(enum.StrEnum):
    """What a task does there."""

    CHANGES = "changes"
    """It changes lines that the user left as they were."""
    CLASHES = "clashes"
    """It changes lines that the user changed too."""
    DELETES = "deletes"
    """It deletes or renames the file."""
    ADDS = "adds"
    """It adds a file of that name."""


@attrs.frozen(kw_only=True)
class Touch:
    """Lines of the user's file that a task changes."""

    task: TaskId
    kind: TouchKind
    lines: Lines


async def touches(
    forecaster: Forecaster, repository: Repository, path: bytes, content: bytes
) -> tuple[Touch, ...]:
    """Give what open tasks do to a file, in the lines of `content`, in their order."""
    sides = forecaster.touching(path)
    if not sides:
        return ()
    edited = {
        side.subject.task: side.its.files[path]
        for side in sides
        if side.its.files[path].status is Status.MODIFIED
    }
    trials = Trials(
        repository=repository, kept=forecaster.objects, edits=forecaster.edits
    )
    await trials.read_edits([(one.old_blob, one.new_blob) for one in edited.values()])
    mine = await _own_edits(forecaster, repository, tuple(edited.values()), content)
    found: list[Touch] = []
    for side in sides:
        found += _of_one(side, path, forecaster=forecaster, mine=mine)
    return tuple(sorted(found, key=lambda one: (one.lines.first, one.task)))


async def _own_edits(
    forecaster: Forecaster,
    repository: Repository,
    files: Sequence[ChangedFile],
    content: bytes,
) -> dict[str, tuple[Block, ...] | None]:
    """Give what leads from each task's base to the user's text, by the base's blob."""
    bases = tuple(dict.fromkeys(file.old_blob for file in files))
    if not bases:
        return {}
    async with throwaway() as objects:
        at = await keeping(repository, objects, also=forecaster.objects)
        blob = await store_blob(content, at=at)
        pairs = [(base, blob) for base in bases]
        # An editor's text may have other line ends than what git stores.
        edits = await line_edits(pairs, at=at, line_ends=False)
    return dict(zip(bases, edits, strict=True))


def _of_one(
    side: Side,
    path: bytes,
    *,
    forecaster: Forecaster,
    mine: dict[str, tuple[Block, ...] | None],
) -> list[Touch]:
    file, task = side.its.files[path], side.subject.task
    top = Lines(first=1, last=1)
    if file.status is Status.DELETED:
        return [Touch(task=task, kind=TouchKind.DELETES, lines=top)]
    if file.status is Status.ADDED:
        return [Touch(task=task, kind=TouchKind.ADDS, lines=top)]
    theirs = forecaster.edits.get((file.old_blob, file.new_blob))
    own = mine.get(file.old_blob)
    if theirs is None or own is None:  # no text, or its type changed
        return [Touch(task=task, kind=TouchKind.CHANGES, lines=top)]
    return [touch for edit in theirs if (touch := _touch(task, edit, own))]


def _touch(task: TaskId, edit: Block, own: Sequence[Block]) -> Touch | None:
    """Place a task's edit in the user's text; None if the user made the same one."""
    start, end = edit.old_range
    shift = 0
    met: list[Block] = []
    for one in own:
        first, last = one.old_range
        if last < start:
            shift += one.new_lines - one.old_lines
        elif first <= end:
            met.append(one)
    if not met:
        first = max(1, start + shift + (1 if end > start else 0))
        lines = Lines(first=first, last=max(first, end + shift))
        return Touch(task=task, kind=TouchKind.CHANGES, lines=lines)
    if [(one.old_range, one.added) for one in met] == [(edit.old_range, edit.added)]:
        return None
    first = max(1, min(one.new_start for one in met))
    last = max(one.new_start + max(one.new_lines, 1) - 1 for one in met)
    return Touch(
        task=task,
        kind=TouchKind.CLASHES,
        lines=Lines(first=first, last=max(first, last)),
    )
