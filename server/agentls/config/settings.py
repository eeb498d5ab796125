# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""The keys of the configuration: their types, defaults and meaning.

The attrs classes are the one source: reading, checking and the JSON Schema are
made from them. `RUNS` and `USER_ONLY` say which keys need trust and which
aren't a repository's to set.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import attrs

from agentls.config.documents import Document
from agentls.config.mcp import Mcp
from agentls.config.merging import Merge
from agentls.config.names import refuse_name
from agentls.config.reviewing import Check, Review, refuse_check_name
from agentls.config.routing import ROUTES, Route
from agentls.config.running import Cache, Ports, Script, refuse_glob
from agentls.config.shapes import (
    Choice,
    Flag,
    Folder,
    Number,
    Record,
    RecordTable,
    Text,
    TextList,
    TextTable,
    Tree,
    key,
)
from agentls.config.templates import TEMPLATES, Template
from agentls.model import Approval

__all__ = [
    "CONFIG",
    "NOTIFY_NAMES",
    "RUNS",
    "USER_ONLY",
    "Approval",
    "Checkpoints",
    "Config",
    "Disk",
    "Limits",
    "Logs",
]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_DAY = 24 * 3600.0
_DAYS_MAX = 36500.0
_BYTES_MAX = 1 << 50
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|/\.|\.lock/")


def _refuse_prefix(prefix: str) -> str | None:
    if prefix.startswith(("-", "/", ".")) or _BAD_IN_REF.search(prefix):
        return f"{prefix!r} can't begin a branch's name"
    return None


def _refuse_branch(name: str) -> str | None:
    return f"{name!r} is no branch's name" if name.startswith("-") else None


NOTIFY_NAMES = (*("task", "state", "title", "why", "agent", "worktree", "repository"),)
"""What `notify` is told: as `{name}` in its arguments, and as variables."""

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish"})


def _refuse_placeholder(argument: str) -> str | None:
    for name in _PLACEHOLDER.findall(argument):
        if name not in NOTIFY_NAMES:
            there = ", ".join(f"{{{one}}}" for one in NOTIFY_NAMES)
            return f"{{{name}}} is unknown; there are {there}"
    return None


def _refuse_notify(argv: Sequence[str]) -> str | None:
    # An agent may write what stands in there: in a script it would be run.
    for before, argument in itertools.pairwise(argv):
        if (
            PurePath(argv[0]).name in _SHELLS
            and before.startswith("-")
            and before.endswith("c")
            and (found := _PLACEHOLDER.search(argument))
        ):
            return (
                f"puts {found[0]} into a script, which would run what stands in it;"
                f' write "$AGENTLS_{found[1].upper()}" there'
            )
    return None


def _refuse_variable(name: str) -> str | None:
    if not name or "=" in name or "\0" in name:
        return "is no name of a variable"
    if name.startswith("AGENTLS_"):
        return "is set by agentls itself"
    return None


@attrs.frozen(kw_only=True)
class Limits:
    """How much may run at once, for all repositories together."""

    max_parallel: int = key(
        Number(least=1, most=1000, whole=True),
        default=4,
        about="How many agents may run at once; more tasks wait in the queue.",
    )
    waiting_holds: bool = key(
        Flag(),
        default=False,
        about="Whether an agent that waits for an answer counts as one that runs.",
    )
    max_review: int = key(
        Number(least=0, most=100_000, whole=True),
        default=0,
        about="How many tasks may be ready for review before queued ones wait for the"
        " person; 0 for any number.",
    )
    review_ahead: int = key(
        Number(least=0, most=100_000, whole=True),
        default=0,
        about="How many more tasks may come to review within an hour than the person"
        " clears (merges, discards, sends back) before queued ones wait; 0 for any"
        " number.",
    )
    memory_floor: int = key(
        Number(least=0, most=_BYTES_MAX, whole=True),
        default=0,
        about="Bytes of memory that must be free before another agent begins beside"
        " one that runs; 0 for none.",
    )
    load_ceiling: float = key(
        Number(least=0, most=1000),
        default=0.0,
        about="The load for each processor (of the last minute) above which no agent"
        " begins beside one that runs; 0 for any.",
    )
    max_depth: int = key(
        Number(least=0, most=10, whole=True),
        default=1,
        about="How deep agents may hand out tasks: 0 for not at all, 1 for only those"
        " whose task a person asked for.",
    )
    max_children: int = key(
        Number(least=0, most=1000, whole=True),
        default=8,
        about="How many tasks that an agent handed out may be open (neither merged nor"
        " discarded) at once.",
    )


