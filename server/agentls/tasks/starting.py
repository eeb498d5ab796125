"""From queued to working: preparation, and agents that run and end.

It is the part of the operations that goes on by itself: a task that has a place
is prepared and its agent started, a session that ends moves its task on.
"""

import asyncio
import contextlib
import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import attrs

from agentls.errors import AgentlsError, UnknownTask
from agentls.git.repository import Repository, find_repository
from agentls.model import (
    Base,
    Session,
    SessionKind,
    State,
    StatusSource,
    Task,
    TaskId,
    Turn,
    TurnSource,
)
from agentls.review.checkpoint import Checkpointer
from agentls.sessions.screens import Screens
from agentls.sessions.sessions import Sessions
from agentls.store.database import Database
from agentls.store.tasks import JournalEntry
from agentls.tasks import preparing
from agentls.tasks.accounting import Accounting
from agentls.tasks.agency import Agency
from agentls.tasks.book import TaskBook
from agentls.tasks.hearing import Hearing
from agentls.tasks.heeding import Heeding
from agentls.tasks.places import Places
from agentls.tasks.pool import Pool
from agentls.tasks.running import BESIDE, IN_WORKTREE, Runner
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.trusting import Policy, Trusting
from agentls.tasks.turns import Enclosed, Turns
from agentls.threads import in_thread

__all__ = ["STOP_GRACE", "Say", "Starter", "silent"]

STOP_GRACE = 5.0
"""Seconds between TERM and KILL: time for an agent to save its conversation."""

_TO_PREPARE = {State.QUEUED, State.PREPARING, State.FAILED, State.INTERRUPTED}
_RUNNING = {State.WORKING, State.WAITING}


Say = Callable[[str], None]
"""Tells a person what is being done now."""


def silent(_: str) -> None:
    """Say nothing: nobody asked to hear."""


