"""One check from its beginning to its end, in a session of its own."""

import sqlite3
from collections.abc import Sequence

import attrs

from agentls.config import REVIEWER
from agentls.errors import AgentlsError
from agentls.git.changes import changed_paths
from agentls.model import (
    CheckOutcome,
    Checkpoint,
    CheckResult,
    Session,
    SessionKind,
    Task,
    TaskId,
)
from agentls.review.checks import in_words, is_about
from agentls.store import checks as table
from agentls.store.checks import CheckRun
from agentls.store.database import Database
from agentls.tasks.book import now
from agentls.tasks.operations import Operations
from agentls.tasks.reviewer import Reviewer
from agentls.tasks.running import Program, of_commands
from agentls.tasks.starting import STOP_GRACE
from agentls.tasks.trusting import Policy

__all__ = ["CheckRuns"]

_REVIEWER_SECONDS = 1800.0


class CheckRuns:
    """Runs checks, or waits for those that an earlier daemon began."""

    def __init__(
        self, operations: Operations, *, database: Database, reviewer: Reviewer
    ) -> None:
        self._on = operations
        self._database = database
        self._reviewer = reviewer

    async def changed(
        self, policy: Policy, task: Task, saved: Checkpoint
    ) -> list[bytes]:
        """Give the paths that the checks are about."""
        files = await changed_paths(policy.repository, task.base.commit, saved.commit)
        return [file.path for file in files]

    async def finish(
        self,
        task: Task,
        result: CheckResult,
        *,
        policy: Policy,
        saved: Checkpoint,
        paths: Sequence[bytes],
    ) -> str:
        """Bring one check to its end; what came of it is in the book then.

        Gives what a person is to be told besides; mostly nothing.
        """
        check = policy.config.checks.get(result.name)
        skipped = (
            bool(
                in_words(self._on.book.get(task.id).checks)
            )  # it is to be mended first
            if check is None
            else not is_about(check, paths)
        )
        if skipped:
            await self._mark(
                task.id, attrs.evolve(result, outcome=CheckOutcome.SKIPPED)
            )
            return ""
        try:
            session = await self._session(task, result, policy=policy, saved=saved)
        except AgentlsError as error:
            await self._mark(task.id, attrs.evolve(result, outcome=CheckOutcome.LOST))
            return f"{result.name}: {error.message}"
        within = check.timeout if check else _REVIEWER_SECONDS
        outcome, session = await self._on.starter.runner.outcome(
            task, session, within=within, grace=STOP_GRACE
        )
        said = ""
        if check is None and outcome is CheckOutcome.PASSED:
            said = await self._reviewer.take(task, session, policy=policy, saved=saved)
        await self.end(task, session, outcome=outcome)
        return said

    async def end(self, task: Task, session: Session, *, outcome: CheckOutcome) -> None:
        """Keep what came of the check that has this session."""
        ended = session.exit.ended if session.exit else now()
        seconds = max(0.0, (ended - session.started).total_seconds())
        await self._database.transaction(
            lambda db: table.end_run(db, session.id, outcome=outcome, ended=ended)
        )
        for one in self._on.book.get(task.id).checks:
            if one.session == session.id:
                await self._mark(
                    task.id, attrs.evolve(one, outcome=outcome, seconds=seconds)
                )

    async def _session(
        self, task: Task, result: CheckResult, *, policy: Policy, saved: Checkpoint
    ) -> Session:
        """Give the check's session: the one that an earlier daemon began, or a new one.

        One that was lost with that daemon, or in a reboot, is begun again.
        """
        book, runner = self._on.book, self._on.starter.runner
        known = book.session(result.session) if result.session else None
        if known is not None and not known.lost:
            return known
        kind = SessionKind.REVIEWER if result.name == REVIEWER else SessionKind.CHECK
        program = (
            await self._reviewer.program(task, policy=policy, saved=saved)
            if kind is SessionKind.REVIEWER
            else await self._program(task, result.name, policy=policy)
        )
        async with runner.starting[task.id]:
            # Noted before it begins, so that no check is begun twice.
            running = attrs.evolve(
                result, outcome=CheckOutcome.RUNNING, session=runner.next_id(task)
            )
            await self._mark(task.id, running)
            session = await runner.start(task, program, kind=kind)
        run = CheckRun(
            session=session.id,
            task=task.id,
            checkpoint=saved.commit,
            name=result.name,
            mode=result.mode,
            begun=session.started,
        )

        def insert(connection: sqlite3.Connection) -> None:
            table.insert_run(connection, run)

        await self._database.transaction(insert)
        return session

    async def _program(self, task: Task, name: str, *, policy: Policy) -> Program:
        check = policy.config.checks[name]
        environment = await self._on.starter.agency.environment(task, policy.config)
        own = {"AGENTLS_CHECK": name, "AGENTLS_BASE": task.base.commit}
        return of_commands(check.run, title=name, environment={**environment, **own})

    async def _mark(self, task: TaskId, result: CheckResult) -> None:
        checks = tuple(
            result if one.name == result.name else one
            for one in self._on.book.get(task).checks
        )
        await self._on.book.change(task, quietly=True, checks=checks)
