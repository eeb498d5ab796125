"""The book of tasks: what is true now, kept on disk first and told to all after.

All tasks and sessions are held in memory too, so that reading costs nothing.
Every change is one transaction, then one event to every listener, in order.
"""

import asyncio
import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from agentls.errors import StorageFull, UnknownTask
from agentls.model import (
    CommitId,
    Exit,
    Ports,
    Session,
    SessionId,
    SessionKind,
    State,
    Task,
    TaskId,
)
from agentls.store import history, news
from agentls.store import tasks as table
from agentls.store.database import Database
from agentls.store.tasks import JournalEntry
from agentls.tasks.consequences import may_use_ports, now, with_consequences
from agentls.tasks.names import new_ids
from agentls.tasks.states import needs_a_person

__all__ = [
    "CommentsChanged",
    "DiskLow",
    "Event",
    "QueueChanged",
    "Removed",
    "SessionEnd",
    "TaskBook",
    "ViewedChanged",
    "now",
]


@attrs.frozen(kw_only=True)
class Removed:
    """A task is no more."""

    task: TaskId
    rev: int


@attrs.frozen(kw_only=True)
class SessionEnd:
    """A session ended or vanished."""

    session: Session


@attrs.frozen(kw_only=True)
class CommentsChanged:
    """A comment on a task's change is new, gone or another."""

    task: TaskId


@attrs.frozen(kw_only=True)
class ViewedChanged:
    """Something else of a task's change is marked as viewed."""

    task: TaskId


@attrs.frozen(kw_only=True)
class QueueChanged:
    """The queue was paused, or goes on."""

    paused: bool


@attrs.frozen(kw_only=True)
class DiskLow:
    """The disk for worktrees has come below what is to stay free."""

    free: int
    """Bytes, as the reserve is."""
    reserve: int


Event = (
    DiskLow
    | Task
    | Removed
    | SessionEnd
    | CommentsChanged
    | ViewedChanged
    | QueueChanged
)