@attrs.frozen(kw_only=True)
class Checkpoints:
    """What a checkpoint of a worktree holds."""

    max_file: int = key(
        Number(least=0, most=_BYTES_MAX, whole=True),
        default=50_000_000,
        about="Bytes above which an untracked file is named in checkpoints and not"
        " stored.",
    )


@attrs.frozen(kw_only=True)
class Disk:
    """How much of the disk is left alone."""

    reserve: int = key(
        Number(least=0, most=_BYTES_MAX, whole=True),
        default=2_000_000_000,
        about="Bytes that stay free: with less, tasks wait in the queue, none is made"
        " ahead of time, and you are warned.",
    )
    budget: int = key(
        Number(least=0, most=_BYTES_MAX, whole=True),
        default=0,
        about="Bytes that all of agentls may take: over it, `agentls gc` lets more go,"
        " the oldest first; 0 for any.",
    )
    cache: int = key(
        Number(least=0, most=_BYTES_MAX, whole=True),
        default=5_000_000_000,
        about="Bytes that copies of what setups made may take; the longest unused go.",
    )


@attrs.frozen(kw_only=True)
class Logs:
    """What becomes of the output of sessions that have ended."""

    compress_days: float = key(
        Number(least=0, most=_DAYS_MAX),
        default=1.0,
        about="Days after a session's end until its output is compressed.",
    )
    keep_days: float = key(
        Number(least=0, most=_DAYS_MAX),
        default=90.0,
        about="Days after which `agentls gc` drops the output of merged and discarded"
        " tasks; 0 for never.",
    )


