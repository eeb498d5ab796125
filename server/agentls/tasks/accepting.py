"""Taking parts of a task's change, which stays in review with the rest.

They go to the target as one commit, by the same one step as a merge; then the target
is brought into the worktree, so that the change holds only what is left.
"""

import logging
from collections.abc import Collection
from pathlib import Path

import attrs

from agentls.errors import AgentlsError
from agentls.git.repository import Repository
from agentls.model import CommitId, State, Strategy, Task, TaskId
from agentls.review import merging
from agentls.review.accepting import with_kept
from agentls.review.checks import refuse_failed
from agentls.review.updating import check_resolved
from agentls.store.decisions import Decided
from agentls.store.tasks import JournalEntry
from agentls.tasks import parts
from agentls.tasks.deciding import Deciding, Named
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations, entry
from agentls.tasks.parts import ChosenPart, Part, choose_part
from agentls.tasks.request import check_text
from agentls.tasks.stacks import refuse_alone
from agentls.tasks.starting import Say
from agentls.tasks.updating import Outcome, Updating

__all__ = ["Accepting", "Taken"]

_LOG = logging.getLogger(__name__)


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


class Accepting:
    """Takes hunks into tasks' targets."""

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
        sign: bool = True,
        skip_hooks: bool = False,
    ) -> Taken:
        """Merge a part of a task's change into its target: wholly, or nothing.

        The whole change is merged as a merge does it, and the task is `merged` then; so
        it is with the last part, where all others were taken before.
        Refused while a check stands in the way, unless `force` says otherwise; `sign`
        and `skip_hooks` are as for a merge.
        """
        check_text(message or "", what="message")
        part.check()
        task_id = self._on.book.get(name).id
        taken: Taken | None = None
        async with self._on.lock(task_id):
            if not force:
                refuse_failed(self._on.book.get(task_id))
                refuse_alone(self._on.book, self._on.book.get(task_id))
            # First, as it may be refused: no agent is stopped for nothing.
            task = self._on.book.get(task_id)
            wish = await self._merging.wish(
                await self._on.repository(task),
                task,
                message=message,
                strategy=Strategy.SQUASH,
                sign=sign,
                skip_hooks=skip_hooks,
            )
            task, repository, saved = await parts.save(
                *(self._on, self._deciding, task_id),
                stop=stop,
                to="taken",
                progress=progress,
            )
            await check_resolved(repository, task)
            chosen = await choose_part(repository, task, saved, part, refused=False)
            if chosen.rest:
                progress("Merging")
                choice = chosen.choice
                left = await self._left(task_id, chosen)
                plan = await merging.plan_part(
                    repository,
                    task,
                    tree=await with_kept(
                        repository, task.base.commit, choice, kept=choice.chosen
                    ),
                    wish=attrs.evolve(wish, tick=not left),
                )
                taken = await self._on.background.to_the_end(
                    self._advance(repository, task, chosen, plan, left=left),
                    name=f"take hunks of {task.id}",
                )
        if taken is not None and taken.left:
            return await self._bring_in(taken, progress=progress)
        if taken is not None:
            return taken
        merged = await self._merging.merge(
            task_id,
            message=message,
            stop=stop,
            progress=progress,
            force=force,
            sign=sign,
            skip_hooks=skip_hooks,
        )
        return Taken(
            task=merged.task,
            commit=merged.commit,
            checkout=merged.checkout,
            taken=len(chosen.names),
            left=0,
            updated=False,
        )

    async def finish_take(self, task: Task, noted: JournalEntry) -> None:
        """Finish or undo a part's merge that was cut off."""
        plan = merging.MergePlan.from_json(noted.data["plan"])
        if await merging.heal(await self._on.repository(task), plan):
            hunks = parts.from_journal(noted.data["hunks"])
            await self._taken(task, hunks, plan, left=noted.data.get("left", 1))
        else:
            why = "Taking hunks was interrupted; nothing changed."
            await self._on.book.finish(task.id, quietly=True, why=why)

    async def _advance(
        self,
        repository: Repository,
        task: Task,
        chosen: ChosenPart,
        plan: merging.MergePlan,
        *,
        left: int,
    ) -> Taken:
        """Do the one step, noted before and kept after."""
        hunks = parts.to_journal(chosen.names)
        data = {"plan": plan.to_json(), "hunks": hunks, "left": left}
        async with self._on.noted(entry(task, "take", step="advance", data=data)):
            advanced = await merging.advance(repository, plan)
        return Taken(
            task=await self._taken(task, chosen.names, plan, left=left),
            commit=plan.new,
            checkout=advanced.checkout,
            taken=len(chosen.names),
            left=left,
            updated=False,
        )

    async def _taken(
        self,
        task: Task,
        hunks: Collection[Named],
        plan: merging.MergePlan,
        *,
        left: int,
    ) -> Task:
        """Keep that hunks are in the target; with none left, the task is merged."""
        await self._deciding.keep(task.id, hunks, Decided.TAKEN)
        if left:
            return await self._on.book.finish(task.id)
        return await self._on.book.finish(
            task.id,
            state=State.MERGED,
            why="",
            merged_commit=plan.new,
            merged_from=plan.old,
        )

    async def _left(self, task: TaskId, chosen: ChosenPart) -> int:
        """Count the hunks that are in the target neither with this part nor before."""
        decided = await self._deciding.decided(task)
        before = {one.hunk for one in decided if one.decided is Decided.TAKEN}
        return sum(hunk not in before for hunk in chosen.rest)

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
