# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""What a definition of an agent may say; docs/agents.md tells it to users."""

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from agentls.config import Approval
from agentls.config.shapes import (
    Choice,
    Fault,
    Flag,
    Record,
    RecordList,
    RecordTable,
    Text,
    TextList,
    TextTable,
    Tree,
    key,
)
from agentls.model import AgentName

__all__ = [
    "DEFINITION",
    "PLACEHOLDER",
    "Definition",
    "EventRule",
    "Mode",
    "Payload",
    "Status",
    "Typing",
    "check_definition",
]

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""What is put in: only these; any other brace is itself."""

_PLACEHOLDERS = frozenset(
    {
        "approval",
        "hook",
        "hook_array",
        "main_root",
        "private",
        "prompt",
        "prompt_file",
        "session_id",
        "worktree",
    }
)
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


class Status(enum.StrEnum):
    """What an event says about its agent."""

    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    IGNORE = "ignore"


def _refuse_program(name: str) -> str | None:
    if "/" in name and not name.startswith("/"):
        return (
            f"{name!r} is relative; give a name on your PATH or an absolute path"
            ' (for one in the worktree: command = ["sh", "-c", …])'
        )
    return f"{name!r} begins with a dash" if name.startswith("-") else None


@attrs.frozen(kw_only=True)
class Mode:
    """What an approval mode adds."""

    args: tuple[str, ...] = key(TextList(), default=(), about="Put in at {approval}.")
    env: Mapping[str, str] = key(
        TextTable(), default=attrs.Factory(dict[str, str]), about="Variables."
    )


@attrs.frozen(kw_only=True)
class Typing:
    """How a prompt is typed into the agent's terminal."""

    bracketed: bool = key(
        Flag(), default=True, about="As a paste, so that line ends don't submit it."
    )
    submit: str = key(Text(empty=True), default="\r", about="The keys that submit it.")
    while_working: bool = key(
        Flag(),
        default=False,
        about="Whether it may be typed while the agent works: only where its events"
        " tell of every dialog, which the submitting key would answer.",
    )


@attrs.frozen(kw_only=True)
class EventRule:
    """What one kind of event means; the first rule that fits decides."""

    when: Mapping[str, str] = key(
        TextTable(),
        default=attrs.Factory(dict[str, str]),
        about="Values that the event has, by their paths.",
    )
    contains: Mapping[str, str] = key(
        TextTable(),
        default=attrs.Factory(dict[str, str]),
        about="Texts that stand in values (in their JSON, where they aren't text).",
    )
    status: Status = key(
        Choice(tuple(Status), convert=Status), required=True, about="What it means."
    )
    reason: str = key(
        Text(empty=True), default="", about="For a person; {a.path} is put in."
    )


@attrs.frozen(kw_only=True)
class Payload:
    """Where an event's payload has what we look for; paths are dotted."""

    session: str | None = key(Text(), about="The agent's id of the conversation.")
    prompt: str | None = key(Text(), about="What the agent was told.")
    message: str | None = key(Text(), about="What the agent said last.")