@attrs.frozen(kw_only=True)
class Config:
    """The configuration that holds, of all files together."""

    agent: str | None = key(
        Text(),
        about="The agent of a task that names none; absent: the first found; auto: the"
        " one that fits.",
    )
    approval: Approval = key(
        Choice(tuple(Approval), convert=Approval),
        default=Approval.ASK,
        about="What agents may do without asking.",
    )
    target: str | None = key(
        Text(refuse=_refuse_branch),
        about="The branch that tasks merge into; absent: the one checked out.",
    )
    branch_prefix: str = key(
        Text(refuse=_refuse_prefix, empty=True),
        default="agentls/",
        about="What the names of tasks' branches begin with.",
    )
    copy: tuple[str, ...] = key(
        TextList(each=Text(refuse=refuse_glob), or_one=True),
        default=(),
        about="Files that git ignores and every worktree needs, such as .env: globs.",
    )
    setup: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="Shell commands that make a new worktree ready.",
    )
    setup_timeout: float = key(
        Number(least=1, most=_DAY),
        default=900.0,
        about="Seconds after which a setup is stopped.",
    )
    env: Mapping[str, str] = key(
        TextTable(refuse_name=_refuse_variable),
        default=attrs.Factory(dict[str, str]),
        about="Variables for the setup and for agents.",
    )
    routes: tuple[Route, ...] = key(
        ROUTES, default=(), about="Which tasks go to which agent, where it is auto."
    )
    agents: Mapping[str, Mapping[str, Any]] = key(
        Tree(),
        default=attrs.Factory(dict[str, Mapping[str, Any]]),
        about="Agents of your own, and changes to built-in ones.",
    )
    cache: Cache | None = key(
        Record(Cache), about="What setup makes and the next task can begin with."
    )
    run: Mapping[str, Script] = key(
        RecordTable(Record(Script), refuse_name=refuse_name),
        default=attrs.Factory(dict[str, Script]),
        about="What a person can have run in a task's worktree, by name.",
    )
    teardown: tuple[str, ...] = key(
        TextList(or_one=True),
        default=(),
        about="Shell commands that end in a worktree what its task has left running.",
    )
    teardown_timeout: float = key(
        Number(least=1, most=3600.0),
        default=60.0,
        about="Seconds after which a teardown is stopped.",
    )
    ports: Ports = key(
        Record(Ports),
        default=Ports(),
        about="Which ports tasks are given; no two that live share one.",
    )
    templates: Mapping[str, Template] = key(
        TEMPLATES,
        default=attrs.Factory(dict[str, Template]),
        about="Prompts with fields that are filled in, by name.",
    )
    merge: Merge = key(
        Record(Merge), default=Merge(), about="How a task's work is merged."
    )
    checks: Mapping[str, Check] = key(
        RecordTable(Record(Check), refuse_name=refuse_check_name),
        default=attrs.Factory(dict[str, Check]),
        about="What is run in the worktree when an agent is done, by name.",
    )
    review: Review = key(
        Record(Review),
        default=Review(),
        about="How a person reviews.",
    )
    limits: Limits = key(
        Record(Limits),
        default=Limits(),
        about="How much may run at once.",
    )
    mcp: Mcp = key(Record(Mcp), default=Mcp(), about="What agents may ask agentls for.")
    checkpoint: Checkpoints = key(
        Record(Checkpoints),
        default=Checkpoints(),
        about="What a checkpoint of a worktree holds.",
    )
    logs: Logs = key(
        Record(Logs),
        default=Logs(),
        about="What becomes of the output of sessions that have ended.",
    )
    trash_days: float = key(
        Number(least=0, most=_DAYS_MAX),
        default=7.0,
        about="Days after which `agentls gc` lets go the worktrees of merged and"
        " discarded tasks; their work stays in checkpoints.",
    )
    worktrees: Path | None = key(
        Folder(), about="The folder of all worktrees; absent: in the data folder."
    )
    pool: int | None = key(
        Number(least=0, most=50, whole=True),
        about="How many worktrees are kept ready in a repository in which tasks begin;"
        " absent: 1 where it has 2,000 files or more, else none.",
    )
    disk: Disk = key(
        Record(Disk), default=Disk(), about="How much of the disk is left alone."
    )
    idle_exit: float = key(
        Number(least=0, most=365 * _DAY),
        default=600.0,
        about="Seconds without work and clients after which the daemon ends.",
    )
    resume_on_start: bool = key(
        Flag(),
        default=False,
        about="Whether agents that a reboot interrupted go on by themselves.",
    )
    notify: tuple[str, ...] = key(
        TextList(
            each=Text(refuse=_refuse_placeholder, empty=True),
            least=1,
            refuse=_refuse_notify,
        ),
        default=(),
        about="A command that is run when a task needs a person.",
    )
    documents: tuple[Document, ...] = attrs.field(default=(), repr=False, eq=False)
    """Where it comes from, the nearest last; to name a place in an error."""


CONFIG = Record(
    Config,
    later=frozenset(
        {
            "launcher",
        }
    ),
)
"""The configuration file. The keys in `later` are designed and not built."""

# Invariant: what a repository's file would run is run only after the user trusted
# its exact text (tests/test_trust.py). Variables are code: PATH, LD_PRELOAD, GIT_*.
RUNS: tuple[str, ...] = ("setup", "env", "checks", "run", "teardown")
"""The keys that run something, but for `agent` and `agents.*`, which trust.py knows."""

# Invariant: a repository can't grant itself anything (tests/config/test_loading.py).
USER_ONLY: Mapping[tuple[str, ...], str] = {
    ("approval",): "what agents may do without asking",
    ("checkpoint",): "how much is stored on this machine",
    ("disk",): "how much of this machine's disk is used",
    ("idle_exit",): "how long the daemon lives",
    ("limits",): "how much runs on this machine",
    ("logs",): "what becomes of output on this machine",
    ("mcp",): "what agents may ask for",
    ("notify",): "what is run on this machine when a task needs you",
    ("review", "prompt"): "what agents are told in your name",
    ("ports", "range"): "which of this machine's ports are used",
    ("pool",): "how much of this machine's disk is used",
    ("resume_on_start",): "what begins by itself on this machine",
    ("review", "order"): "in which order you review",
    ("trash_days",): "how long worktrees are kept on this machine",
    ("worktrees",): "where files lie on this machine",
    ("agents", "*", "approval"): "what agents may do without asking",
    ("agents", "*", "modes"): "what agents may do without asking",
}
"""What only the user's own file may set, and what it decides; `*` is any name."""
