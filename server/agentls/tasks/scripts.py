"""Scripts: what a person has run in a task's worktree, such as a server to look at.

Each runs in a session of its own, beside the agent and whatever the task's state is.
It ends when it is stopped, with the task's stop, merge or discard, or by itself.
"""

from collections.abc import Mapping

import attrs

from agentls.config.running import Script
from agentls.errors import InvalidParams, InvalidState
from agentls.model import Session, SessionKind, State, Task, TaskId
from agentls.tasks.operations import Operations
from agentls.tasks.resuming import require_worktree
from agentls.tasks.running import of_commands
from agentls.tasks.starting import STOP_GRACE
from agentls.tasks.states import require_state

__all__ = ["ListedScript", "Scripts"]

_HAS_WORKTREE = (
    *(State.WORKING, State.WAITING, State.CHECKING),
    *(State.REVIEW, State.FAILED, State.INTERRUPTED),
)


@attrs.frozen(kw_only=True)
class ListedScript:
    """A script of the config, and how it stands with one task."""

    name: str
    commands: tuple[str, ...]
    session: Session | None
    """Its last run for the task."""


class Scripts:
    """Runs the config's scripts for tasks."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations

    async def list(self, name: str) -> tuple[ListedScript, ...]:
        """Give the scripts that there are for a task; raise `Untrusted`."""
        task = self._on.book.get(name)
        return tuple(
            ListedScript(
                name=one, commands=script.run, session=self._last(task.id, one)
            )
            for one, script in (await self._scripts(task)).items()
        )

    async def run(self, name: str, script: str | None) -> tuple[Task, Session]:
        """Start a script in a task's worktree, or give the session that runs it.

        The only one there is, where none is named. Raises `InvalidParams` for one
        that isn't there.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, *_HAS_WORKTREE, to="run a script in")
            await require_worktree(task, to="run a script in")
            policy = await self._on.starter.policy(task)
            chosen = _choose(policy.config.run, script)
            known = self._last(task_id, chosen)
            if known is not None and known.live:
                return task, known
            agency, runner = self._on.starter.agency, self._on.starter.runner
            environment = await agency.environment(task, policy.config)
            async with runner.starting[task_id]:
                session = await runner.start(
                    task,
                    of_commands(
                        policy.config.run[chosen].run,
                        title=chosen,
                        environment={**environment, "AGENTLS_SCRIPT": chosen},
                    ),
                    kind=SessionKind.SCRIPT,
                )
            return self._on.book.get(task_id), session

    async def stop(self, name: str, script: str | None) -> Task:
        """End a script that runs for a task, or all of them; the agent goes on."""
        task = self._on.book.get(name)
        running = [
            one
            for one in self._on.book.sessions(task.id)
            if one.kind is SessionKind.SCRIPT
            and one.live
            and script in {None, one.title}
        ]
        if not running:
            raise InvalidState(
                f"No script{f' {script}' if script else ''} runs for task {task.id}.",
                hint=f"`agentls script {task.id} --list` shows which there are.",
            )
        for session in running:
            runner = self._on.starter.runner
            await runner.stop(task, grace=STOP_GRACE, only=session.id)
        return self._on.book.get(task.id)

    async def _scripts(self, task: Task) -> Mapping[str, Script]:
        return (await self._on.starter.policy(task)).config.run

    def _last(self, task: TaskId, script: str) -> Session | None:
        for session in reversed(self._on.book.sessions(task)):
            if session.kind is SessionKind.SCRIPT and session.title == script:
                return session
        return None


def _choose(scripts: Mapping[str, Script], name: str | None) -> str:
    if not scripts:
        raise InvalidParams(
            "The configuration has no script to run.",
            hint='Add one to .agentls.toml: [run.dev] and, below it, run = "…".',
        )
    if name is None and len(scripts) == 1:
        return next(iter(scripts))
    if name is None or name not in scripts:
        missing = f"No script is {name!r}" if name else "Which script isn't said"
        raise InvalidParams(
            f"{missing}; there are: {', '.join(scripts)}.", hint="Name one of them."
        )
    return name
