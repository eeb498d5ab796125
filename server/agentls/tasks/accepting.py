"""Taking or refusing parts of a task's change, which stays in review with the rest.

Hunks that are taken go to the target as one commit, by the same one step as a merge.
Hunks that are refused are put back in the worktree, after a checkpoint.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from agentls.errors import AgentlsError, InvalidParams, InvalidState
from agentls.git.changes import changed_files, changed_paths
from agentls.git.checkouts import own_checkout
from agentls.git.hunks import hunks_of
from agentls.git.repository import Repository
from agentls.git.rewriting import rewrite
from agentls.git.trees import Entry, with_entries
from agentls.model import Checkpoint, CommitId, HunkId, Task, TaskId
from agentls.review import merging
from agentls.review.accepting import Choice, choose, with_kept
from agentls.review.change import select, without_prepared
from agentls.review.checks import refuse_failed
from agentls.review.viewed import find_hunks
from agentls.store.decisions import Decided
from agentls.store.tasks import JournalEntry
from agentls.tasks.deciding import REFUSED, Deciding, Named
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations
from agentls.tasks.request import check_text
from agentls.tasks.starting import Say
from agentls.tasks.updating import Outcome, Updating

__all__ = ["Accepting", "Part", "Refused", "Taken"]

_LOG = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Part:
    """Which part of a change is meant."""

    hunks: tuple[HunkId, ...] = ()
    """Hunks, looked for in the files that are named or in all."""
    paths: tuple[bytes, ...] = ()
    """Without hunks: all hunks of these files or folders."""


@attrs.frozen(kw_only=True)
class Taken:
    """What the target got."""

    task: Task
    commit: CommitId
    checkout: Path | None
    taken: int
    """Hunks."""
    left: int
    """Hunks that the change has besides."""
    updated: bool
    """The target was brought into the worktree with it, so that what was taken is no
    part of the change any more; else it is shown as taken."""


@attrs.frozen(kw_only=True)
class Refused:
    """What was put back."""

    task: Task
    refused: int
    left: int
    checkpoint: Checkpoint
    """The worktree as it was before."""


@attrs.frozen(kw_only=True)
class _Chosen:
    choice: Choice
    left: int


class Accepting:
    """Takes and refuses hunks."""

    def __init__(
        self,
        operations: Operations,
        *,
        deciding: Deciding,
        merging: Merging,
        updating: Updating,
    ) -> None:
        self._on = operations
        self._updating = updating
        self._deciding = deciding
        self._merging = merging

    async def take(
        self,
        name: str,
        part: Part,
        *,
        message: str | None,
        stop: bool,
        progress: Say,
        force: bool = False,
    ) -> Taken:
        """Merge a part of a task's change into its target: wholly, or nothing.

        The whole change is merged as a merge does it, and the task is `merged` then.
        Refused while a check stands in the way, unless `force` says otherwise.
        """
        check_text(message or "", what="message")
        _check(part)
        task_id = self._on.book.get(name).id
        taken: Taken | None = None
        async with self._on.lock(task_id):
            if not force:
                refuse_failed(self._on.book.get(task_id))
            task, repository, saved = await self._at_rest(
                task_id, stop=stop, to="taken", progress=progress
            )
            chosen = await self._choose(repository, task, saved, part, refused=False)
            if chosen.left:
                progress("Merging")
                choice = chosen.choice
                plan = await merging.plan_part(
                    repository,
                    task,
                    tree=await with_kept(
                        repository, task.base.commit, choice, kept=choice.chosen
                    ),
                    wish=await self._merging.wish(repository, task, message=message),
                )
                taken = await self._on.background.to_the_end(
                    self._advance(repository, task, chosen, plan),
                    name=f"take hunks of {task.id}",
                )
        if taken is not None:
            return await self._bring_in(taken, progress=progress)
        merged = await self._merging.merge(
            task_id, message=message, stop=stop, progress=progress, force=force
        )
        return Taken(
            task=merged.task,
            commit=merged.commit,
            checkout=merged.checkout,
            taken=len(chosen.choice.picked),
            left=0,
            updated=False,
        )

    async def refuse(
        self, name: str, part: Part, *, stop: bool, progress: Say
    ) -> Refused:
        """Put a part of a task's change back in its worktree, as the base has it.

        The state before is kept as a checkpoint. Raises `DirtyCheckout` when a
        file is changed at that moment and `InvalidState` when something is in the way;
        nothing is written then.
        """
        _check(part)
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task, repository, saved = await self._at_rest(
                task_id, stop=stop, to="refused", progress=progress
            )
            chosen = await self._choose(repository, task, saved, part, refused=True)
            progress("Putting back")
            new = await with_kept(
                repository, saved.tree, chosen.choice, kept=chosen.choice.others
            )
            return await self._on.background.to_the_end(
                self._put_back(repository, task, chosen, saved=saved, new=new),
                name=f"refuse hunks of {task.id}",
            )

    async def finish_take(self, task: Task, entry: JournalEntry) -> None:
        """Finish or undo a part's merge that was cut off."""
        plan = merging.MergePlan.from_json(entry.data["plan"])
        if await merging.heal(await self._on.repository(task), plan):
            await self._deciding.keep(
                task.id, _named(entry.data["hunks"]), Decided.TAKEN
            )
            await self._on.book.finish(task.id)
        else:
            why = "Taking hunks was interrupted; nothing changed."
            await self._on.book.finish(task.id, quietly=True, why=why)

    async def finish_refuse(self, task: Task, entry: JournalEntry) -> None:
        """Finish putting hunks back; whatever stands in the files is kept first."""
        repository = await self._on.repository(task)
        now = await self._on.checkpoints.take(
            repository, task, reason="While hunks were refused"
        )
        wanted = {
            file.path: Entry(mode=file.new_mode, blob=file.new_blob)
            if file.new_mode
            else None
            for file in await changed_paths(
                repository, entry.data["old"], entry.data["new"]
            )
        }
        new = await with_entries(repository, now.tree, wanted)
        await self._write(repository, task, old=now.tree, new=new)
        await self._refused(repository, task, _named(entry.data["hunks"]))

    async def _at_rest(
        self, task_id: TaskId, *, stop: bool, to: str, progress: Say
    ) -> tuple[Task, Repository, Checkpoint]:
        task = await self._on.to_review(task_id, stop=stop, to=f"be {to}")
        repository = await self._on.repository(task)
        progress("Saving a checkpoint")
        saved = await self._deciding.save(
            repository, task, reason=f"Before hunks were {to}"
        )
        return self._on.book.get(task_id), repository, saved

    async def _choose(
        self,
        repository: Repository,
        task: Task,
        saved: Checkpoint,
        part: Part,
        *,
        refused: bool,
    ) -> _Chosen:
        base = task.base.commit
        tree = await without_prepared(repository, task, saved.tree, base=base)
        files = await changed_files(repository, base, tree)
        of = await hunks_of(repository, files)
        named = {file.path: of[file.path] for file in select(files, part.paths)}
        wanted = frozenset(part.hunks)
        if not part.hunks:
            wanted = frozenset(hunk.id for hunks in named.values() for hunk in hunks)
        _, gone = find_hunks(named, wanted)
        if gone or not wanted:
            what = f"{len(gone)} of these hunks are" if gone else "These files are"
            raise InvalidState(
                f"{what} no part of task {task.id}'s change any more."
                " Nothing was changed.",
                hint="Look at the change again: it was edited since.",
            )
        choice = choose(files, of, wanted, refused=refused)
        count = sum(map(len, of.values()))
        return _Chosen(choice=choice, left=count - len(choice.picked))

    async def _advance(
        self,
        repository: Repository,
        task: Task,
        chosen: _Chosen,
        plan: merging.MergePlan,
    ) -> Taken:
        """Do the one step, noted before and kept after."""
        picked = tuple(_names(chosen.choice))
        note = {"plan": plan.to_json(), "hunks": _told(picked)}
        await self._on.book.note(_entry(task, "take", note))
        try:
            advanced = await merging.advance(repository, plan)
        except AgentlsError:
            await self._on.book.end_note(task.id)
            raise
        await self._deciding.keep(task.id, picked, Decided.TAKEN)
        task = await self._on.book.finish(task.id)
        return Taken(
            task=task,
            commit=plan.new,
            checkout=advanced.checkout,
            taken=len(picked),
            left=chosen.left,
            updated=False,
        )

    async def _bring_in(self, taken: Taken, *, progress: Say) -> Taken:
        """Bring the target into the worktree, where that goes without a conflict."""
        try:
            updated = await self._updating.update(
                taken.task.id, resolve=None, stop=False, progress=progress
            )
        except AgentlsError as error:
            _LOG.info("no update after hunks were taken: %s", error.message)
            return attrs.evolve(taken, task=self._on.book.get(taken.task.id))
        done = updated.outcome is Outcome.UPDATED
        return attrs.evolve(taken, task=updated.task, updated=done)

    async def _put_back(
        self,
        repository: Repository,
        task: Task,
        chosen: _Chosen,
        *,
        saved: Checkpoint,
        new: str,
    ) -> Refused:
        picked = tuple(_names(chosen.choice))
        note = {"old": saved.tree, "new": new, "hunks": _told(picked)}
        await self._on.book.note(_entry(task, "refuse", note))
        try:
            await self._write(repository, task, old=saved.tree, new=new)
        except AgentlsError:  # git looks at all files before it writes the first
            await self._on.book.end_note(task.id)
            raise
        task = await self._refused(repository, task, picked)
        return Refused(
            task=task, refused=len(picked), left=chosen.left, checkpoint=saved
        )

    async def _write(
        self, repository: Repository, task: Task, *, old: str, new: str
    ) -> None:
        await rewrite(
            repository,
            await own_checkout(repository, task.worktree),
            index=self._on.checkpoints.index_of(task),
            old=old,
            new=new,
        )

    async def _refused(
        self, repository: Repository, task: Task, hunks: Iterable[Named]
    ) -> Task:
        await self._on.checkpoints.take(repository, task, reason=REFUSED)
        await self._deciding.keep(task.id, hunks, Decided.REFUSED)
        return await self._on.book.finish(task.id)


def _check(part: Part) -> None:
    if not part.hunks and not part.paths:
        raise InvalidParams(
            "It isn't said which hunks or files are meant.",
            hint="Give `hunks` or `paths`; all of it is a merge, or a discard.",
        )


def _entry(task: Task, operation: str, data: Mapping[str, Any]) -> JournalEntry:
    return JournalEntry(task=task.id, operation=operation, step="write", data=data)


def _names(choice: Choice) -> Iterable[Named]:
    return ((hunk.id, hunk.path) for hunk in choice.picked)


def _told(hunks: Collection[Named]) -> list[tuple[str, str]]:
    """Write hunks as the journal keeps them."""
    return [(hunk, path.hex()) for hunk, path in hunks]


def _named(told: Iterable[tuple[str, str]]) -> tuple[Named, ...]:
    return tuple((HunkId(hunk), bytes.fromhex(path)) for hunk, path in told)