@attrs.frozen(kw_only=True)
class Definition:
    """An agent: how it is found, started, followed up and understood."""

    name: AgentName = AgentName("")
    title: str | None = key(Text(), about="What a person calls it.")
    command: tuple[str, ...] = key(
        TextList(each=Text(empty=True), least=1),
        default=(),
        about="Program and arguments at once; then the built-in definition of that"
        " name counts no more.",
    )
    bin: str | None = key(
        Text(refuse=_refuse_program), about="The program: on the PATH, or absolute."
    )
    version: tuple[str, ...] = key(
        TextList(), default=(), about="Arguments with which it prints its version."
    )
    install: str | None = key(Text(), about="How a person gets it.")
    tested: str | None = key(Text(), about="The version that was tried.")
    preset: bool = key(
        Flag(), default=True, about="Whether it may be chosen when none is named."
    )
    env: Mapping[str, str] = key(
        TextTable(), default=attrs.Factory(dict[str, str]), about="Variables for it."
    )
    start: tuple[str, ...] = key(
        TextList(each=Text(empty=True)), default=(), about="Arguments to begin a task."
    )
    resume: tuple[str, ...] | None = key(
        TextList(each=Text(empty=True)),
        about="Arguments to go on with a conversation; absent: begun anew.",
    )
    headless: tuple[str, ...] | None = key(
        TextList(each=Text(empty=True)),
        about="Arguments with which it answers a prompt, changes no file and ends.",
    )
    conversation: Literal["chosen", "learned", "none"] = key(
        Choice(("chosen", "learned", "none")),
        default="none",
        about="Whether we choose the conversation's id, learn it from events, or"
        " have none.",
    )
    done: Literal["exit", "event"] = key(
        Choice(("exit", "event")),
        default="exit",
        about="What ends a turn: that the program ends, or one of its events.",
    )
    typing: Typing = key(
        Record(Typing), default=Typing(), about="How prompts are typed."
    )
    approval: Approval | None = key(
        Choice(tuple(Approval), convert=Approval),
        about="What this agent may do without asking; absent: as for all.",
    )
    modes: Mapping[str, Mode] = key(
        RecordTable(Record(Mode), names=tuple(Approval)),
        default=attrs.Factory(dict[str, Mode]),
        about="What each approval mode adds.",
    )
    files: Mapping[str, Any] = key(
        Tree(),
        default=attrs.Factory(dict[str, Any]),
        about="JSON files that are written into {private} for this run.",
    )
    events: tuple[EventRule, ...] = key(
        RecordList(Record(EventRule)), default=(), about="What its events mean."
    )
    payload: Payload = key(
        Record(Payload), default=Payload(), about="Where its events have what."
    )

    @property
    def program(self) -> str:
        """The program: a name on the PATH, or an absolute path."""
        return self.command[0] if self.command else self.bin or ""

    @property
    def start_arguments(self) -> tuple[str, ...]:
        """The arguments that begin a task, before anything is put in."""
        return self.command[1:] if self.command else self.start

    @property
    def types_prompt(self) -> bool:
        """Whether the first prompt is typed, as no argument takes it."""
        used = set(_used(self.start_arguments))
        return not used & {"prompt", "prompt_file"}

    @property
    def takes_typing(self) -> bool:
        """Whether a living session takes further prompts."""
        return self.done == "event" or self.types_prompt


DEFINITION = Record(Definition)
"""A table in `agents`, or a built-in file."""


def check_definition(table: Mapping[str, Any]) -> Iterator[Fault]:
    """Give all that is wrong with a whole definition, built-in part included."""
    faults = tuple(DEFINITION.check(table, ()))
    yield from faults
    if faults:
        return
    yield from _program_faults(table)
    for name in ("command", "start", "resume", "headless"):
        for place, argument in enumerate(table.get(name, ())):
            for used in _used((argument,)):
                if used not in _PLACEHOLDERS:
                    yield _unknown_placeholder((name, place), used)
    yield from _file_faults(table.get("files", {}))
    if table.get("conversation", "none") == "none" and "session_id" in _used(
        (*table.get("start", ()), *table.get("resume", ()))
    ):
        yield Fault(
            at=("conversation",),
            message="is 'none', but {session_id} is used",
        )
    if table.get("done") == "event" and not any(
        rule["status"] == "done" for rule in table.get("events", ())
    ):
        yield Fault(at=("done",), message="is 'event', but no event means 'done'")


def _program_faults(table: Mapping[str, Any]) -> Iterator[Fault]:
    if "command" in table:
        if "bin" in table or "start" in table:
            yield Fault(
                at=("command",), message="stands for `bin` and `start`; give either"
            )
        if message := _refuse_program(table["command"][0]):
            yield Fault(at=("command", 0), message=message)
        if not table["command"][0].strip():
            yield Fault(at=("command", 0), message="is empty")
    elif "bin" not in table:
        yield Fault(at=(), message="lacks the key 'command' (or 'bin' and 'start')")


def _file_faults(files: Mapping[str, object]) -> Iterator[Fault]:
    for name, content in files.items():
        if not _FILE_NAME.fullmatch(name):
            yield Fault(at=("files", name), message="is no plain file name")
        if not isinstance(content, dict):
            yield Fault(at=("files", name), message="must be a table")


def _used(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name for argument in arguments for name in PLACEHOLDER.findall(argument)
    )


def _unknown_placeholder(at: tuple[str | int, ...], used: str) -> Fault:
    return Fault(
        at=at,
        message=f"{{{used}}} is unknown; there are "
        + ", ".join(f"{{{name}}}" for name in sorted(_PLACEHOLDERS)),
    )
