"""Taking a merge back as an operation: noted before, and to the end."""

from agentls.errors import InvalidState
from agentls.git.repository import Repository
from agentls.model import BaseKind, State, Task
from agentls.review import merging, undoing
from agentls.review.merging import MergePlan
from agentls.store.tasks import JournalEntry
from agentls.tasks.discarding import Discarding
from agentls.tasks.merging import Merged
from agentls.tasks.operations import Operations, entry
from agentls.tasks.starting import Say
from agentls.tasks.states import require_state
from agentls.threads import in_thread

__all__ = ["Undoing"]


class Undoing:
    """Takes merges back."""

    def __init__(self, operations: Operations, *, discarding: Discarding) -> None:
        self._on = operations
        self._discarding = discarding

    async def undo(self, name: str, *, progress: Say) -> Merged:
        """Bring a merged task's target back to where it stood; the task to review.

        The answer's commit is where the target stands then. Raises `TargetMoved`
        naming what came after the merge, `DirtyCheckout` for files in the way;
        nothing is changed then. A worktree that was cleared away is made again first.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, State.MERGED, to="undo")
            repository = await self._on.repository(task)
            plan = await undoing.plan_undo(repository, task)
            if not await in_thread(task.worktree.exists):
                _check_ours(task)
                progress("Making its worktree again")
                await self._on.background.to_the_end(
                    self._discarding.bring_back(task), name=f"bring back {task.id}"
                )
            progress("Undoing the merge")
            # What was merged stays reachable when the target lets it go.
            await self._on.checkpoints.take(
                repository,
                task,
                reason="Before the merge was undone",
                also=(plan.old,),
            )
            return await self._on.background.to_the_end(
                self._retreat(repository, task, plan), name=f"undo {task.id}"
            )

    async def finish_undo(self, task: Task, noted: JournalEntry) -> None:
        """Finish or undo an undo that was cut off."""
        plan = MergePlan.from_json(noted.data)
        repository = await self._on.repository(task)
        if await merging.heal(repository, plan):
            await self._undone(task)
        else:
            why = "The undo of its merge was interrupted; nothing changed."
            await self._on.book.finish(task.id, why=why)

    async def _retreat(
        self, repository: Repository, task: Task, plan: MergePlan
    ) -> Merged:
        """Do the one step of an undo, noted before and kept after."""
        note = entry(task, "undo", step="retreat", data=plan.to_json())
        async with self._on.noted(note):
            moved = await undoing.retreat(repository, plan)
        task = await self._undone(task)
        return Merged(task=task, commit=plan.new, checkout=moved.checkout)

    async def _undone(self, task: Task) -> Task:
        return await self._on.book.finish(
            task.id,
            quietly=True,
            state=State.REVIEW,
            why="Its merge was undone.",
            merged_commit=None,
            merged_from=None,
        )


def _check_ours(task: Task) -> None:
    """Refuse to make a worktree again that is its owner's."""
    if task.base.kind is BaseKind.ADOPTED:
        raise InvalidState(
            f"The worktree of task {task.id} was removed by its owner, so it can't"
            " come back to review. Nothing was changed.",
            hint=f"git revert {(task.merged_commit or '')[:12]} takes the work back.",
        )
