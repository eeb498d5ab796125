"""What a repository would run, as exact texts for the user to trust or not.

Pure functions: who decided what is kept by the store.
"""

# Invariant: a repository can't run code by being opened (tests/test_trust.py).

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import attrs

from agentls.config import RUNS, Config, LoadedConfig
from agentls.errors import Untrusted

__all__ = [
    "SCRIPT_AGENT",
    "Decision",
    "TrustItem",
    "describe",
    "effective_config",
    "required",
]

Decision = Literal["allowed", "denied"]

SCRIPT_AGENT = "shell"
"""The agent for which a prompt is a script: no repository may choose it unasked."""


@attrs.frozen(kw_only=True)
class TrustItem:
    """One text that would run, and the digest by which a decision about it is kept."""

    kind: Literal["config", "filter", "hook", "signing"]
    repository: Path
    name: str
    """The config's key, or the name of the filter or hook."""
    text: str
    """All that would run, for a person to read."""
    digest: str
    """Differs whenever kind, name or the value differ in anything."""

    @classmethod
    def of_git(
        cls,
        kind: Literal["filter", "hook", "signing"],
        repository: Path,
        *,
        name: str,
        text: str,
    ) -> "TrustItem":
        """Make the item of a filter, hook or signing program that git would run."""
        return cls(
            kind=kind,
            repository=repository,
            name=name,
            text=text,
            digest=_digest(kind, name, text),
        )


def required(loaded: LoadedConfig) -> tuple[TrustItem, ...]:
    """Give all that the repository's files would run, in a stable order."""
    if loaded.repository is None:
        return ()
    return tuple(
        TrustItem(
            kind="config",
            repository=loaded.repository,
            name=".".join(at),
            text=_text(value),
            digest=_digest("config", ".".join(at), value),
        )
        for at, value in _running(loaded.repository_table())
    )


def effective_config(loaded: LoadedConfig, decisions: Mapping[str, Decision]) -> Config:
    """Give the config without what was denied; `decisions` are by digest.

    Raises `Untrusted` while anything is undecided.
    """
    items = required(loaded)
    if undecided := tuple(item for item in items if item.digest not in decisions):
        raise Untrusted(
            f"{loaded.repository} would run what you haven't trusted yet:\n"
            f"{describe(undecided)}\nNothing was run.",
            hint="`agentls trust` allows exactly this, `agentls trust --deny` goes on"
            " without it.",
        )
    denied = {item.name for item in items if decisions[item.digest] == "denied"}
    return loaded.config(
        without=[
            at
            for at, _ in _running(loaded.repository_table())
            if ".".join(at) in denied
        ]
    )


def describe(items: tuple[TrustItem, ...]) -> str:
    """List the items with their whole texts, safe to print in a terminal."""
    lines: list[str] = []
    for item in items:
        lines.append(f"  {item.kind} {_printable(item.name)}:")
        lines += [f"    {_printable(line)}" for line in item.text.split("\n")]
    return "\n".join(lines)


def _running(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give each key that runs something, with its value in one form."""
    if table.get("agent") == SCRIPT_AGENT:
        yield ("agent",), SCRIPT_AGENT
    if table.get("review", {}).get("agent") == SCRIPT_AGENT:
        yield ("review", "agent"), SCRIPT_AGENT
    for key in RUNS:
        if value := table.get(key):
            yield (key,), [value] if isinstance(value, str) else value
    for name, template in sorted(table.get("templates", {}).items()):
        if template.get("agent") == SCRIPT_AGENT:  # its prompt is a script
            yield ("templates", name), template
    for name in sorted(table.get("agents", {})):
        yield ("agents", name), table["agents"][name]


def _text(value: object) -> str:
    """Write a value for a person: commands as they are, tables as `key = value`."""
    if isinstance(value, list):
        return "\n".join(str(command) for command in cast("list[object]", value))
    if isinstance(value, dict):
        return "\n".join(_lines(cast("dict[str, Any]", value), ""))
    return str(value)


def _lines(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in sorted(table.items()):
        if isinstance(value, dict):
            yield from _lines(cast("dict[str, Any]", value), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name} = {_canonical(value)}"


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _digest(kind: str, name: str, value: object) -> str:
    data = _canonical([kind, name, value]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()


def _printable(text: str) -> str:
    """Show what would hide or disguise text: control and direction characters."""
    return "".join(
        char if char.isprintable() or char == "\t" else _escape(char) for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
