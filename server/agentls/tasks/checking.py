"""Checks as an operation: what the config names, run before a person is called.

How far they are stands in the task itself, so that the next daemon takes up what
this one began: a check that runs is waited for, one whose turn didn't come is run.
"""

import asyncio
import logging
from collections.abc import Collection

import attrs

from agentls.errors import AgentlsError, StorageFull, UnknownTask
from agentls.model import CheckOutcome, State, Task, TaskId
from agentls.review.checks import choose, fresh_results, in_words, is_of, stamp_of
from agentls.store.database import Database
from agentls.tasks.check_runs import CheckRuns
from agentls.tasks.operations import Operations
from agentls.tasks.resuming import require_worktree
from agentls.tasks.reviewer import Reviewer
from agentls.tasks.running import ROOM_SECONDS
from agentls.tasks.starting import STOP_GRACE, Say, silent
from agentls.tasks.states import require_state
from agentls.tasks.turns import TurnEnd

__all__ = ["Checking"]

_LOG = logging.getLogger(__name__)

_AT_REST = (State.REVIEW, State.FAILED, State.INTERRUPTED)
_STOPPED = "Its checks were stopped."
_BUG = "Its checks ended by a bug; `agentls daemon logs` has its trace."


class Checking:
    """Runs tasks' checks, one after the other, in sessions that can be attached to.

    It is what `Turns` knows as `AfterTurn`.
    """

    def __init__(
        self, operations: Operations, *, database: Database, reviewer: Reviewer
    ) -> None:
        self._on = operations
        self._runs = CheckRuns(operations, database=database, reviewer=reviewer)
        self._running: dict[TaskId, asyncio.Task[None]] = {}

    async def wanted(self, end: TurnEnd) -> bool:
        """Tell whether there is something to check that wasn't checked yet.

        What is known of another state than the present one is forgotten.
        """
        saved, task = end.checkpoint, end.task
        if saved is None:
            return False
        if task.checks and not is_of(task.checked, saved.tree):
            task = await self._on.book.change(task.id, checks=(), checked=None)
        if end.state is not State.REVIEW or end.stopped or not saved.files:
            return False
        try:
            config = (await self._on.starter.policy(task)).config
        except AgentlsError:
            return True  # it is told why they can't be run
        wanted = {one.name for one in fresh_results(config)}
        done = {one.name for one in task.checks if _is_final(one.outcome)}
        known = task.checked == stamp_of(config, saved.tree) and wanted <= done
        return bool(wanted) and not known

    def begin(self, end: TurnEnd) -> None:
        """Run all checks in the background, and then call the person."""
        self._begin(end.task.id, why=end.why)

    def take_up(self, task_id: TaskId) -> None:
        """Go on with the checks that an earlier daemon began."""
        self._begin(task_id, why="")

    async def cancel(self, task_id: TaskId) -> Task:
        """Stop a task's checks, if they run; it is ready for review then."""
        if running := self._running.get(task_id):
            running.cancel()
            await asyncio.wait([running])
        task = self._on.book.get(task_id)
        if task.state is not State.CHECKING:
            return task
        for one in task.checks:
            session = self._on.book.session(one.session) if one.session else None
            if one.outcome is CheckOutcome.RUNNING and session is not None:
                runner = self._on.starter.runner
                await runner.stop(task, grace=STOP_GRACE, only=session.id)
                ended = await runner.wait(session.id)
                await self._runs.end(task, ended, outcome=CheckOutcome.STOPPED)
        checks = tuple(
            one if one.outcome.over else attrs.evolve(one, outcome=CheckOutcome.STOPPED)
            for one in self._on.book.get(task_id).checks
        )
        return await self._on.book.change_if(
            task_id,
            {State.CHECKING},
            quietly=True,
            state=State.REVIEW,
            why=_STOPPED,
            checks=checks,
        )

    async def run(
        self, name: str, *, names: Collection[str] | None, progress: Say
    ) -> Task:
        """Run a task's checks, or some of them, now; give it when they are over.

        A request that is cancelled stops them.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, *_AT_REST, to="check")
            await require_worktree(task, to="check")
            policy = await self._on.starter.policy(task)
            checks = choose(policy.config, task.checks, names=names)
            saved = await self._on.checkpoints.take(
                policy.repository, task, reason="Before the checks"
            )
            why = "" if task.state is State.REVIEW else task.why
            await self._on.book.change(task_id, quietly=True, state=State.REVIEW)
            await self._on.book.change(
                task_id,
                quietly=True,
                state=State.CHECKING,
                why="",
                checked=stamp_of(policy.config, saved.tree),
                checks=checks,
            )
            running = self._begin(task_id, why=why, say=progress, quietly=True)
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            if not self._on.starter.closing:
                await self._on.background.to_the_end(
                    self.cancel(task_id), name=f"stop the checks of {task_id}"
                )
            raise
        return self._on.book.get(task_id)

    def _begin(
        self, task_id: TaskId, *, why: str, say: Say = silent, quietly: bool = False
    ) -> "asyncio.Task[None]":
        running = self._on.background.spawn(
            self._run(task_id, why=why, say=say, quietly=quietly),
            name=f"checks of {task_id}",
        )
        self._running[task_id] = running

        def over(done: "asyncio.Task[None]") -> None:
            if self._running.get(task_id) is done:
                del self._running[task_id]
            if not done.cancelled() and not self._on.starter.closing:
                free = self._to_review(task_id, why=_BUG, quietly=False)
                self._on.background.spawn(free, name=f"free {task_id} of its checks")

        running.add_done_callback(over)
        return running

    async def _run(self, task_id: TaskId, *, why: str, say: Say, quietly: bool) -> None:
        try:
            said = await self._check_all(task_id, say=say)
        except AgentlsError as error:
            said = f"Its checks could not be run: {error.message} {error.hint}"
        await self._to_review(task_id, why=f"{why} {said}".strip(), quietly=quietly)

    async def _to_review(self, task_id: TaskId, *, why: str, quietly: bool) -> None:
        """Call a person, unless the task has gone on by another way."""
        while True:
            try:
                await self._on.book.change_if(
                    task_id,
                    {State.CHECKING},
                    quietly=quietly,
                    state=State.REVIEW,
                    why=why,
                )
            except UnknownTask:
                return
            except StorageFull as error:
                _LOG.warning("the end of its checks can't be kept yet: %s", error)
                await asyncio.sleep(ROOM_SECONDS)
            else:
                return

    async def _check_all(self, task_id: TaskId, *, say: Say) -> str:
        """Run what is still to be run; give what a person is to be told of it."""
        task = self._on.book.get(task_id)
        policy = await self._on.starter.policy(task)
        saved = await self._on.checkpoints.last(task)
        if saved is None:
            return ""
        stamp = stamp_of(policy.config, saved.tree)
        if task.checked != stamp or all(one.outcome.over for one in task.checks):
            task = await self._on.book.change(
                task_id,
                quietly=True,
                checks=fresh_results(policy.config),
                checked=stamp,
            )
        paths = await self._runs.changed(policy, task, saved)
        told: list[str] = []
        for result in task.checks:
            if not result.outcome.over:
                say(f"Checking: {result.name}")
                said = await self._runs.finish(
                    task, result, policy=policy, saved=saved, paths=paths
                )
                told += [said] * bool(said)
        return " ".join((in_words(self._on.book.get(task_id).checks), *told)).strip()


def _is_final(outcome: CheckOutcome) -> bool:
    return outcome.over and outcome is not CheckOutcome.STOPPED
