"""Discard and restore as operations: noted step by step, and to the end."""

import attrs

from agentls.errors import AgentlsError, InvalidState
from agentls.model import BaseKind, State, Task, TaskId
from agentls.review import discarding
from agentls.store.tasks import JournalEntry
from agentls.tasks.operations import Operations, entry
from agentls.tasks.ports import PortBlocks
from agentls.tasks.states import require_state
from agentls.tasks.tearing_down import TearingDown
from agentls.tasks.trash import Trash
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["Discarding"]

_S = State
_MAKE_AGAIN = "make again"


class Discarding:
    """Puts tasks out of sight, and brings them back."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        ports: PortBlocks,
        tearing_down: TearingDown,
    ) -> None:
        self._on = operations
        self._tearing_down = tearing_down
        self._trusting = trusting
        self._ports = ports
        self._trash = Trash(operations.paths)

    async def discard(self, name: str, *, lost_to: TaskId | None = None) -> Task:
        """Put a task out of sight: all it has is kept, first of all its work.

        `lost_to` is the task that was merged in its place.
        """
        task = self._on.book.get(name)
        return await self._on.background.to_the_end(
            self._discard(task.id, lost_to), name=f"discard {task.id}"
        )

    async def restore(self, name: str) -> Task:
        """Bring a discarded task back, at the same path."""
        task = self._on.book.get(name)
        return await self._on.background.to_the_end(
            self._restore(task.id), name=f"restore {task.id}"
        )

    async def finish_discard(self, task: Task, note: JournalEntry) -> Task:
        """Do the steps of a discard, from the beginning or after a crash."""
        task = await self._on.starter.stop_all(task)
        await self._tearing_down.before_discard(task.id)
        tip = await discarding.put_away(
            await self._on.repository(task),
            task,
            checkpoints=self._on.checkpoints,
            keep=await in_thread(self._trash.place, task),
        )
        return await self._on.book.finish(
            task.id,
            state=_S.DISCARDED,
            kept_tip=tip or task.kept_tip,
            lost_to=note.data.get("lost_to") or task.lost_to,
        )

    async def finish_restore(self, task: Task, note: JournalEntry) -> Task:
        """Do the steps of a restore, from the beginning or after a crash."""
        made = await self._bring_back(task, note)
        why = "Restored from its last checkpoint; what git ignores is gone."
        restored = await self._on.book.finish(
            task.id,
            quietly=True,
            state=await self._state(task),
            why=why if made else "Restored.",
        )
        if task.ports is not None and restored.ports is None:
            return await self._other_ports(restored)
        return restored

    async def bring_back(self, task: Task) -> None:
        """Make the worktree of a task that isn't discarded again, where it is gone.

        Its state stays; the caller holds its lock. Raises `InvalidState` when there is
        nothing to make it from.
        """
        note = entry(task, "bring back")
        async with self._on.noted(note):
            await self.finish_bring_back(task, note)

    async def finish_bring_back(self, task: Task, note: JournalEntry) -> None:
        """Do the steps of that, from the beginning or after a crash."""
        await self._bring_back(task, note)
        if not await in_thread(task.worktree.exists):
            raise InvalidState(
                f"Task {task.id} has no checkpoint to make its worktree from.",
                hint=f"Its prompt is kept: agentls show {task.id}",
            )
        await self._on.book.end_note(task.id)

    async def _bring_back(self, task: Task, note: JournalEntry) -> bool:
        """Bring a worktree back; tell whether it was made of a checkpoint."""
        repository = await self._on.repository(task)
        keep = await in_thread(self._trash.place, task)
        adopted = task.base.kind is BaseKind.ADOPTED
        kept = await in_thread(discarding.is_kept, task, keep=keep)
        if adopted or (kept and note.step != _MAKE_AGAIN):
            await discarding.take_back(repository, task, keep=keep)
            return False
        # A worktree that is half made must not be taken for one that was kept.
        await self._on.book.note(attrs.evolve(note, step=_MAKE_AGAIN))
        return await discarding.make_again(
            repository, task, checkpoints=self._on.checkpoints, keep=keep
        )

    async def _other_ports(self, task: Task) -> Task:
        """Give a task that lives again new ports, as another one has those it had."""
        said = f"{task.why} Another task has got its ports meanwhile"
        try:
            config = await self._trusting.config_of_work(
                await self._on.repository(task)
            )
            ports = await self._ports.of(task, config)
        except AgentlsError:  # told again when something is to be run with them
            ports = None
        why = f"{said}; its own are {ports.first}-{ports.last} now." if ports else said
        return await self._on.book.change(task.id, quietly=True, why=why)

    async def _state(self, task: Task) -> State:
        """Give the state that a discarded task comes back to."""
        if task.merged_commit is not None:
            return _S.MERGED
        return _S.REVIEW if await in_thread(task.worktree.exists) else _S.QUEUED

    async def _discard(self, task_id: TaskId, lost_to: TaskId | None) -> Task:
        await self._on.starter.cancel(task_id)
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            allowed = set(State) - {_S.DISCARDED}
            require_state(task, *allowed, to="discard")
            note = entry(task, "discard", data={"lost_to": lost_to})
            await self._on.book.note(note)
            try:
                return await self.finish_discard(task, note)
            except AgentlsError:
                # Put away already, it is out of sight: the next daemon finishes that.
                if await in_thread(task.worktree.exists):
                    await self._on.book.end_note(task_id)
                raise

    async def _restore(self, task_id: TaskId) -> Task:
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, _S.DISCARDED, to="restore")
            note = entry(task, "restore")
            async with self._on.noted(note):
                return await self.finish_restore(task, note)
