"""Where a hunk comes from: the turn and prompt that made it, and what was checked."""

import attrs

from agentls.errors import InvalidState
from agentls.git.changes import ChangedFile, changed_files
from agentls.git.hunks import Hunk, hunks_of
from agentls.git.repository import Repository
from agentls.model import Checkpoint, CommitId, HunkId, Task, Turn
from agentls.review.change import read_present, select, without_prepared
from agentls.review.viewed import find_hunks
from agentls.store.checks import CheckRun, load_runs
from agentls.store.database import Database
from agentls.tasks.operations import Operations

__all__ = ["Origin", "Origins"]


@attrs.frozen(kw_only=True)
class Origin:
    """Where one hunk of a task's change comes from."""

    hunk: Hunk
    checkpoint: Checkpoint | None
    """The first that holds it, of those that held it without a break until now; None
    if it is newer than all."""
    turn: Turn | None
    """The turn in which, or after which, it was made; None before the first."""
    by_person: bool
    """It came when no turn was under way: a person made it, or what they started."""
    checks: tuple[CheckRun, ...]
    """The last run of each check on a state that holds it."""


class Origins:
    """Finds where hunks come from."""

    def __init__(self, operations: Operations, *, database: Database) -> None:
        self._on = operations
        self._database = database

    async def find(
        self, name: str, wanted: HunkId, *, paths: tuple[bytes, ...]
    ) -> tuple[Task, Origin]:
        """Find where a hunk of the change comes from; `paths` tell where to look.

        Raises `InvalidState` for a hunk that isn't in the change any more.
        """
        task = self._on.book.get(name)
        repository = await self._on.repository(task)
        file, hunk = await self._hunk(repository, task, wanted, paths=paths)
        holding: list[Checkpoint] = []
        for saved in reversed(await self._on.checkpoints.list(task)):
            if not await _holds(repository, task, saved, file, wanted):
                break
            holding.append(saved)
        first = holding[-1] if holding else None
        turns = {turn.number: turn for turn in await self._on.starter.turns.list(task)}
        number = first.turn if first else max(turns, default=None)
        turn = turns.get(number) if number is not None else None
        return task, Origin(
            hunk=hunk,
            checkpoint=first,
            turn=turn,
            by_person=_is_between_turns(first, turn),
            checks=await self._checks(task, {saved.commit for saved in holding}),
        )

    async def _hunk(
        self,
        repository: Repository,
        task: Task,
        wanted: HunkId,
        *,
        paths: tuple[bytes, ...],
    ) -> tuple[ChangedFile, Hunk]:
        present = await read_present(repository, task, checkpoints=self._on.checkpoints)
        files = await changed_files(repository, task.base.commit, present.tree)
        of = await hunks_of(repository, select(files, paths))
        found, gone = find_hunks(of, {wanted})
        if gone:
            raise InvalidState(
                f"The hunk {wanted} is no part of task {task.id}'s change any more.",
                hint="Look at the change again: it was edited since.",
            )
        (hunk,) = found
        return next(file for file in files if file.path == hunk.path), hunk

    async def _checks(self, task: Task, commits: set[CommitId]) -> tuple[CheckRun, ...]:
        runs = await self._database.read(lambda db: load_runs(db, task.id))
        last = {run.name: run for run in runs if run.checkpoint in commits}
        return tuple(last.values())


async def _holds(
    repository: Repository,
    task: Task,
    saved: Checkpoint,
    file: ChangedFile,
    wanted: HunkId,
) -> bool:
    """Tell whether the change had the hunk then, against the base of that time."""
    tree = await without_prepared(repository, task, saved.tree, base=saved.base)
    files = await changed_files(
        repository, saved.base, tree, paths={file.path, file.old_path}
    )
    of = await hunks_of(repository, (one for one in files if one.path == file.path))
    return any(hunk.id == wanted for hunks in of.values() for hunk in hunks)


def _is_between_turns(first: Checkpoint | None, turn: Turn | None) -> bool:
    if turn is None:
        return True
    return turn.ended is not None and (first is None or first.taken > turn.ended)
