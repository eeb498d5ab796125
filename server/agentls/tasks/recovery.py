"""What a new daemon takes up of the one before: sessions, operations, the queue."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from agentls.errors import AgentlsError
from agentls.model import Session, SessionId, SessionKind, State, Task
from agentls.store.tasks import JournalEntry
from agentls.tasks.book import TaskBook
from agentls.tasks.operations import Finishers
from agentls.tasks.resuming import Resuming
from agentls.tasks.running import BESIDE
from agentls.tasks.starting import STOP_GRACE, Starter

__all__ = ["recover"]

_NEEDS_A_SESSION = {State.PREPARING, State.WORKING, State.WAITING}


async def recover(
    unfinished: Sequence[JournalEntry],
    *,
    book: TaskBook,
    starter: Starter,
    finishers: Finishers,
    resuming: Resuming,
    spawn: Callable[..., asyncio.Task[Any]],
) -> None:
    """Make the book true again, and let what was cut off go on.

    Sessions are adopted before this returns; operations are finished or undone in
    the background, each under its task's lock.
    """
    noted = {entry.task for entry in unfinished}
    to_resume = [entry for entry in unfinished if entry.operation == "resume"]
    for task in book.tasks(discarded=True):
        for session in book.sessions(task.id):
            if session.live:
                if task.id not in noted and (entry := await resuming.note(session)):
                    to_resume.append(entry)
                await _adopt(task, session, starter=starter, spawn=spawn)
    for task in book.tasks():
        if task.id not in noted:
            await _check_orphan(task, book=book, starter=starter)
    for entry in unfinished:
        if entry.operation != "resume":
            spawn(
                _finish(entry, book=book, starter=starter, finishers=finishers),
                name=f"finish {entry.operation} of {entry.task}",
            )
    for entry in to_resume:
        await resuming.take_up(entry)
    await starter.turns.end_all_late()
    resuming.resume_waiting()
    starter.places.give()


async def _adopt(
    task: Task,
    session: Session,
    *,
    starter: Starter,
    spawn: Callable[..., asyncio.Task[Any]],
) -> None:
    """Take up a session; nobody waits any more for what a train checked."""
    await starter.runner.adopt(session)
    await starter.hearing.read_events(session.id)
    if session.kind is SessionKind.TRAIN:
        stop = starter.runner.stop(task, grace=STOP_GRACE, only=session.id)
        spawn(stop, name=f"stop {session.id}")


async def _check_orphan(task: Task, *, book: TaskBook, starter: Starter) -> None:
    """Interrupt a task that should have a living session and has none.

    One whose checks ran goes on with them.
    """
    if task.state is State.CHECKING:
        starter.turns.take_up_checks(task)
    if task.state not in _NEEDS_A_SESSION:
        return
    sessions = [one for one in book.sessions(task.id) if one.kind not in BESIDE]
    if any(session.live for session in sessions):
        return
    if sessions:
        task = await starter.settle(task.id)
    if task.state in _NEEDS_A_SESSION:
        await book.change(task.id, state=State.INTERRUPTED, why="Its session is gone.")


async def _finish(
    entry: JournalEntry,
    *,
    book: TaskBook,
    starter: Starter,
    finishers: Finishers,
) -> None:
    """Finish or undo one operation that was cut off."""
    async with starter.locks[entry.task]:
        task = book.get(entry.task)
        try:
            if finish := finishers.get(entry.operation):
                await finish(task, entry)
            else:
                await _finish_create(task, entry, book=book, starter=starter)
        except AgentlsError as error:
            why = f"{error.message} {error.hint}".strip()
            if entry.operation in {
                "merge",
                "take",
                "train",
                "undo",
            }:  # a checkout may stand half-way: once more
                await book.change(task.id, why=why)
            else:
                await book.finish(task.id, why=why)


async def _finish_create(
    task: Task, entry: JournalEntry, *, book: TaskBook, starter: Starter
) -> None:
    name = entry.data.get("session")
    session = book.session(SessionId(name)) if name else None
    ran = session is not None and (session.live or session.exit is not None)
    if entry.step == "agent" and ran:
        await book.finish(task.id, state=State.WORKING, why="")
        await starter.settle(task.id)
        return
    if task.state not in {State.QUEUED, State.PREPARING}:
        # The work before it is there all the same.
        await starter.turns.not_delivered(task.id)
        await book.finish(task.id, why="The last prompt didn't reach its agent.")
        return
    # Anything earlier is done again; no agent has worked in the worktree yet.
    starter.begin(task, setup=session if entry.step == "setup" and ran else None)
