"""A part of a task's change that is to be taken or refused, chosen at rest."""

from collections.abc import Collection, Iterable

import attrs

from agentls.errors import InvalidParams, InvalidState
from agentls.git.changes import changed_files
from agentls.git.hunks import hunks_of
from agentls.git.repository import Repository
from agentls.git.wording import shown
from agentls.model import Checkpoint, HunkId, Task, TaskId
from agentls.review.accepting import Choice, check_separable, choose
from agentls.review.change import select, without_prepared
from agentls.review.viewed import find_hunks
from agentls.tasks.deciding import Deciding, Named
from agentls.tasks.operations import Operations
from agentls.tasks.starting import Say

__all__ = ["ChosenPart", "Part", "choose_part", "from_journal", "save", "to_journal"]


@attrs.frozen(kw_only=True)
class Part:
    """Which part of a change is meant."""

    hunks: tuple[HunkId, ...] = ()
    """Hunks, looked for in the files that are named or in all."""
    paths: tuple[bytes, ...] = ()
    """Without hunks: all hunks of these files or folders."""

    def check(self) -> None:
        """Raise `InvalidParams` if it isn't said what is meant."""
        if not self.hunks and not self.paths:
            raise InvalidParams(
                "It isn't said which hunks or files are meant.",
                hint="Give `hunks` or `paths`; all of it is a merge, or a discard.",
            )


@attrs.frozen(kw_only=True)
class ChosenPart:
    """A part of the change as it is at a checkpoint."""

    choice: Choice
    rest: tuple[HunkId, ...]
    """The hunks that the change has besides."""

    @property
    def names(self) -> tuple[Named, ...]:
        """The chosen hunks, in the change's order."""
        return tuple((hunk.id, hunk.path) for hunk in self.choice.picked)


async def save(
    on: Operations,
    deciding: Deciding,
    task_id: TaskId,
    *,
    stop: bool,
    to: str,
    progress: Say,
) -> tuple[Task, Repository, Checkpoint]:
    """Bring a task to rest and take a checkpoint; the caller holds its lock.

    `to` says what is to become of hunks: taken, refused.
    """
    task = await on.to_review(task_id, stop=stop, to=f"be {to}")
    repository = await on.repository(task)
    progress("Saving a checkpoint")
    saved = await deciding.save(repository, task, reason=f"Before hunks were {to}")
    return on.book.get(task_id), repository, saved


async def choose_part(
    repository: Repository,
    task: Task,
    saved: Checkpoint,
    part: Part,
    *,
    refused: bool,
) -> ChosenPart:
    """Find a part in a task's change as it was saved; `refused`: to be put back.

    Raises `InvalidState` when a hunk, or all that was named, isn't in it, and for one
    that can't be decided on without another.
    """
    base = task.base.commit
    tree = await without_prepared(repository, task, saved.tree, base=base)
    files = await changed_files(repository, base, tree)
    of = await hunks_of(repository, files)
    named = {file.path: of[file.path] for file in select(files, part.paths)}
    wanted = frozenset(part.hunks)
    if not part.hunks:
        wanted = frozenset(hunk.id for hunks in named.values() for hunk in hunks)
    _, gone = find_hunks(named, wanted)
    if gone:
        raise InvalidState(
            f"{len(gone)} of these hunks are no part of task {task.id}'s change any"
            " more. Nothing was changed.",
            hint="Look at the change again: it was edited since.",
        )
    if not wanted:
        raise InvalidState(
            f"Task {task.id} has no change in {', '.join(map(shown, part.paths))}."
            " Nothing was done.",
            hint=f"`agentls diff --stat {task.id}` lists the files of its change.",
        )
    choice = choose(files, of, wanted, refused=refused)
    check_separable(files, of, choice, refused=refused)
    picked = {(hunk.id, hunk.path) for hunk in choice.picked}
    rest = (
        hunk.id
        for hunks in of.values()
        for hunk in hunks
        if (hunk.id, hunk.path) not in picked
    )
    return ChosenPart(choice=choice, rest=tuple(rest))


def to_journal(hunks: Collection[Named]) -> list[tuple[str, str]]:
    """Write hunks as the journal keeps them."""
    return [(hunk, path.hex()) for hunk, path in hunks]


def from_journal(noted: Iterable[tuple[str, str]]) -> tuple[Named, ...]:
    """Read what `to_journal` wrote."""
    return tuple((HunkId(hunk), bytes.fromhex(path)) for hunk, path in noted)
