"""Agents at work for tasks: which there are, what they are started with."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.config import Config
from agentls.errors import UnknownAgent
from agentls.model import AgentName, Task
from agentls.paths import Paths
from agentls.sessions.environment import (
    UserEnvironment,
    agent_environment,
    user_environment,
)
from agentls.tasks.running import Program

__all__ = ["Agency", "ListedAgent"]


@attrs.frozen(kw_only=True)
class ListedAgent:
    """An agent that can be named."""

    name: AgentName
    title: str
    path: Path | None
    version: str | None
    default: bool
    hint: str


class Agency:
    def __init__(self, *, paths: Paths) -> None:
        self._paths = paths

    async def user_environment(self) -> UserEnvironment:
        """Give the environment that a new terminal of the user's would have."""
        account = pwd.getpwuid(os.getuid())
        home = Path(os.environ.get("HOME") or account.pw_dir)
        return await user_environment(
            shell=os.environ.get("SHELL") or account.pw_shell or "/bin/sh",
            home=home,
            base_env={
                "USER": account.pw_name,
                "LOGNAME": account.pw_name,
                "PATH": os.environ.get("PATH", os.defpath),
            },
            cache=self._paths.state / "environment.json",
        )

    async def environment(self, task: Task, config: Config) -> Mapping[str, str]:
        user = await self.user_environment()
        return agent_environment(
            user,
            client_env=task.environment,
            config_env=config.env,
            own={
                "AGENTLS_TASK": task.id,
                "AGENTLS_WORKTREE": str(task.worktree),
                "AGENTLS_STATE_DIR": str(self._paths.state),
            },
        )

    async def choose(self, asked: str | None, config: Config) -> AgentName:
        if asked != "shell":
            raise UnknownAgent(f"There is no agent {asked!r}.")
        return AgentName("shell")

    async def listed(self, config: Config) -> tuple[ListedAgent, ...]:
        return ()

    def typed(self, task: Task, config: Config, text: str) -> bytes | None:
        return text.encode() + b"\n"

    async def program(self, task, config, *, session, prompt, resume):
        env = await self.environment(task, config)
        return Program(
            title="shell", argv=("/bin/sh", "-c", prompt), environment=env
        ), None

    async def last_event(self, task, session, config):
        return None
