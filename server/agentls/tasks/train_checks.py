"""The checks of a train, run on its tasks' work together, in a worktree of its own.

The worktree is lent by the pool and no task's; nobody's files are touched. It is made
when the first check wants it: `copy` and `setup` once, and for each check the commit.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

import attrs

from agentls.errors import AgentlsError
from agentls.git.spare import reset_spare
from agentls.model import (
    CheckOutcome,
    CheckResult,
    CommitId,
    Session,
    SessionKind,
    Task,
)
from agentls.tasks import preparing
from agentls.tasks.operations import Operations
from agentls.tasks.pool import Pool
from agentls.tasks.running import Program, of_commands
from agentls.tasks.starting import STOP_GRACE, Say
from agentls.tasks.trusting import Policy

__all__ = ["Together", "TrainChecks", "train_checks"]


@attrs.frozen(kw_only=True)
class Together:
    """The tasks of a train, or the first of them, as one commit."""

    task: Task
    """The last of them; it has the sessions."""
    count: int
    """How many they are."""
    commit: CommitId
    target: CommitId
    """Where their target stands."""


class TrainChecks:
    """Runs single checks on what goes in together."""

    def __init__(
        self,
        operations: Operations,
        *,
        pool: Pool,
        policy: Policy,
        lending: contextlib.AsyncExitStack,
        say: Say,
    ) -> None:
        self._on = operations
        self._pool = pool
        self._policy = policy
        self._lending = lending
        self._say = say
        self._worktree: Path | None = None

    async def run(self, name: str, on: Together) -> CheckResult:
        """Run one check; raises `AgentlsError` where it can't be run at all."""
        check = self._policy.config.checks[name]
        stand_in = await self._prepared(on)
        environment = await self._environment(stand_in)
        own = {"AGENTLS_CHECK": name, "AGENTLS_BASE": on.target}
        session, outcome = await self._finish(
            stand_in,
            of_commands(
                check.run, title=_title(name, on), environment={**environment, **own}
            ),
            within=check.timeout,
        )
        if outcome is CheckOutcome.LOST:
            raise AgentlsError(
                f"The check {name} of the train vanished without an exit status.",
                hint="Try again.",
            )
        ended = session.exit.ended if session.exit else session.started
        return CheckResult(
            name=name,
            mode=check.mode,
            outcome=outcome,
            seconds=max(0.0, (ended - session.started).total_seconds()),
            session=session.id,
        )

    async def _prepared(self, on: Together) -> Task:
        """Give the task as if it stood in the train's worktree, at that commit."""
        repository = self._policy.repository
        if self._worktree is not None:
            await reset_spare(repository, path=self._worktree, new=on.commit)
            return attrs.evolve(on.task, worktree=self._worktree)
        self._say("Making a worktree for the train")
        self._worktree = await self._lending.enter_async_context(
            self._pool.lent(self._policy, on.commit)
        )
        stand_in = attrs.evolve(on.task, worktree=self._worktree)
        await preparing.copy_into(stand_in, policy=self._policy, say=self._say)
        await self._set_up(stand_in, on)
        return stand_in

    async def _set_up(self, stand_in: Task, on: Together) -> None:
        config = self._policy.config
        if not config.setup:
            return
        self._say("Running the setup in the train's worktree")
        session, outcome = await self._finish(
            stand_in,
            of_commands(
                config.setup,
                title=_title("setup", on),
                environment=await self._environment(stand_in),
            ),
            within=config.setup_timeout,
        )
        if outcome is not CheckOutcome.PASSED:
            raise AgentlsError(
                "The setup failed in the worktree of the train; nothing was merged.",
                hint=f"`agentls logs {stand_in.id} --session {session.id}` shows it.",
            )

    async def _environment(self, stand_in: Task) -> dict[str, str]:
        agency = self._on.starter.agency
        return dict(await agency.environment(stand_in, self._policy.config))

    async def _finish(
        self, stand_in: Task, program: Program, *, within: float
    ) -> tuple[Session, CheckOutcome]:
        """Run a program to its end; who is cancelled meanwhile ends it."""
        runner = self._on.starter.runner
        session = await runner.start(stand_in, program, kind=SessionKind.TRAIN)
        try:
            outcome, session = await runner.outcome(
                stand_in, session, within=within, grace=STOP_GRACE
            )
        except asyncio.CancelledError:
            if not self._on.starter.closing:
                stop = runner.stop(stand_in, grace=STOP_GRACE, only=session.id)
                await self._on.background.to_the_end(stop, name=f"stop {session.id}")
            raise
        return session, outcome


@contextlib.asynccontextmanager
async def train_checks(
    operations: Operations, *, pool: Pool, policy: Policy, say: Say
) -> AsyncGenerator[TrainChecks]:
    """Give what runs checks on a train; the worktree goes when the context ends."""
    async with contextlib.AsyncExitStack() as lending:
        yield TrainChecks(
            operations, pool=pool, policy=policy, lending=lending, say=say
        )


def _title(name: str, on: Together) -> str:
    if on.count == 0:
        return f"{name} (the target of a train)"
    return f"{name} (train of {on.count})"
