"""Going on with an agent's conversation whose session is over.

A person asks for it, or `resume_on_start` does after a reboot.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentls.errors import AgentlsError, InvalidState, UnknownTask
from agentls.host import boot_id
from agentls.model import (
    Session,
    SessionId,
    SessionKind,
    State,
    Task,
    TaskId,
    TurnSource,
)
from agentls.sessions.folder import read_meta
from agentls.store.tasks import JournalEntry
from agentls.tasks.book import Event, TaskBook
from agentls.tasks.queue import holds_a_place
from agentls.tasks.starting import Starter
from agentls.threads import in_thread

__all__ = ["GO_ON", "Resuming", "require_worktree", "resume"]

GO_ON = "You were interrupted. Look at what is done already, then go on."
"""What an agent is told when nobody says with what to go on."""

_LOST_MAX = 3
"""Sessions in a row that were lost: after so many it may be the agent's own doing."""


async def resume(
    task: Task, *, text: str | None, book: TaskBook, starter: Starter
) -> Task:
    """Start the task's agent in its conversation; the caller holds the task's lock.

    Raises `InvalidState` when the agent never ran, can't go on with a conversation,
    or didn't say which one it had: nothing is begun anew instead.
    """
    if all(one.kind is not SessionKind.AGENT for one in book.sessions(task.id)):
        raise InvalidState(
            f"The agent of task {task.id} never ran: there is nothing to resume.",
            hint=f"`agentls retry {task.id}` begins it.",
        )
    if starter.runner.living(task, SessionKind.AGENT):
        raise InvalidState(
            f"The session of task {task.id} still runs: there is nothing to resume.",
            hint=f'Tell it there: `agentls send {task.id} "…"`.',
        )
    await require_worktree(task, to="resume")
    policy = await starter.policy(task)
    await starter.agency.require_conversation(task, policy.config)
    return await starter.start_agent(
        task, policy, prompt=text or GO_ON, resume=True, source=TurnSource.RESUME
    )


async def require_worktree(task: Task, *, to: str) -> None:
    """Refuse an operation on a task whose worktree isn't there."""
    if not await in_thread(task.worktree.exists):
        raise InvalidState(
            f"Task {task.id} has no worktree, so there is nothing to {to}.",
            hint=f"`agentls retry {task.id}` prepares it again.",
        )


class Resuming:
    """Resumes by itself what a reboot interrupted, each as it gets a place.

    An interruption is resumed once: its note in the journal is replaced by that of
    the new session, in one transaction.
    """

    def __init__(
        self,
        *,
        wanted: bool,
        book: TaskBook,
        starter: Starter,
        sessions: Path,
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self._wanted = wanted
        self._book = book
        self._starter = starter
        self._sessions = sessions
        self._spawn = spawn
        self._waiting: dict[TaskId, SessionId] = {}
        """Those that have no place yet, each with the session that was lost."""

    async def note(self, session: Session) -> JournalEntry | None:
        """Note that a session is to be resumed, if a reboot ended it; before adoption.

        None when it isn't to be resumed.
        """
        task = self._book.get(session.task)
        if not self._wanted or session.kind is not SessionKind.AGENT:
            return None
        if task.state not in {State.WORKING, State.WAITING}:
            return None
        meta = await in_thread(read_meta, self._sessions / session.id)
        if meta is None or meta.shim.boot_id == boot_id():
            return None
        before = [
            one
            for one in self._book.sessions(task.id)
            if one.kind is SessionKind.AGENT and one.id != session.id
        ]
        recent = before[1 - _LOST_MAX :]
        if len(recent) == _LOST_MAX - 1 and all(one.lost for one in recent):
            return None
        entry = JournalEntry(
            task=task.id,
            operation="resume",
            step="begin",
            data={"session": session.id},
        )
        await self._book.note(entry)
        return entry

    async def take_up(self, entry: JournalEntry) -> None:
        """Let an interruption that was noted go on, or strike its note."""
        task = self._book.get(entry.task)
        lost = SessionId(entry.data["session"])
        if not self._is_interrupted(task, lost):
            await self._book.end_note(task.id)
            return
        self._waiting[task.id] = lost
        why = "The machine was restarted; it goes on when a place is free."
        await self._book.change(task.id, quietly=True, why=why)

    def hear(self, event: Event) -> None:
        """Give a place that may have become free; before the queue does."""
        if isinstance(event, Task):
            self.resume_waiting()

    def resume_waiting(self) -> None:
        """Give the free places to what waits, in the order of the tasks."""
        if self._starter.closing or not self._waiting:
            return
        begun = self._starter.begun
        tasks = self._book.tasks()
        limits = self._starter.places.limits
        taken = sum(
            one.id in begun or holds_a_place(one, limits=limits) for one in tasks
        )
        for task in tasks:
            if task.id in self._waiting and taken < limits.max_parallel:
                taken += 1
                self._starter.resuming.add(task.id)
                lost = self._waiting.pop(task.id)
                self._spawn(self._resume(task.id, lost), name=f"resume {task.id}")

    async def _resume(self, task_id: TaskId, lost: SessionId) -> None:
        try:
            async with self._starter.locks[task_id]:
                with contextlib.suppress(UnknownTask):
                    await self._resume_locked(task_id, lost)
        finally:
            self._starter.resuming.discard(task_id)

    async def _resume_locked(self, task_id: TaskId, lost: SessionId) -> None:
        task = self._book.get(task_id)
        if not self._is_interrupted(task, lost):
            return  # a person was faster
        try:
            await resume(task, text=None, book=self._book, starter=self._starter)
        except AgentlsError as error:
            why = f"It could not be resumed: {error.message} {error.hint}".strip()
            await self._book.finish(task_id, why=why)

    def _is_interrupted(self, task: Task, lost: SessionId) -> bool:
        present = self._book.present_session(task.id)
        return (
            task.state is State.INTERRUPTED
            and present is not None
            and present.id == lost
        )
