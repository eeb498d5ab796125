"""Turns: from a prompt to the agent's rest, each ended by a checkpoint.

The order at an end is checkpoint, turn, state: a daemon that is killed between any
two finds the task still at work, and the next one ends the turn once more.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import attrs

from agentls.errors import AgentlsError, UnknownTask
from agentls.git.repository import Repository
from agentls.model import (
    Checkpoint,
    State,
    StatusSource,
    Task,
    TaskId,
    Turn,
    TurnSource,
)
from agentls.review.checkpoint import Checkpointer
from agentls.store import comments
from agentls.store import turns as table
from agentls.store.database import Database
from agentls.tasks.book import TaskBook, now

__all__ = ["AfterTurn", "Enclosed", "TurnEnd", "Turns"]

Enclosed = Callable[[sqlite3.Connection, Turn], None]
"""What is kept in one transaction with the turn that it belongs to."""

_AT_WORK = frozenset({State.WORKING, State.WAITING, State.REVIEW})
"""The states in which an agent can come to rest; review: nobody saw it begin."""

_KEPT = frozenset({State.REVIEW, State.FAILED, State.INTERRUPTED})
"""The states at rest in which a worktree may still hold what was never saved."""


@attrs.frozen(kw_only=True)
class TurnEnd:
    """An agent came to rest."""

    task: Task
    """As it was before."""
    turn: Turn | None
    """None if none was under way."""
    checkpoint: Checkpoint | None
    """None if none could be taken."""
    state: State
    """What the task becomes: review, or failed."""
    why: str
    stopped: bool
    """A person stopped it; else it came to rest by itself."""
    source: StatusSource | None = None
    """What told that it is at rest."""


class AfterTurn(Protocol):
    """What goes on at the end of a turn before a person is called: the checks."""

    async def wanted(self, end: TurnEnd) -> bool:
        """Tell whether the task goes to `checking` first; its lock is held."""
        ...

    def begin(self, end: TurnEnd) -> None:
        """Begin, in the background: the task is `checking` now, its lock still held.

        It ends by moving the task to `end.state` with `end.why`, or what it found.
        """
        ...

    async def cancel(self, task_id: TaskId) -> Task:
        """End it before its time, and let the task be in review."""
        ...

    def take_up(self, task_id: TaskId) -> None:
        """Go on with what an earlier daemon began."""
        ...


class Turns:
    """The one that begins and ends turns; the caller holds the task's lock."""

    def __init__(
        self,
        *,
        book: TaskBook,
        database: Database,
        checkpoints: Checkpointer,
        repository: Callable[[Task], Awaitable[Repository]],
        locked: Callable[[TaskId], asyncio.Lock],
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self.after: AfterTurn | None = None
        """Set once, before the first turn ends."""
        self._book = book
        self._database = database
        self._checkpoints = checkpoints
        self._repository = repository
        self._locked = locked
        self._spawn = spawn

    async def list(self, task: Task) -> tuple[Turn, ...]:
        """Give a task's turns in their order."""
        return await self._database.read(lambda db: table.load_turns(db, task.id))

    async def begin(
        self,
        task: TaskId,
        *,
        prompt: str,
        source: TurnSource,
        also: Enclosed | None = None,
    ) -> Turn:
        """Note that an agent is given a prompt, before it is.

        What is said while a turn is under way belongs to it. `also` is done in the
        same transaction: what is told with the prompt is marked as told with it.
        """
        turn = await self._open(task)

        def keep(connection: sqlite3.Connection) -> Turn:
            if turn is None:
                kept = table.add_turn(
                    connection, task, prompt=prompt, source=source, begun=now()
                )
            elif prompt and not turn.prompt.endswith(prompt):
                whole = f"{turn.prompt}\n\n{prompt}".strip()
                kept = attrs.evolve(turn, prompt=whole)
                table.update_turn(connection, kept)
            else:
                kept = turn
            if also is not None:
                also(connection, kept)
            return kept

        return await self._database.transaction(keep)

    async def take_back(self, turn: Turn) -> None:
        """Forget a turn whose prompt never came to its agent.

        The comments that were sent with it are open again.
        """

        def forget(connection: sqlite3.Connection) -> None:
            table.delete_turn(connection, turn)
            comments.reopen(connection, turn.task, turn=turn.number)

        await self._database.transaction(forget)

    async def not_delivered(self, task: TaskId) -> None:
        """Do so for the turn that is under way, if there is one."""
        if turn := await self._open(task):
            await self.take_back(turn)

    async def end_checks(self, task: Task) -> Task:
        """End what goes on after a turn, where the task goes another way."""
        if self.after is None or task.state is not State.CHECKING:
            return task
        return await self.after.cancel(task.id)

    def take_up_checks(self, task: Task) -> None:
        """Go on with what an earlier daemon began after a turn."""
        if self.after is not None:
            self.after.take_up(task.id)

    async def heard(self, task: TaskId, *, said: str) -> None:
        """Keep what the agent said last in the turn that is under way."""
        if turn := await self._open(task):
            await self._keep(attrs.evolve(turn, said=said))

    async def rest(
        self,
        task: Task,
        *,
        state: State,
        why: str,
        quietly: bool = False,
        source: StatusSource | None = None,
    ) -> Task:
        """Let a task's agent be at rest: checkpoint, end of the turn, then the state.

        A checkpoint that can't be taken is said in `why` and stops nothing.
        """
        checkpoint, trouble = await self._save(task)
        end = TurnEnd(
            task=task,
            turn=await self._end(task.id),
            checkpoint=checkpoint,
            state=state,
            why=f"{why} {trouble}".strip(),
            stopped=quietly,
            source=source,
        )
        after = self.after
        if after is None or not await after.wanted(end):
            return await self._book.change_if(
                task.id,
                _AT_WORK,
                quietly=quietly,
                state=end.state,
                why=end.why,
                source=source,
            )
        task = await self._book.change_if(
            task.id, _AT_WORK, state=State.CHECKING, why=""
        )
        if task.state is State.CHECKING:
            after.begin(end)
        return task

    def end_late(self, task: TaskId) -> None:
        """End a turn in the background whose task is at rest already."""
        self._spawn(self._end_late(task), name=f"end a turn of {task}")

    async def end_all_late(self) -> None:
        """Do so for all that an earlier daemon left behind."""
        for turn in await self._database.read(table.load_open_turns):
            if self._book.get(turn.task).state in _KEPT:
                self.end_late(turn.task)

    async def _end_late(self, task_id: TaskId) -> None:
        async with self._locked(task_id):
            try:
                task = self._book.get(task_id)
            except UnknownTask:
                return
            if task.state not in _KEPT:
                return  # it goes on
            _, trouble = await self._save(task)
            await self._end(task.id)
            if trouble:
                why = f"{task.why} {trouble}".strip()
                await self._book.change(task.id, quietly=True, why=why)

    async def _save(self, task: Task) -> tuple[Checkpoint | None, str]:
        turn = await self._open(task.id)
        reason = f"Turn {turn.number}" if turn else "At rest"
        try:
            repository = await self._repository(task)
            taken = await self._checkpoints.take(repository, task, reason=reason)
        except AgentlsError as error:
            return None, f"No checkpoint could be taken: {error.message}"
        return taken, ""

    async def _end(self, task: TaskId) -> Turn | None:
        turn = await self._open(task)
        if turn is not None:
            turn = attrs.evolve(turn, ended=now())
            await self._keep(turn)
        return turn

    async def _open(self, task: TaskId) -> Turn | None:
        return await self._database.read(lambda db: table.load_open_turn(db, task))

    async def _keep(self, turn: Turn) -> None:
        await self._database.transaction(lambda db: table.update_turn(db, turn))
