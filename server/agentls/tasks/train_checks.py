"""The checks of a train, run on its tasks' work together."""

from agentls.errors import AgentlsError
from agentls.model import CheckOutcome, CheckResult
from agentls.tasks.operations import Operations
from agentls.tasks.running import of_commands
from agentls.tasks.train_worktree import Together, TrainWorktree, run_program
from agentls.tasks.trusting import Policy

__all__ = ["TrainChecks"]


class TrainChecks:
    """Runs single checks on what goes in together."""

    def __init__(
        self, operations: Operations, *, policy: Policy, worktree: TrainWorktree
    ) -> None:
        self._on = operations
        self._policy = policy
        self._worktree = worktree

    async def run(self, name: str, on: Together) -> CheckResult:
        """Run one check; raises `AgentlsError` where it can't be run at all."""
        check = self._policy.config.checks[name]
        stand_in = await self._worktree.at(on)
        environment = await self._worktree.environment(stand_in)
        own = {"AGENTLS_CHECK": name, "AGENTLS_BASE": on.target}
        session, outcome = await run_program(
            self._on,
            stand_in,
            of_commands(
                check.run, title=on.title(name), environment={**environment, **own}
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
