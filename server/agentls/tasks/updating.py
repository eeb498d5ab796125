"""Update: the target merged into a task's worktree, with its agent at rest.

The state before is a checkpoint, and what a crash cuts off goes back to it. Conflicts
change nothing, unless somebody is named who resolves them: then they stand in the
worktree until the next update finds them resolved, or aborts.
"""

import enum

import attrs

from agentls.errors import AgentlsError, Conflict, DirtyCheckout, InvalidState
from agentls.git import rewriting
from agentls.git.checkouts import Checkout, own_checkout
from agentls.git.conflicts import mark_unmerged, with_labels
from agentls.git.merging import Conflicted
from agentls.git.obstacles import find_in_the_way
from agentls.git.repository import Repository
from agentls.git.wording import named, shown
from agentls.model import (
    Checkpoint,
    CommitId,
    Resolve,
    State,
    Task,
    TurnSource,
)
from agentls.review import stacking, updating
from agentls.review.updating import Source, UpdatePlan
from agentls.store.database import Database
from agentls.store.tasks import JournalEntry
from agentls.store.updates import OpenUpdate
from agentls.tasks.open_updates import OpenUpdates, back
from agentls.tasks.operations import Operations
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.rewinding import Rewinding
from agentls.tasks.stacks import below, stands_on
from agentls.tasks.starting import Say
from agentls.threads import in_thread
from agentls.trust import SCRIPT_AGENT

__all__ = ["Outcome", "Updated", "Updating"]

_ASKED = """\
{target} was merged into your work, and these files conflict:

{files}

Resolve the conflict markers in them so that what both sides meant is kept, and run \
the checks that there are. Then `git add` each of these files. Don't commit, and don't \
abort the merge.
"""


class Outcome(enum.StrEnum):
    """What became of an update."""

    UPDATED = "updated"
    CURRENT = "current"
    """There was nothing to bring in."""

    CONFLICTS = "conflicts"
    """They stand in the worktree."""

    ABORTED = "aborted"


@attrs.frozen(kw_only=True)
class Updated:
    """What an update did."""

    task: Task
    outcome: Outcome
    source: str
    """What comes in by an update: the target's name, or `task k2m3`."""
    conflicts: tuple[bytes, ...] = ()


