"""The agents that can be named: built in, changed or added by the config."""

import asyncio
import contextlib
import functools
import importlib.resources
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from agentls.agents.definition import DEFINITION, Definition
from agentls.agents.definition_checks import check_definition
from agentls.config import (
    Config,
    ConfigError,
    Document,
    Problem,
    merge_tables,
    parse_document,
)
from agentls.config.routing import AUTO
from agentls.config.shapes import Fault
from agentls.errors import AgentMissing, UnknownAgent
from agentls.model import AgentName
from agentls.threads import in_thread

__all__ = [
    "Catalogue",
    "Detected",
    "default_agent",
    "detect",
    "find_program",
    "load_agents",
    "require_program",
]

_PREFERRED = ("claude", "codex", "opencode", "aider")
_VERSION = re.compile(r"\d+(?:\.\d+)+[-+.\w]*")
_VERSION_SECONDS = 10.0
_VERSION_BYTES = 1 << 16


@attrs.frozen(kw_only=True)
class Catalogue:
    """Every agent by name, those first that are chosen first."""

    definitions: Mapping[AgentName, Definition]

    def get(self, name: str) -> Definition:
        """Give the definition; raises `UnknownAgent`."""
        if (found := self.definitions.get(AgentName(name))) is not None:
            return found
        raise UnknownAgent(
            f"There is no agent {name!r}; nothing was started.",
            hint="There are " + ", ".join(sorted(self.definitions)) + "; a table"
            f" [agents.{name}] in your config would define it.",
        )


@attrs.frozen(kw_only=True)
class Detected:
    """An agent's program on this machine."""

    path: Path
    version: str | None


def load_agents(config: Config) -> Catalogue:
    """Read the built-in definitions and the config's.

    Raises `ConfigError` with all that is wrong in the config's. Blocking.
    """
    built_in = _built_in()
    names = dict.fromkeys((*_PREFERRED, *sorted(built_in), *sorted(config.agents)))
    definitions: dict[AgentName, Definition] = {}
    problems: list[Problem] = []
    for name in names:
        own = config.agents.get(name, {})
        base = built_in.get(name)
        if base is not None and not own:
            definitions[AgentName(name)] = _built_in_definition(name)
            continue
        # A `command` says all: nothing of a built-in agent of that name is meant.
        table = merge_tables(base.table if base and "command" not in own else {}, own)
        if name == AUTO:
            named = Fault(at=(), message="is no agent's name: it chooses one")
            problems.append(_problem(named, name, config=config, base=base))
        elif faults := tuple(check_definition(table)):
            problems += (
                _problem(fault, name, config=config, base=base) for fault in faults
            )
        else:
            definitions[AgentName(name)] = _built(name, table)
    if problems:
        raise ConfigError(tuple(problems))
    return Catalogue(definitions=definitions)


def find_program(definition: Definition, environ: Mapping[str, str]) -> Path | None:
    """Find the agent's program on the PATH of that environment."""
    path = environ.get("PATH", os.defpath)
    found = shutil.which(definition.program, path=path)
    # A relative folder on the PATH would be searched from the daemon's own folder.
    return Path(found) if found and Path(found).is_absolute() else None


async def detect(
    definition: Definition, *, environ: Mapping[str, str]
) -> Detected | None:
    """Find the agent's program and ask for its version; None when it is missing."""
    path = await in_thread(find_program, definition, environ)
    if path is None:
        return None
    version = None
    if definition.version:
        version = await _version((str(path), *definition.version), environ=environ)
    return Detected(path=path, version=version)


def require_program(definition: Definition, environ: Mapping[str, str]) -> Path:
    """Find the agent's program; raises `AgentMissing`."""
    if (found := find_program(definition, environ)) is not None:
        return found
    how = definition.install or f"Put {definition.program!r} there."
    raise AgentMissing(
        f"The agent {definition.name} isn't installed: there is no"
        f" {definition.program!r} on the PATH of a new terminal. Nothing was started.",
        hint=f"{how} Agents have the PATH of a new terminal, not of this one.",
    )


def default_agent(catalogue: Catalogue, environ: Mapping[str, str]) -> Definition:
    """Give the first agent that is installed and may be chosen unasked.

    Raises `AgentMissing` when there is none.
    """
    offered = [one for one in catalogue.definitions.values() if one.preset]
    for definition in offered:
        if find_program(definition, environ) is not None:
            return definition
    raise AgentMissing(
        "No coding agent is installed; nothing was started. Looked for "
        + ", ".join(one.program for one in offered)
        + ".",
        hint="Install one: `agentls agents` says how. To try agentls without, give a"
        " shell script as the prompt: `agentls run --agent shell 'echo hi > hi.txt'`.",
    )


def _built(name: str, table: Mapping[str, Any]) -> Definition:
    built = cast("Definition", DEFINITION.build(dict(table)))
    return attrs.evolve(built, name=AgentName(name))


@functools.cache
def _built_in_definition(name: str) -> Definition:
    """Give the definition as it comes with agentls; it has no faults."""
    return _built(name, _built_in()[name].table)


@functools.cache  # they are looked at with every event of an agent
def _built_in() -> Mapping[str, Document]:
    documents: dict[str, Document] = {}
    folder = importlib.resources.files("agentls.agents") / "definitions"
    for entry in folder.iterdir():
        name, dot, kind = entry.name.rpartition(".")
        if dot and kind == "toml":
            text = entry.read_text("utf-8")
            documents[name] = parse_document(text, file=Path(entry.name))
    return documents


def _problem(
    fault: Fault, name: str, *, config: Config, base: Document | None
) -> Problem:
    """Say where a fault stands: in the nearest file that has the key, or a part of it.

    Built-in files have no faults: what is wrong came with the config.
    """
    at = ("agents", name, *fault.at)
    for end in range(len(at), 1, -1):
        for document in reversed(config.documents):
            if document.holds(at[:end]):
                return document.problem(attrs.evolve(fault, at=at))
    assert base is not None  # noqa: S101 - whatever has a name stands somewhere
    return base.problem(fault)


async def _version(argv: tuple[str, ...], *, environ: Mapping[str, str]) -> str | None:
    """Run a program that prints its version; None when it doesn't in time."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        return None
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    printed = b""
    try:
        async with asyncio.timeout(_VERSION_SECONDS):
            while piece := await process.stdout.read(_VERSION_BYTES - len(printed)):
                printed += piece
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # a wrapper's children too
            await process.wait()
    found = _VERSION.search(printed.decode("utf-8", "replace"))
    return found[0] if found else None
