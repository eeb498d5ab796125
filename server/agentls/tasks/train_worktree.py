"""The worktree in which a train is checked: for each check as fresh as a task's own.

It is lent by the pool and no task's; nobody's files are touched. It is made when the
first check wants it. What a check leaves there goes before the next one; what `copy`
and `setup` made stays as long as it is what they would make again, else the worktree
is made anew.
"""

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from agentls.errors import AgentlsError
from agentls.git.commits import tree_of
from agentls.git.spare import can_follow, is_changed, reset_spare, tracked_files
from agentls.model import CheckOutcome, CommitId, Session, SessionKind, Task
from agentls.tasks import preparing
from agentls.tasks.leavings import Fixture, survey, tidy
from agentls.tasks.operations import Operations
from agentls.tasks.pool import Pool
from agentls.tasks.running import Program, of_commands
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.starting import STOP_GRACE, Say
from agentls.tasks.trusting import Policy
from agentls.threads import in_thread

__all__ = ["Together", "TrainWorktree", "run_program"]


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

    def title(self, name: str) -> str:
        """Name a session of theirs."""
        if self.count == 0:
            return f"{name} (the target of a train)"
        return f"{name} (train of {self.count})"


@attrs.frozen(kw_only=True)
class _Made:
    """A worktree, and what is known of it."""

    path: Path
    at: CommitId
    made_of: str | None
    """What decided what was made here; None where it must be made each time."""
    fixture: Fixture
    lending: contextlib.AsyncExitStack


class TrainWorktree:
    """A context in which a train's worktree is there; it goes afterwards."""

    def __init__(
        self,
        operations: Operations,
        *,
        pool: Pool,
        setup_cache: SetupCache,
        policy: Policy,
        say: Say,
    ) -> None:
        self._on = operations
        self._pool = pool
        self._setup_cache = setup_cache
        self._policy = policy
        self._say = say
        self._made: _Made | None = None

    async def __aenter__(self) -> Self:
        """Give this; nothing is made yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the worktree back, if there is one."""
        await self._give_back()

    async def at(self, on: Together) -> Task:
        """Give the task as if it stood here, with that commit and nothing besides."""
        if self._made is None or not await self._bring(self._made, on):
            await self._give_back()
            await self._make(on)
        assert self._made is not None  # noqa: S101 - one or the other made it
        return attrs.evolve(on.task, worktree=self._made.path)

    async def environment(self, stand_in: Task) -> dict[str, str]:
        """Give what a program here gets as its environment."""
        agency = self._on.starter.agency
        return dict(await agency.environment(stand_in, self._policy.config))

    async def _bring(self, made: _Made, on: Together) -> bool:
        """Bring what is there to a commit; tell whether it is as if made for it."""
        if made.made_of is None:
            return False
        repository, path = self._policy.repository, made.path
        try:
            tracked = await tracked_files(repository, path)
            clean = await in_thread(
                tidy, path, tracked=tracked, fixture=made.fixture
            ) and await can_follow(repository, old=made.at, new=on.commit)
            if not clean:
                return False
            await reset_spare(repository, path=path, new=on.commit)
        except AgentlsError:  # its index or HEAD is what a check made of it
            return False
        self._made = attrs.evolve(made, at=on.commit)
        stand_in = attrs.evolve(on.task, worktree=path)
        return await self._decider(stand_in, on) == made.made_of

    async def _make(self, on: Together) -> None:
        repository = self._policy.repository
        self._say("Making a worktree for the train")
        async with contextlib.AsyncExitStack() as lending:
            path = await lending.enter_async_context(
                self._pool.lent(self._policy, on.commit)
            )
            stand_in = attrs.evolve(on.task, worktree=path)
            # Before the setup, which may write into these files.
            made_of: str | None = await self._decider(stand_in, on)
            await preparing.copy_into(stand_in, policy=self._policy, say=self._say)
            await self._setup_cache.set_up(
                stand_in,
                self._policy.config,
                say=self._say,
                run=lambda: self._run_setup(stand_in, on),
            )
            tracked = await tracked_files(repository, path)
            if await is_changed(repository, path):  # no reset makes that again
                made_of = None
            self._made = _Made(
                path=path,
                at=on.commit,
                made_of=made_of,
                fixture=await in_thread(survey, path, tracked=tracked),
                lending=lending.pop_all(),
            )

    async def _give_back(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            await made.lending.aclose()

    async def _decider(self, stand_in: Task, on: Together) -> str:
        """Give what decides what the setup makes: if nothing else is said, all files.

        `cache.skip_setup` says that the keys of the cache do.
        """
        config = self._policy.config
        if not config.setup:
            return ""
        if config.cache is not None and config.cache.skip_setup:
            place = await self._setup_cache.place(stand_in, config)
            if place is not None:
                return str(place)
        return await tree_of(self._policy.repository, on.commit)

    async def _run_setup(self, stand_in: Task, on: Together) -> None:
        config = self._policy.config
        session, outcome = await run_program(
            self._on,
            stand_in,
            of_commands(
                config.setup,
                title=on.title("setup"),
                environment=await self.environment(stand_in),
            ),
            within=config.setup_timeout,
        )
        if outcome is not CheckOutcome.PASSED:
            raise AgentlsError(
                "The setup failed in the worktree of the train; nothing was merged.",
                hint=f"`agentls logs {stand_in.id} --session {session.id}` shows it.",
            )


async def run_program(
    operations: Operations, stand_in: Task, program: Program, *, within: float
) -> tuple[Session, CheckOutcome]:
    """Run a program of a train to its end; who is cancelled meanwhile ends it."""
    runner = operations.starter.runner
    session = await runner.start(stand_in, program, kind=SessionKind.TRAIN)
    try:
        outcome, session = await runner.outcome(
            stand_in, session, within=within, grace=STOP_GRACE
        )
    except asyncio.CancelledError:
        if not operations.starter.closing:
            stop = runner.stop(stand_in, grace=STOP_GRACE, only=session.id)
            await operations.background.to_the_end(stop, name=f"stop {session.id}")
        raise
    return session, outcome