class Starter:
    """Starts what has a place, and settles what has ended."""

    def __init__(
        self,
        *,
        book: TaskBook,
        sessions: Sessions,
        trusting: Trusting,
        agency: Agency,
        accounting: Accounting,
        screens: Screens,
        checkpoints: Checkpointer,
        database: Database,
        pool: Pool,
        setup_cache: SetupCache,
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self.locks: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One operation a task at a time."""
        self.resuming: set[TaskId] = set()
        """Interrupted tasks that go on by themselves and were given a place."""
        self.closing = False
        self._book = book
        self._trusting = trusting
        self.agency = agency
        self.pool = pool
        self._setup_cache = setup_cache
        self._checkpoints = checkpoints
        self._spawn = spawn
        self._preparing: dict[TaskId, asyncio.Task[None]] = {}
        self._told: dict[TaskId, Say] = {}
        self._stopping: set[TaskId] = set()
        self.places = Places(
            book=book, begun=lambda: self.begun, begin=self.begin, spawn=spawn
        )
        self.turns = Turns(
            book=book,
            database=database,
            checkpoints=checkpoints,
            repository=self.repository,
            locked=self.locks.__getitem__,
            spawn=spawn,
        )
        self.hearing = Hearing(
            book=book,
            trusting=trusting,
            agency=agency,
            turns=self.turns,
            accounting=accounting,
            locks=self.locks,
        )
        self._heeding = Heeding(
            book=book,
            agency=agency,
            screens=screens,
            hearing=self.hearing,
            locks=self.locks,
            spawn=spawn,
        )
        self.runner = Runner(
            book=book,
            sessions=sessions,
            spawn=spawn,
            began=self._heeding.begin,
            ended=self._session_ended,
        )

    @property
    def begun(self) -> frozenset[TaskId]:
        """The tasks that were given a place and may not show it yet."""
        return frozenset(self._preparing) | self.resuming

    def begin(
        self, task: Task, *, say: Say | None = None, setup: Session | None = None
    ) -> None:
        """Begin to prepare a task in the background, unless that has begun already.

        `say` is told what is being done; `setup` is one that an earlier daemon began:
        it is waited for instead.
        """
        if say is not None:
            self.tell(task.id, say)
        if task.id in self._preparing:
            return
        running = self._spawn(
            self._prepare(task.id, setup=setup), name=f"prepare {task.id}"
        )
        self._preparing[task.id] = running

        def over(done: asyncio.Task[None]) -> None:
            self._preparing.pop(task.id, None)
            if not done.cancelled() and not self.closing:
                self._spawn(self._free_place(task.id), name=f"free {task.id}")

        running.add_done_callback(over)

    def tell(self, task_id: TaskId, say: Say) -> None:
        """Tell somebody what is being done, as long as they wait in `prepared`."""
        self._told[task_id] = say

    async def prepared(self, task_id: TaskId) -> Task:
        """Wait until a preparation that runs is over, and give the task."""
        try:
            if preparation := self._preparing.get(task_id):
                # Not its result: others may cancel it, and this caller is not them.
                await asyncio.wait([preparation])
        finally:
            self._told.pop(task_id, None)
        await self.places.reasons_kept()
        return self._book.get(task_id)

    async def cancel(self, task_id: TaskId) -> bool:
        """End a preparation that runs, its setup too; tell whether there was one."""
        preparation = self._preparing.get(task_id)
        if preparation is None:
            return False
        preparation.cancel()
        await asyncio.wait([preparation])
        task = self._book.get(task_id)
        if task.state not in _RUNNING:  # else its agent is the caller's to stop
            await self.runner.stop(task, grace=STOP_GRACE)
        return True

    async def policy(self, task: Task) -> Policy:
        """Give what holds for the task's repository now; raise `Untrusted`."""
        return await self._trusting.policy(await find_repository(task.repository))

    async def repository(self, task: Task) -> Repository:
        """Give the task's repository, for what runs nothing of its config."""
        return await self._trusting.trusted(await find_repository(task.repository))

    async def start_agent(
        self,
        task: Task,
        policy: Policy,
        *,
        prompt: str,
        resume: bool,
        source: TurnSource,
        also: Enclosed | None = None,
    ) -> Task:
        """Start the agent in the worktree; `resume` goes on with its conversation.

        `also` is kept with the turn that begins.
        """
        session = self.runner.next_id(task)
        start = await self.agency.start(
            task, policy.config, session=session, prompt=prompt, resume=resume
        )
        if start.conversation != task.conversation:
            await self._book.change(task.id, conversation=start.conversation)
        note = JournalEntry(
            task=task.id, operation="create", step="agent", data={"session": session}
        )
        turn = await self.turns.begin(task.id, prompt=prompt, source=source, also=also)
        try:
            await self.runner.start(
                task, start.program, kind=SessionKind.AGENT, journal=note
            )
        except AgentlsError:
            await self._give_up(turn)
            raise
        except asyncio.CancelledError:
            if not self.closing:
                await self._give_up(turn)
            raise
        await self._book.finish(task.id, state=State.WORKING, why="")
        # A short program may have ended before the task was `working`.
        return await self.settle(task.id)

    async def stop_agent(self, task: Task) -> Task:
        """Stop a task's agent, setup or checks; one that worked is ready for review.

        Scripts that a person had run go on.
        """
        self._stopping.add(task.id)
        try:
            task = await self.turns.end_checks(task)
            await self.runner.stop(task, grace=STOP_GRACE, kinds=IN_WORKTREE - BESIDE)
            return await self.settle(task.id)
        finally:
            self._stopping.discard(task.id)

    async def stop_all(self, task: Task) -> Task:
        """Stop a task's agent and scripts; a teardown goes on."""
        task = await self.stop_agent(task)
        scripts = {SessionKind.SCRIPT}
        await self.runner.stop(task, grace=STOP_GRACE, kinds=scripts)
        return self._book.get(task.id)

    async def settle(self, task_id: TaskId) -> Task:
        """Move a working task on whose agent's session has ended."""
        task = self._book.get(task_id)
        if task.state not in _RUNNING:
            return task
        session = self._book.present_session(task_id)
        if session is None or session.live:
            return task
        source = None
        if task_id in self._stopping:
            state, why = State.REVIEW, "Stopped."
        elif session.exit is None:
            state = State.INTERRUPTED
            why = "Its session vanished without an exit status."
        else:
            state, why = await self.hearing.end(task, session.exit)
            source = StatusSource.EXIT
        if state is State.INTERRUPTED:
            if task.conversation is None:  # what it has left may name it
                await self.hearing.account(task, session.id)
            # After a reboot there may be many: nobody waits for their checkpoints.
            task = await self._book.change_if(task_id, _RUNNING, state=state, why=why)
            self.turns.end_late(task_id)
            return task
        await self.hearing.account(task, session.id)
        return await self.turns.rest(
            task,
            state=state,
            why=why,
            quietly=task_id in self._stopping,
            source=source,
        )

    async def _give_up(self, turn: Turn) -> None:
        await self._book.end_note(turn.task)
        await self.turns.take_back(turn)

    async def _session_ended(self, session: Session) -> None:
        if session.kind is not SessionKind.AGENT:
            return
        async with self.locks[session.task]:
            with contextlib.suppress(UnknownTask):  # its creation was undone
                await self.hearing.take_up(session.id)  # its last words
                await self.settle(session.task)
        self._heeding.end(session.id)

    async def _prepare(self, task_id: TaskId, *, setup: Session | None) -> None:
        def say(doing: str) -> None:
            self._told.get(task_id, silent)(doing)

        async with self.locks[task_id]:
            before = self._book.get(task_id)
            if before.state not in _TO_PREPARE:
                return  # discarded since it was given the place
            entry = JournalEntry(
                task=task_id, operation="create", step="worktree", data={}
            )
            try:
                base = await self._base(before)
            except AgentlsError:
                base = before.base  # the preparation below says what is wrong
            task = await self._book.change(
                task_id,
                state=State.PREPARING,
                why="",
                base=base,
                journal=None if setup else entry,
            )
            try:
                policy = await self.policy(task)
                if setup is None:
                    await self._clear(policy.repository, before)
                    task = await self._make_worktree(task, policy, say=say)
                    await preparing.copy_into(task, policy=policy, say=say)
                    await self._setup_cache.set_up(
                        task,
                        policy.config,
                        say=say,
                        run=functools.partial(self._run_setup, task, policy, entry),
                    )
                else:
                    await preparing.wait_for_setup(
                        self.runner, task, setup, within=policy.config.setup_timeout
                    )
                if policy.config.copy or policy.config.setup:
                    made = await self._checkpoints.take_prepared(
                        policy.repository, task
                    )
                    task = await self._book.change(task.id, prepared=made)
                say("Starting the agent")
                await self.start_agent(
                    task,
                    policy,
                    prompt=task.prompt,
                    resume=False,
                    source=TurnSource.CREATE,
                )
                self.pool.tend(task.repository)
            except AgentlsError as error:
                why = f"{error.message} {error.hint}".strip()
                await self._book.finish(task_id, state=State.FAILED, why=why)

    async def _base(self, task: Task) -> Base:
        """Give where a task begins: one that waited for others, where they came to."""
        if not task.after or task.state is not State.QUEUED:
            return task.base
        return await preparing.base_at_target(await self.repository(task), task)

    async def _make_worktree(self, task: Task, policy: Policy, *, say: Say) -> Task:
        if (taken := await self.pool.take(task, policy)) is not None:
            return taken
        await preparing.make_worktree(task, policy=policy, say=say)
        return task

    async def _clear(self, repository: Repository, task: Task) -> None:
        """Remove what an earlier preparation left; `task` is as it was before."""
        if task.state is State.QUEUED:
            return  # nothing was made, and a branch of that name is somebody's
        failed = task.state is not State.PREPARING
        if failed and await in_thread(task.worktree.exists):
            # A person may have worked there, to find out why it failed.
            await self._checkpoints.take(
                repository, task, reason="Before it was prepared again"
            )
        await preparing.unmake_worktree(repository, task)

    async def _free_place(self, task_id: TaskId) -> None:
        """Fail a task whose preparation ended by a bug: it must not keep its place."""
        with contextlib.suppress(UnknownTask):
            await self._book.change_if(
                task_id,
                {State.PREPARING},
                state=State.FAILED,
                why="Its preparation ended by a bug; `agentls daemon logs` has its"
                " trace. Its prompt is kept.",
            )

    async def _run_setup(self, task: Task, policy: Policy, entry: JournalEntry) -> None:
        await preparing.run_setup(
            self.runner,
            task,
            config=policy.config,
            environment=await self.agency.environment(task, policy.config),
            journal=attrs.evolve(
                entry, step="setup", data={"session": self.runner.next_id(task)}
            ),
        )
