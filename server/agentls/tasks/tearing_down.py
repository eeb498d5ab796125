"""Teardown: ending what a task's worktree leaves running, when the task is over.

Before a discard moves the worktree, and after a merge. That it is due stands in the
task, from the transaction of the merge on, so that every daemon that is killed is
followed by one which does it. Nothing waits for it longer than its limit, and nothing
is lost when it fails: the task says so, its output is a session's.
"""

import asyncio
from datetime import timedelta

from agentls.config import Config
from agentls.errors import AgentlsError
from agentls.model import (
    BaseKind,
    Session,
    SessionKind,
    State,
    Task,
    TaskId,
    Teardown,
)
from agentls.tasks.book import Event, now
from agentls.tasks.operations import Operations
from agentls.tasks.running import of_commands
from agentls.tasks.starting import STOP_GRACE
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["TearingDown"]


class TearingDown:
    """Tears down what tasks leave, once each time that they are over."""

    def __init__(self, operations: Operations, *, trusting: Trusting) -> None:
        self._on = operations
        self._trusting = trusting
        self._running: dict[TaskId, asyncio.Task[None]] = {}

    def hear(self, event: Event) -> None:
        """Begin when a task was merged."""
        if isinstance(event, Task):
            self._begin(event)

    def take_up(self) -> None:
        """Go on with what an earlier daemon left."""
        for task in self._on.book.tasks():
            self._begin(task)

    async def before_discard(self, task_id: TaskId) -> None:
        """Tear down a task whose worktree is about to go, unless that was done.

        What went wrong stands in the task, and holds nothing up.
        """
        if running := self._running.get(task_id):
            await asyncio.wait([running])
        if self._on.book.get(task_id).teardown in {None, Teardown.DUE}:
            await self._finish(task_id)

    def failed(self, *, days: float) -> tuple[Task, ...]:
        """Give the tasks whose teardown failed in the last days."""
        since = now() - timedelta(days=days)
        return tuple(
            task
            for task in self._on.book.tasks(discarded=True)
            if task.teardown is Teardown.FAILED and task.changed > since
        )

    def _begin(self, task: Task) -> None:
        if (
            task.state is not State.MERGED
            or task.teardown is not Teardown.DUE
            or task.id in self._running
            or self._on.starter.closing
        ):
            return
        running = self._on.background.spawn(
            self._finish(task.id), name=f"tear down {task.id}"
        )
        self._running[task.id] = running
        running.add_done_callback(lambda _: self._running.pop(task.id, None))

    async def _finish(self, task_id: TaskId) -> None:
        """Tear down, and keep what came of it."""
        why = await self._tear_down(self._on.book.get(task_id))
        if why:
            await self._on.book.change(
                task_id, quietly=True, teardown=Teardown.FAILED, why=why
            )
        elif self._on.book.get(task_id).teardown is Teardown.DUE:
            await self._on.book.change(task_id, quietly=True, teardown=Teardown.DONE)

    async def _tear_down(self, task: Task) -> str:
        """Do it, or wait for the one that an earlier daemon began; say what failed."""
        try:
            scripts = {SessionKind.SCRIPT}
            await self._on.starter.runner.stop(task, grace=STOP_GRACE, kinds=scripts)
            if task.base.kind is BaseKind.ADOPTED:
                return ""  # it isn't ours to tear down
            if not await in_thread(task.worktree.exists):
                return ""
            repository = await self._on.repository(task)
            config = await self._trusting.config_of_work(repository)
            if not config.teardown:
                undecided = any(
                    item.name == "teardown" and decision == "undecided"
                    for item, decision in await self._trusting.decisions(repository)
                )
                return _UNTRUSTED if undecided else ""
            session = await self._session(task, config)
            return await self._wait(task, session, within=config.teardown_timeout)
        except AgentlsError as error:
            return f"Its teardown could not be run: {error.message}"

    async def _session(self, task: Task, config: Config) -> Session:
        sessions = self._on.book.sessions(task.id)
        last = sessions[-1] if sessions else None
        if task.teardown is not Teardown.DUE:
            await self._on.book.change(task.id, quietly=True, teardown=Teardown.DUE)
        elif last is not None and last.kind is SessionKind.TEARDOWN and not last.lost:
            return last  # nothing has begun since: it is the one that is due
        runner = self._on.starter.runner
        environment = await self._on.starter.agency.environment(task, config)
        async with runner.starting[task.id]:
            return await runner.start(
                task,
                of_commands(config.teardown, title="teardown", environment=environment),
                kind=SessionKind.TEARDOWN,
            )

    async def _wait(self, task: Task, session: Session, *, within: float) -> str:
        runner = self._on.starter.runner
        try:
            async with asyncio.timeout(within):
                session = await runner.wait(session.id)
        except TimeoutError:
            await runner.stop(task, grace=STOP_GRACE, only=session.id)
            how = f"took longer than {within:.0f} s and was stopped"
        else:
            if session.exit is not None and session.exit.ok:
                return ""
            end = session.exit.describe() if session.exit else "no trace of its end"
            how = f"ended with {end}"
        return (
            f"Its teardown {how}: `agentls logs {task.id} --session {session.id}` shows"
            " its output; what it should have ended may still run."
        )


_UNTRUSTED = (
    "Its teardown wasn't run, as you haven't trusted it: `agentls trust` shows it."
)
