"""Which agents there are: named, installed, new enough, chosen where none is named."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import attrs

from agentls.agents.catalogue import (
    Catalogue,
    Detected,
    default_agent,
    detect,
    find_program,
    load_agents,
    require_program,
)
from agentls.agents.definition import Definition
from agentls.config import Config
from agentls.config.routing import AUTO
from agentls.errors import AgentMissing, UnknownAgent
from agentls.model import AgentName
from agentls.record import is_older
from agentls.sessions.environment import UserEnvironment
from agentls.threads import in_thread

__all__ = ["ListedAgent", "Roster"]


@attrs.frozen(kw_only=True)
class ListedAgent:
    """An agent that can be named."""

    name: AgentName
    title: str
    path: Path | None
    version: str | None
    default: bool
    hint: str
    tested: str | None
    """The version that its definition was tried with, and the oldest that works:"""
    minimum: str | None


class Roster:
    """Knows the agents of a config, and which of them the user has."""

    def __init__(self, environment: Callable[[], Awaitable[UserEnvironment]]) -> None:
        self._environment = environment
        self._versions: dict[tuple[Path, int], str | None] = {}

    async def choose(self, asked: str | None, config: Config) -> AgentName:
        """Choose the agent: the one named, the configured one, or the first there is.

        Raises `UnknownAgent`, or `AgentMissing` when its program isn't installed.
        """
        catalogue = await in_thread(load_agents, config)
        environ = (await self._environment()).values
        name = asked or config.agent
        if name is None:
            return (await in_thread(default_agent, catalogue, environ)).name
        definition = catalogue.get(name)
        path = await in_thread(require_program, definition, environ)
        await self.require_version(definition, path, environ)
        return definition.name

    async def chosen_by_itself(self, config: Config) -> tuple[AgentName, ...]:
        """Give the agents that are installed and may be chosen unasked.

        Raises `AgentMissing` when there is none.
        """
        catalogue = await in_thread(load_agents, config)
        environ = (await self._environment()).values

        def look() -> tuple[AgentName, ...]:
            default_agent(catalogue, environ)
            return tuple(
                one.name
                for one in catalogue.definitions.values()
                if one.preset and find_program(one, environ)
            )

        return await in_thread(look)

    async def installed(self, config: Config) -> tuple[AgentName, ...]:
        """Give the agents that can be named and are installed, whatever their age."""
        catalogue = await in_thread(load_agents, config)
        environ = (await self._environment()).values
        return await in_thread(
            lambda: tuple(
                one.name
                for one in catalogue.definitions.values()
                if find_program(one, environ)
            )
        )

    async def is_there(self, name: AgentName, config: Config) -> bool:
        """Tell whether an agent is known and installed."""
        try:
            await self.choose(name, config)
        except (AgentMissing, UnknownAgent):
            return False
        return True

    async def require_version(
        self, definition: Definition, path: Path, environ: Mapping[str, str]
    ) -> None:
        """Raise `AgentMissing` for a program that is known to be too old."""
        if definition.minimum is None:
            return
        asked = path, await in_thread(_changed, path)
        if asked not in self._versions:
            found = await detect(definition, environ=environ)
            self._versions[asked] = found and found.version
        version = self._versions[asked]
        if version is not None and is_older(version, than=definition.minimum):
            raise AgentMissing(
                f"{path} is version {version}, older than {definition.minimum}, from"
                f" which on the agent {definition.name} works. Nothing was started.",
                hint=definition.install or "Update it.",
            )

    async def listed(self, config: Config) -> tuple[ListedAgent, ...]:
        """List the agents, with the versions of those that are installed."""
        catalogue = await in_thread(load_agents, config)
        environ = (await self._environment()).values
        default = await in_thread(_default, catalogue, environ, config)
        listed: list[ListedAgent] = []
        for definition in catalogue.definitions.values():
            found = await detect(definition, environ=environ)
            listed.append(
                ListedAgent(
                    name=definition.name,
                    title=definition.title or definition.name,
                    path=found and found.path,
                    version=found and found.version,
                    default=definition.name == default,
                    hint=_hint(definition, found),
                    tested=definition.tested,
                    minimum=definition.minimum,
                )
            )
        return tuple(listed)


def _hint(definition: Definition, found: Detected | None) -> str:
    if found is None:
        return definition.install or ""
    minimum = definition.minimum
    if minimum and found.version and is_older(found.version, than=minimum):
        return f"Too old: it needs {minimum} or later."
    return ""


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _default(
    catalogue: Catalogue, environ: Mapping[str, str], config: Config
) -> str | None:
    if config.agent not in {None, AUTO}:
        return config.agent
    try:
        return default_agent(catalogue, environ).name
    except AgentMissing:
        return None