class Updating:
    """Brings targets into tasks' worktrees."""

    def __init__(
        self,
        operations: Operations,
        *,
        database: Database,
        tasks: Orchestrator,
        rewinding: Rewinding,
    ) -> None:
        self._on = operations
        self._tasks = tasks
        self._open = OpenUpdates(operations, database=database, rewinding=rewinding)

    async def update(
        self, name: str, *, resolve: Resolve | None, stop: bool, progress: Say
    ) -> Updated:
        """Merge the target into a task's worktree; end an update that is resolved.

        Of a task that stands on another, what that one has now, or was merged into.
        Raises `Conflict` naming the files, and changes nothing, unless `resolve` says
        who resolves them; `DirtyCheckout` where a file that git ignores is in the way.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            if resolve is Resolve.AGENT and task.agent == SCRIPT_AGENT:
                raise InvalidState(
                    f"Task {task.id} runs a shell script, which resolves no conflicts.",
                    hint=f"agentls update --resolve editor {task.id}",
                )
            task = await self._on.to_review(task_id, stop=stop, to="update")
            repository = await self._on.repository(task)
            checkout = await own_checkout(repository, task.worktree)
            rewriting.check_free(checkout)
            opened = await self._open.of(task)
            if opened is None:
                await in_thread(rewriting.check_no_merge, checkout)
            await updating.check_resolved(repository, task)
            if opened is not None:
                task = await self._on.background.to_the_end(
                    self._open.conclude(repository, task, opened),
                    name=f"conclude {task.id}",
                )
            progress("Saving a checkpoint")
            before = await self._on.checkpoints.take(
                repository, task, reason="Before the update"
            )
            progress("Merging")
            source = await self._source(repository, task)
            if source is None:
                outcome = Outcome.UPDATED if opened else Outcome.CURRENT
                return self._without_news(task, outcome)
            plan = await updating.plan_update(repository, task, before, source=source)
            updated = await self._on.background.to_the_end(
                self._bring_in(repository, task, before, plan, resolve=resolve),
                name=f"update {task.id}",
            )
        if updated.conflicts and resolve is Resolve.AGENT:
            return await self._ask(updated)
        return updated

    async def _source(self, repository: Repository, task: Task) -> Source | None:
        """Give what an update brings in: what the task stands on, else its target.

        None if the task has that already.
        """
        lower = below(self._on.book, task)
        if lower is not None and lower.merged_commit is not None:
            return await stacking.source_of_merged(repository, task, lower=lower)
        if lower is not None and lower.state is not State.DISCARDED:
            saved = await self._on.checkpoints.last(lower)
            if saved is None:
                return None
            return await stacking.source_on(repository, task, lower=lower, saved=saved)
        return await updating.read_source(repository, task)

    def _without_news(self, task: Task, outcome: Outcome) -> Updated:
        """Give what an update came to that brought in nothing new."""
        lower = stands_on(self._on.book, task)
        return Updated(
            task=self._on.book.get(task.id),
            outcome=outcome,
            source=f"task {lower}" if lower else task.target,
        )

    async def abort(self, name: str, *, stop: bool) -> Updated:
        """Bring a task's worktree back to what it was before its open update."""
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            opened = await self._open.of(task)
            if opened is None:
                raise InvalidState(
                    f"Task {task.id} has no update that waits to be resolved:"
                    " nothing there to abort.",
                    hint=f"`agentls rewind {task.id} N` goes back to a checkpoint;"
                    f" `agentls checkpoints {task.id}` lists them.",
                )
            task = await self._on.to_review(task_id, stop=stop, to="abort")
            repository = await self._on.repository(task)
            rewriting.check_free(await own_checkout(repository, task.worktree))
            task = await self._on.background.to_the_end(
                self._open.abort(repository, task, opened), name=f"abort {task.id}"
            )
            return self._without_news(task, Outcome.ABORTED)

    async def finish_update(self, task: Task, noted: JournalEntry) -> None:
        """Undo an update that was cut off, or finish what ended one."""
        repository = await self._on.repository(task)
        checkout = await own_checkout(repository, task.worktree)
        rewriting.clear_locks(checkout)
        if noted.step == "head":
            await self._open.end(
                repository,
                task,
                branch=noted.data["branch"],
                head=CommitId(noted.data["head"]),
            )
            return
        await self._open.go_back(
            repository, task, noted.data["before"], why=noted.data["why"]
        )

    async def _bring_in(
        self,
        repository: Repository,
        task: Task,
        before: Checkpoint,
        plan: UpdatePlan,
        *,
        resolve: Resolve | None,
    ) -> Updated:
        merged = plan.merged
        if isinstance(merged, Conflicted) and resolve is None:
            raise Conflict(
                f"Task {task.id} conflicts with {plan.source.name} in"
                f" {named(merged.files)}. Nothing was changed.",
                hint=f"`agentls update --resolve editor {task.id}` leaves the conflicts"
                " in its worktree for you, `--resolve agent` for its agent.",
            )
        after = attrs.evolve(
            task,
            base=plan.base,
            prepared=plan.prepared,
        )
        checkout = await own_checkout(repository, task.worktree)
        tree, head = merged.tree, None
        if isinstance(merged, Conflicted):
            labels = {plan.ours: task.branch, plan.source.theirs: plan.source.name}
            tree = await with_labels(repository, merged, labels=labels)
        else:
            head = await updating.next_head(
                repository,
                after,
                head=before.head or task.base.commit,
                source=plan.source,
                tree=tree,
            )
        await self._check_room(repository, checkout, old=before.tree, new=tree)
        await in_thread(rewriting.keep_index, checkout, self._open.index_before(before))
        why = "Its update was interrupted; nothing changed."
        async with self._on.noted(back(task, before=before.number, why=why)):
            await rewriting.write_files(
                repository,
                checkout,
                index=self._on.checkpoints.index_of(task),
                old=before.tree,
                new=tree,
            )
        try:
            if isinstance(merged, Conflicted):
                await self._leave(repository, checkout, before, plan, merged, tree=tree)
                said = (
                    f"Conflicts with {plan.source.name} in {named(merged.files)}:"
                    " resolve them in its worktree, then update it again."
                )
            else:
                assert head is not None  # noqa: S101 - set where there is no conflict
                await rewriting.move_head(
                    repository, checkout, branch=before.branch, commit=head
                )
                said = f"Updated to {plan.source.name}."
            task = await self._on.book.finish(
                task.id,
                quietly=True,
                base=after.base,
                prepared=after.prepared,
                why=said,
            )
        except AgentlsError:
            await self._open.go_back(repository, task, before.number, why=why)
            raise
        await self._on.checkpoints.take(
            repository, task, reason="Updated", also=plan.commits
        )
        if not isinstance(merged, Conflicted):
            await in_thread(rewriting.forget_index, self._open.index_before(before))
            return Updated(
                task=self._on.book.get(task.id),
                outcome=Outcome.UPDATED,
                source=plan.source.name,
            )
        return Updated(
            task=self._on.book.get(task.id),
            outcome=Outcome.CONFLICTS,
            source=plan.source.name,
            conflicts=merged.files,
        )

    async def _leave(
        self,
        repository: Repository,
        checkout: Checkout,
        before: Checkpoint,
        plan: UpdatePlan,
        conflicted: Conflicted,
        *,
        tree: str,
    ) -> None:
        """Leave conflicts to be resolved; what is uncommitted and clean stays so."""
        task = self._on.book.get(before.task)
        head = before.head or task.base.commit
        staged = await updating.index_beside(
            repository,
            head=head,
            theirs=plan.source.theirs,
            conflicted=conflicted,
            tree=tree,
        )
        opened = OpenUpdate(
            task=task.id, checkpoint=before.number, target=plan.source.commit
        )
        await self._open.open(opened)
        await mark_unmerged(
            repository,
            checkout,
            tree=staged,
            conflicted=conflicted,
            theirs=plan.source.commit,
            message=updating.merge_line(task, plan.source),
        )

    async def _ask(self, updated: Updated) -> Updated:
        """Tell the agent what to resolve."""
        names = (shown(path) for path in updated.conflicts)
        prompt = _ASKED.format(
            target=updated.source, files="\n".join(f"- {name}" for name in names)
        )
        task = await self._tasks.send_prompt(
            updated.task.id, prompt, source=TurnSource.UPDATE
        )
        return attrs.evolve(updated, task=task)

    async def _check_room(
        self, repository: Repository, checkout: Checkout, *, old: str, new: str
    ) -> None:
        await rewriting.check_no_submodules(repository, old=old, new=new)
        found = await find_in_the_way(repository, checkout, old=old, new=new)
        if found:
            raise DirtyCheckout(
                f"In {checkout.path} files that git ignores or can't store are in the"
                f" way: {named(found)}. Nothing was changed.",
                hint="Move them away, then update again.",
            )