class TaskBook:
    """The tasks and sessions of the user; the only writer of their tables."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: dict[TaskId, Task] = {}
        self._sessions: dict[SessionId, Session] = {}
        self._by_task: defaultdict[TaskId, list[SessionId]] = defaultdict(list)
        self._untold: set[TaskId] = set()
        self._opened: dict[TaskId, datetime | None] = {}
        """Tasks that a person looks at, and when they had come to review then."""
        self._listeners: list[Callable[[Event], None]] = []
        self._writing = asyncio.Lock()
        self.rev = 0
        self.paused = False
        """Nothing that is queued begins."""

    async def load(self) -> tuple[JournalEntry, ...]:
        """Read everything; give the operations that a daemon left unfinished."""
        read = self._database.read
        for task in await read(table.load_tasks):
            self._tasks[task.id] = task
            self.rev = max(self.rev, task.rev)
        for session in await read(table.load_sessions):
            self._remember(session)
        self._untold.update(await read(news.load_news))
        self.paused = await read(table.is_paused)
        return await read(table.load_journal)

    @contextlib.contextmanager
    def listening(self, listener: Callable[[Event], None]) -> Generator[None]:
        """Tell the listener of every event while the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def tell(self, event: CommentsChanged | DiskLow | ViewedChanged) -> None:
        """Tell all who listen of what changed elsewhere than in the book."""
        self._tell(event)

    def get(self, name: str) -> Task:
        """Give the task by its id or by a beginning that no other id shares."""
        if exact := self._tasks.get(TaskId(name)):
            return exact
        found = [task for task in self._tasks.values() if task.id.startswith(name)]
        if len(found) == 1 and name:
            return found[0]
        if found and name:
            ids = ", ".join(sorted(task.id for task in found))
            raise UnknownTask(
                f"{name!r} is the beginning of several tasks: {ids}.",
                hint="Type one more letter.",
            )
        raise UnknownTask(
            f"There is no task {name!r}.", hint="`agentls ls --all` lists them."
        )

    def tasks(
        self, *, repository: Path | None = None, discarded: bool = False
    ) -> tuple[Task, ...]:
        """List the tasks in the order in which they were asked for."""
        return tuple(
            task
            for task in self._tasks.values()
            if (discarded or task.state is not State.DISCARDED)
            and (repository is None or task.repository == repository)
        )

    def session(self, name: SessionId) -> Session | None:
        """Give a session by its id."""
        return self._sessions.get(name)

    def sessions(self, task: TaskId) -> tuple[Session, ...]:
        """Give a task's sessions in the order in which they began."""
        return tuple(self._sessions[name] for name in self._by_task[task])

    def present_session(self, task: TaskId) -> Session | None:
        """Give the session that shows what a task does: its agent's, or the setup's."""
        there = (SessionKind.AGENT, SessionKind.SETUP)
        shown = [one for one in self.sessions(task) if one.kind in there]
        return shown[-1] if shown else None

    @property
    def untold(self) -> frozenset[TaskId]:
        """The tasks whose present state a person is still to be told."""
        return frozenset(self._untold)

    async def take_news(self, task_id: TaskId) -> Task | None:
        """Strike out that a task's state is to be told, and give the task.

        None when it isn't to be told any more.
        """
        async with self._writing:
            if task_id not in self._untold:
                return None
            await self._database.transaction(
                lambda db: news.set_news(db, task_id, wanted=False),
                then=lambda _: self._untold.discard(task_id),
            )
            return self._tasks.get(task_id)

    async def add(self, make: Callable[[TaskId, int, int], Task]) -> Task:
        """Keep a new task; `make` is given its id, number and revision."""

        def making(ids: Sequence[TaskId], number: int, rev: int) -> Task:
            return make(ids[0], number, rev)

        (task,) = await self.add_all([making])
        return task

    async def add_all(
        self, makes: Sequence[Callable[[Sequence[TaskId], int, int], Task]]
    ) -> tuple[Task, ...]:
        """Keep new tasks, all or none; each is given the ids of all, as they stand."""
        async with self._writing:
            ids = new_ids(len(makes), taken=self._tasks)

            def insert(connection: sqlite3.Connection) -> tuple[Task, ...]:
                tasks: list[Task] = []
                for make in makes:
                    number = table.next_number(connection)
                    task = make(ids, number, table.next_rev(connection))
                    table.insert_task(connection, task)
                    history.add_move(connection, task, None)
                    tasks.append(task)
                return tuple(tasks)

            def take(tasks: tuple[Task, ...]) -> None:
                for task in tasks:
                    self._tasks[task.id] = task
                for task in tasks:
                    self._tell(task)

            return await self._database.transaction(insert, then=take)

    async def change(
        self,
        task_id: TaskId,
        *,
        journal: JournalEntry | None = None,
        also: Callable[[sqlite3.Connection], object] = lambda _: None,
        quietly: bool = False,
        **changes: Any,
    ) -> Task:
        """Keep new values of a task, and tell; refuse a state that can't follow.

        An operation's note in the journal, if given, is part of the transaction, and
        so is what `also` does.
        `quietly`: a person did it, or needs to do nothing about it.
        """
        async with self._writing:
            return await self._change(
                task_id, journal=journal, also=also, quietly=quietly, changes=changes
            )

    async def change_if(
        self,
        task_id: TaskId,
        states: Collection[State],
        *,
        quietly: bool = False,
        **changes: Any,
    ) -> Task:
        """Keep new values if the task is in one of the states; give it as it is then.

        For what is known of a moment ago: an operation may have moved it since.
        """
        async with self._writing:
            task = self.get(task_id)
            if task.state not in states:
                return task
            return await self._change(task_id, quietly=quietly, changes=changes)

    async def finish(
        self,
        task_id: TaskId,
        *,
        also: Callable[[sqlite3.Connection], object] = lambda _: None,
        quietly: bool = False,
        **changes: Any,
    ) -> Task:
        """Keep new values and strike the task's operation out of the journal.

        What `also` does is part of the transaction.
        """
        async with self._writing:
            return await self._change(
                task_id, finished=True, also=also, quietly=quietly, changes=changes
            )

    async def finish_all(
        self, changes: Mapping[TaskId, Mapping[str, Any]], *, noted: TaskId
    ) -> tuple[Task, ...]:
        """Keep new values of several tasks at once, and strike out their operation.

        `noted` is the task that the journal has it under. A person did it.
        """
        async with self._writing:
            changed = [
                self._changed(self.get(task_id), values)
                for task_id, values in changes.items()
            ]

            def update(connection: sqlite3.Connection) -> tuple[Task, ...]:
                table.end_journal(connection, noted)
                written: list[Task] = []
                for task in changed:
                    rev = table.next_rev(connection)
                    written.append(attrs.evolve(task, rev=rev))
                    table.update_task(connection, written[-1])
                    history.add_move(connection, written[-1], self.get(task.id).state)
                    news.set_news(connection, task.id, wanted=False)
                return tuple(written)

            def take(written: tuple[Task, ...]) -> None:
                for task in written:
                    self._untold.discard(task.id)
                    self._take(task)

            return await self._database.transaction(update, then=take)

    async def keep_size(
        self, task_id: TaskId, *, files: int, added: int, deleted: int
    ) -> Task:
        """Keep how large a task's change is, and tell; it counts as no change of it."""
        async with self._writing:
            task = self.get(task_id)
            if (task.files, task.added, task.deleted) == (files, added, deleted):
                return task
            return await self._keep(task, files=files, added=added, deleted=deleted)

    async def keep_looked(self, task_id: TaskId, checkpoint: CommitId) -> Task:
        """Keep which state a person looked at last; it counts as no change either."""
        async with self._writing:
            task = self.get(task_id)
            if task.looked == checkpoint:
                return task
            return await self._keep(task, looked=checkpoint)

    def ports_taken(self, *, besides: TaskId) -> tuple[Ports, ...]:
        """Give the ports of all tasks that live, but for one."""
        return tuple(
            task.ports
            for task in self._tasks.values()
            if task.ports and task.id != besides and may_use_ports(task)
        )

    async def keep_ports(self, task_id: TaskId, ports: Ports) -> Task:
        """Keep a task's ports, and tell; no change of it either.

        The task has none then if one that lives has got one of them meanwhile.
        """
        async with self._writing:
            return await self._keep(self.get(task_id), ports=ports)

    async def keep_opened(self, task_id: TaskId) -> None:
        """Keep that a person looks at a task that is ready for review; nobody is told.

        Only the first look since it came there counts.
        """
        async with self._writing:
            task = self.get(task_id)
            known = task_id in self._opened and self._opened[task_id] == task.moved
            if known or task.state is not State.REVIEW:
                return
            with contextlib.suppress(StorageFull):  # one can read all the same
                await self._database.transaction(
                    lambda db: history.keep_opened(db, task_id, at=now()),
                    then=lambda _: self._opened.update({task_id: task.moved}),
                )

    async def pause(self, *, paused: bool) -> None:
        """Keep whether nothing that is queued begins."""

        def take(_: None) -> None:
            self.paused = paused
            self._tell(QueueChanged(paused=paused))

        await self._database.transaction(
            lambda db: table.set_paused(db, paused=paused), then=take
        )

    async def keep_reason(self, task_id: TaskId, why: str, *, quietly: bool) -> Task:
        """Keep what a queued task waits for, and tell; no change of it either.

        `quietly`: it comes by itself, so that no person is called.
        """
        async with self._writing:
            task = self.get(task_id)
            if task.state is not State.QUEUED or task.why == why:
                return task
            return await self._keep(task, quietly=quietly, why=why)

    async def keep_quiet(self, task_id: TaskId, since: datetime | None) -> Task:
        """Keep since when a working agent is quiet, and tell; no change either."""
        async with self._writing:
            task = self.get(task_id)
            if task.quiet_since == since or (since and task.state is not State.WORKING):
                return task
            return await self._keep(task, quiet_since=since)

    async def note(self, entry: JournalEntry) -> None:
        """Note in the journal how far an operation got."""
        await self._database.transaction(lambda db: table.journal(db, entry))

    async def end_note(self, task_id: TaskId) -> None:
        """Strike an operation that was undone out of the journal."""
        await self._database.transaction(lambda db: table.end_journal(db, task_id))

    async def remove(self, task_id: TaskId) -> None:
        """Forget a task whose creation was undone, and tell."""
        async with self._writing:

            def delete(connection: sqlite3.Connection) -> int:
                table.delete_task(connection, task_id)
                return table.next_rev(connection)

            def forget(rev: int) -> None:
                for name in self._by_task.pop(task_id, []):
                    del self._sessions[name]
                del self._tasks[task_id]
                self._untold.discard(task_id)
                self._opened.pop(task_id, None)
                self._tell(Removed(task=task_id, rev=rev))

            await self._database.transaction(delete, then=forget)

    async def add_session(
        self, session: Session, *, journal: JournalEntry | None = None
    ) -> None:
        """Keep a session before it is started, and tell that its task changed."""
        async with self._writing:
            task = self.get(session.task)
            begins_anew = task.teardown and session.kind is not SessionKind.TEARDOWN
            await self._change(
                session.task,
                journal=journal,
                also=lambda db: table.insert_session(db, session),
                remember=session,
                changes={"teardown": None, "changed": task.changed}
                if begins_anew
                else {},
            )

    async def end_session(self, name: SessionId, end: Exit | None) -> Session:
        """Keep how a session ended (None: it vanished), and tell."""
        async with self._writing:
            session = self._sessions[name]
            session = attrs.evolve(session, exit=end, lost=end is None)
            await self._change(
                session.task,
                also=lambda db: table.update_session(db, session),
                remember=session,
                ended=True,
                changes={},
            )
            return session

    async def keep_heard(self, name: SessionId, heard: int) -> None:
        """Keep how many of a session's events were taken up; nobody is told."""
        await self._keep_session(name, heard=heard)

    async def keep_watched(self, name: SessionId, watched: int) -> None:
        """Keep up to where a session's signals were taken up; nobody is told."""
        await self._keep_session(name, watched=watched)

    async def _keep_session(self, name: SessionId, **values: int) -> None:
        async with self._writing:
            session = attrs.evolve(self._sessions[name], **values)
            await self._database.transaction(
                lambda db: table.update_session(db, session),
                then=lambda _: self._remember(session),
            )

    async def _keep(self, task: Task, *, quietly: bool = False, **values: Any) -> Task:
        """Keep what counts as no change of a task: its time of change stays."""
        return await self._change(
            task.id, quietly=quietly, changes=values | {"changed": task.changed}
        )

    async def _change(
        self,
        task_id: TaskId,
        *,
        changes: dict[str, Any],
        journal: JournalEntry | None = None,
        finished: bool = False,
        also: Callable[[sqlite3.Connection], object] = lambda _: None,
        remember: Session | None = None,
        ended: bool = False,
        quietly: bool = False,
    ) -> Task:
        before = self.get(task_id)
        task = self._changed(before, changes)
        moved = (task.state, task.why) != (before.state, before.why)
        is_news = moved and not quietly and needs_a_person(task)

        def update(connection: sqlite3.Connection) -> Task:
            written = attrs.evolve(task, rev=table.next_rev(connection))
            table.update_task(connection, written)
            history.add_move(connection, written, before.state)
            also(connection)
            if journal:
                table.journal(connection, journal)
            if finished:
                table.end_journal(connection, task_id)
            if moved:
                news.set_news(connection, task_id, wanted=is_news)
            return written

        def take(written: Task) -> None:
            if remember:
                self._remember(remember)
            if moved:
                (self._untold.add if is_news else self._untold.discard)(task_id)
            self._take(written)
            if remember and ended:
                self._tell(SessionEnd(session=remember))

        return await self._database.transaction(update, then=take)

    def _changed(self, before: Task, changes: Mapping[str, Any]) -> Task:
        others = self.ports_taken(besides=before.id)
        return with_consequences(before, changes, ports_taken=others)

    def _take(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._tell(task)

    def _remember(self, session: Session) -> None:
        if session.id not in self._sessions:
            self._by_task[session.task].append(session.id)
        self._sessions[session.id] = session

    def _tell(self, event: Event) -> None:
        if isinstance(event, Task | Removed):
            self.rev = event.rev
        for listener in tuple(self._listeners):
            listener(event)
