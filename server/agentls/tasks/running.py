"""The sessions of tasks: start them, watch them, say how they ended."""

import asyncio
import contextlib
import logging
import shlex
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from agentls.errors import Internal, SessionEnded, StorageFull
from agentls.model import CheckOutcome, Session, SessionId, SessionKind, Task, TaskId
from agentls.sessions.launch import Launch
from agentls.sessions.live import LiveSession
from agentls.sessions.sessions import Sessions
from agentls.store.tasks import JournalEntry
from agentls.tasks.book import TaskBook, now

__all__ = ["BESIDE", "IN_WORKTREE", "ROOM_SECONDS", "Program", "Runner", "of_commands"]

_LOG = logging.getLogger(__name__)

IN_WORKTREE = frozenset(SessionKind) - {SessionKind.TRAIN}
"""What runs in a task's own worktree."""

BESIDE = frozenset({SessionKind.SCRIPT, SessionKind.TEARDOWN})
"""What of it runs beside the task's work, whatever its state."""

ROOM_SECONDS = 5.0
"""How often a full disk is tried again."""


@attrs.frozen(kw_only=True)
class Program:
    """What to run in a session."""

    title: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    typed: bytes | None = None
    """Typed into the terminal when it runs."""
    cols: int = 80
    """The terminal's width."""


def of_commands(
    commands: Sequence[str], *, title: str, environment: Mapping[str, str]
) -> Program:
    """Make a program that shows each shell command and runs it, until one fails."""
    lines = ["set -e"]
    for command in commands:
        lines += [f"printf '+ %s\\n' {shlex.quote(command)}", command]
    return Program(
        title=title,
        argv=("/bin/sh", "-c", "\n".join(lines)),
        environment=environment,
    )


class Runner:
    """Starts sessions for tasks and keeps the book true about them.

    `began` is told of each session that runs and is known here now, `ended` is awaited
    after each end, when the book has it already.
    """

    def __init__(
        self,
        *,
        book: TaskBook,
        sessions: Sessions,
        spawn: Callable[..., asyncio.Task[Any]],
        began: Callable[[SessionId], None],
        ended: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._book = book
        self._sessions = sessions
        self._spawn = spawn
        self._began = began
        self._ended = ended
        self._ends: dict[SessionId, asyncio.Event] = {}
        self.starting: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held from `next_id` to the start where no operation's lock is."""

    def next_id(self, task: Task) -> SessionId:
        """Give the id that the task's next session will have."""
        return SessionId(f"{task.id}-{len(self._book.sessions(task.id)) + 1}")

    async def start(
        self,
        task: Task,
        program: Program,
        *,
        kind: SessionKind,
        journal: JournalEntry | None = None,
    ) -> Session:
        """Start a session in the task's worktree; raise when it can't be started.

        The session is in the book before its program runs, so that no daemon's
        death leaves a program that nobody knows. One that could not be started is
        in the book as lost.
        """
        session = Session(
            id=self.next_id(task),
            task=task.id,
            kind=kind,
            title=program.title,
            started=now(),
        )
        self._ends[session.id] = asyncio.Event()
        await self._book.add_session(session, journal=journal)
        try:
            live = await self._sessions.start(
                Launch(
                    id=session.id,
                    argv=program.argv,
                    cwd=task.worktree,
                    env=program.environment,
                    cols=program.cols,
                )
            )
        except BaseException:
            await self._book.end_session(session.id, None)
            self._ends.pop(session.id).set()
            raise
        self._watch(live)
        if program.typed:
            with contextlib.suppress(SessionEnded):  # its end says more
                await live.write(program.typed)
        return session

    async def adopt(self, session: Session) -> None:
        """Take up a session that an earlier daemon started, alive or not."""
        found = await self._sessions.adopt(session.id)
        self._ends.setdefault(session.id, asyncio.Event())
        if isinstance(found, LiveSession):
            self._watch(found)
            return
        await self._record_end(session.id, found)

    async def wait(self, name: SessionId) -> Session:
        """Wait until the session's end is in the book, and give it."""
        if ended := self._ends.get(name):
            await ended.wait()
        session = self._book.session(name)
        assert session is not None  # noqa: S101 - whoever waits has it from the book
        return session

    async def outcome(
        self, task: Task, session: Session, *, within: float, grace: float
    ) -> tuple[CheckOutcome, Session]:
        """Wait for a check's session, and say what came of it.

        One that takes longer than `within` seconds is stopped.
        """
        try:
            async with asyncio.timeout(within):
                ended = await self.wait(session.id)
        except TimeoutError:
            await self.stop(task, grace=grace, only=session.id)
            return CheckOutcome.TIMED_OUT, await self.wait(session.id)
        if ended.exit is None:
            return CheckOutcome.LOST, ended
        return (CheckOutcome.PASSED if ended.exit.ok else CheckOutcome.FAILED), ended

    async def stop(
        self,
        task: Task,
        *,
        grace: float,
        only: SessionId | None = None,
        kinds: Collection[SessionKind] = IN_WORKTREE,
    ) -> bool:
        """End the task's living sessions, children too; tell whether any lived.

        With `only`, that session and no other; else those of the kinds. What runs
        elsewhere than in the task's worktree, for a train, isn't among them.
        """
        living = [
            live
            for session in self._book.sessions(task.id)
            if (session.id == only if only else session.kind in kinds)
            and session.live
            and (live := self._sessions.get(session.id))
        ]
        try:
            await asyncio.gather(*(live.stop(grace=grace) for live in living))
        except TimeoutError as error:
            raise Internal(
                f"What runs for task {task.id} can't be ended; nothing was changed.",
                hint="End it by hand, then try again.",
            ) from error
        for live in living:
            await self.wait(live.id)
        return bool(living)

    def living(self, task: Task, kind: SessionKind) -> LiveSession | None:
        """Give the task's living session of that kind."""
        for session in reversed(self._book.sessions(task.id)):
            if session.kind is kind and session.live:
                return self._sessions.get(session.id)
        return None

    def _watch(self, live: LiveSession) -> None:
        async def watch() -> None:
            end = await live.ended()
            while True:
                try:
                    await self._record_end(live.id, end)
                except StorageFull as error:  # the session's folder has its end
                    _LOG.warning("the end of %s can't be kept yet: %s", live.id, error)
                    await asyncio.sleep(ROOM_SECONDS)
                else:
                    return

        self._began(live.id)
        self._spawn(watch(), name=f"watch {live.id}")

    async def _record_end(self, name: SessionId, end: Any) -> None:
        session = await self._book.end_session(name, end)
        self._ends.pop(name, asyncio.Event()).set()
        await self._ended(session)
