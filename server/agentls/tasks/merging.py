"""Merging as an operation: the agent at rest, a checkpoint, then the one step."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, TargetMoved, Untrusted
from agentls.git.hooks import Hook
from agentls.git.repository import Repository
from agentls.git.signing import signing_of, signs_commits
from agentls.model import CommitId, State, Strategy, Task
from agentls.review import merging
from agentls.review.checks import in_words, refuse_failed
from agentls.review.drafts import Wish
from agentls.review.hooking import Hooks, hooks_of
from agentls.review.previewing import Preview, preview_merge
from agentls.review.updating import check_resolved
from agentls.store.tasks import JournalEntry
from agentls.tasks.operations import Operations, entry
from agentls.tasks.request import check_text
from agentls.tasks.resuming import require_worktree
from agentls.tasks.stacks import refuse_alone, stands_on
from agentls.tasks.starting import Say
from agentls.tasks.states import require_state
from agentls.tasks.trusting import Trusting
from agentls.together import together

__all__ = ["Merged", "Merging"]

_HAS_WORK = (
    *(State.WORKING, State.WAITING, State.CHECKING),
    *(State.REVIEW, State.FAILED, State.INTERRUPTED),
)

_TRIES = 3
"""How often a merge is computed when its target moves meanwhile."""


@attrs.frozen(kw_only=True)
class Merged:
    """What a merge did."""

    task: Task
    commit: CommitId
    checkout: Path | None


class Merging:
    """Merges tasks into their targets."""

    def __init__(self, operations: Operations, *, trusting: Trusting) -> None:
        self._on = operations
        self._trusting = trusting

    async def merge(
        self,
        name: str,
        *,
        message: str | None,
        stop: bool,
        progress: Say,
        strategy: Strategy | None = None,
        force: bool = False,
        sign: bool = True,
        skip_hooks: bool = False,
    ) -> Merged:
        """Merge a task into its target: wholly, or nothing is changed.

        `message` and `strategy` are the config's unless given. Refused while a check
        stands in the way, or the task stands on one that isn't merged, unless `force`
        says otherwise: then its own lines alone go in. `sign` says that commits are
        signed if the user's git is set so; `skip_hooks` that none is run.
        """
        check_text(message or "", what="message")
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            if not force:
                refuse_failed(self._on.book.get(task_id))
                refuse_alone(self._on.book, self._on.book.get(task_id))
            task = self._on.book.get(task_id)
            require_state(task, *_HAS_WORK, to="merge")
            repository = await self._on.repository(task)
            # First, as it may be refused: no agent is stopped for nothing.
            wish = await self.wish(
                repository,
                task,
                message=message,
                strategy=strategy,
                sign=sign,
                skip_hooks=skip_hooks,
            )
            task = await self._on.to_review(task_id, stop=stop, to="merge")
            progress("Saving a checkpoint")
            _, (early, saved) = await together(
                check_resolved(repository, task),
                together(
                    self._plan_early(repository, task, wish),
                    self._on.checkpoints.take(
                        repository, task, reason="Before the merge"
                    ),
                ),
            )
            progress("Merging")
            plan = early.get(saved.commit)
            for again in reversed(range(_TRIES)):
                if plan is None:
                    plan = await merging.plan_merge(
                        repository, task, saved=saved, wish=wish
                    )
                # Up to here the request can be cancelled, and nothing was changed.
                try:
                    return await self._on.background.to_the_end(
                        self._advance(repository, task, plan), name=f"merge {task.id}"
                    )
                except TargetMoved:
                    if not again:
                        raise
                    plan = None
            raise AssertionError

    async def _plan_early(
        self, repository: Repository, task: Task, wish: Wish
    ) -> Mapping[CommitId, merging.MergePlan]:
        """Plan the merge of the last checkpoint, which mostly is the present state.

        Nothing is planned where hooks or a signature would be asked for twice.
        """
        last = await self._on.checkpoints.last(task)
        if wish.hooks or wish.signing or last is None or last.base != task.base.commit:
            return {}
        with contextlib.suppress(AgentlsError):  # said again of what is there now
            plan = await merging.plan_merge(repository, task, saved=last, wish=wish)
            return {last.commit: plan}
        return {}

    async def preview(
        self,
        name: str,
        *,
        message: str | None,
        strategy: Strategy | None,
        skip_hooks: bool = False,
    ) -> tuple[Task, Preview]:
        """Say what a merge of the worktree as it is would do; nothing is changed.

        No hook is run: it says which would be, and whether they are trusted.
        """
        check_text(message or "", what="message")
        task = self._on.book.get(name)
        require_state(task, *_HAS_WORK, to="merge")
        await require_worktree(task, to="merge")
        repository = await self._on.repository(task)
        await check_resolved(repository, task)
        wish = await self.wish(
            repository,
            task,
            message=message,
            strategy=strategy,
            sign=False,
            skip_hooks=True,
        )
        index = self._on.checkpoints.index_of(task)
        found = await preview_merge(repository, task, index=index, wish=wish)
        reasons = [found.why_not, in_words(task.checks)]
        if lower := stands_on(self._on.book, task):
            reasons.append(f"It stands on task {lower}, which isn't merged.")
        if found.message is not None and not skip_hooks:
            try:
                hooks = await self._trusting.hooks(repository, hooks_of(wish.strategy))
                found = attrs.evolve(found, hooks=tuple(hook.name for hook in hooks))
            except Untrusted as error:
                reasons.append(f"{error.message} {error.hint}")
        return task, attrs.evolve(found, why_not=" ".join(filter(None, reasons)))

    async def wish(
        self,
        repository: Repository,
        task: Task,
        *,
        message: str | None,
        strategy: Strategy | None = None,
        sign: bool = True,
        skip_hooks: bool = False,
    ) -> Wish:
        """Say how a merge is wanted: by the config and the user's git, unless told.

        Raises `Untrusted` for a hook, or a program that signs, that nobody decided on.
        """
        config = await self._trusting.config_of_work(repository)
        strategy = strategy or config.merge.strategy
        found: tuple[Hook, ...] = ()
        if not skip_hooks:
            found = await self._trusting.hooks(repository, hooks_of(strategy))
        signs = sign and await signs_commits(repository)
        environ: Mapping[str, str] = {}
        if found or signs:
            environ = await self._on.starter.agency.environment(task, config)
        index = self._on.checkpoints.index_of(task)
        return Wish(
            strategy=strategy,
            template=config.merge.message,
            message=message,
            signing=await signing_of(repository, environ=environ) if signs else None,
            hooks=Hooks(hooks=found, environ=environ, index=index) if found else None,
        )

    async def finish_merge(self, task: Task, noted: JournalEntry) -> None:
        """Finish or undo a merge that was cut off."""
        plan = merging.MergePlan.from_json(noted.data)
        repository = await self._on.repository(task)
        if await merging.heal(repository, plan):
            await self._merged(task, plan)
        else:
            why = "Its merge was interrupted; nothing changed."
            await self._on.book.finish(task.id, why=why)

    async def _advance(
        self, repository: Repository, task: Task, plan: merging.MergePlan
    ) -> Merged:
        """Do the one step of a merge, noted before and kept after."""
        note = entry(task, "merge", step="advance", data=plan.to_json())
        async with self._on.noted(note):
            advanced = await merging.advance(repository, plan)
        task = await self._merged(task, plan)
        return Merged(task=task, commit=plan.new, checkout=advanced.checkout)

    async def _merged(self, task: Task, plan: merging.MergePlan) -> Task:
        return await self._on.book.finish(
            task.id,
            state=State.MERGED,
            why="",
            merged_commit=plan.new,
            merged_from=plan.old,
        )
