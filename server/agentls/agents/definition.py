# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""What a definition of an agent may say; docs/agents.md tells it to users."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from agentls.agents.reports import REPORTS, Report
from agentls.agents.status import Status
from agentls.agents.terminal import (
    KINDS,
    Dialog,
    SignalRule,
)
from agentls.agents.trusted import TrustedFolders
from agentls.config import Approval
from agentls.config.shapes import (
    Choice,
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
from agentls.model import AgentName, AskedKind, StatusSource

__all__ = [
    "DEFINITION",
    "PLACEHOLDER",
    "Definition",
    "EventRule",
    "ExitRule",
    "Mode",
    "Payload",
    "Typing",
    "placeholders",
    "refuse_program",
]

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""What is put in: only these; any other brace is itself."""

_EXIT_MAX = 255


def refuse_program(name: str) -> str | None:
    """Say what is wrong with a program's name; None for a good one."""
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
    apart: bool = key(
        Flag(),
        default=False,
        about="Whether those keys follow a moment after it has shown the text: for a"
        " program that doesn't take them in the same breath.",
    )
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
    kind: AskedKind = key(
        Choice(KINDS, convert=AskedKind),
        default=AskedKind.OTHER,
        about="What the agent wants, if it waits.",
    )
    tool: str = key(
        Text(empty=True), default="", about="What it wants to use; {a.path} is put in."
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


def _refuse_exit(name: str) -> str | None:
    if name.isdecimal() and int(name) <= _EXIT_MAX:
        return None
    return "is no exit status: 0 to 255"


def _refuse_version(version: str) -> str | None:
    return None if version[0].isdecimal() else f"{version!r} is no version"


@attrs.frozen(kw_only=True)
class ExitRule:
    """What an exit status means."""

    status: Literal["done", "failed"] = key(
        Choice(("done", "failed")), required=True, about="What it means."
    )
    reason: str = key(Text(empty=True), default="", about="For a person.")


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
        Text(refuse=refuse_program), about="The program: on the PATH, or absolute."
    )
    version: tuple[str, ...] = key(
        TextList(), default=(), about="Arguments with which it prints its version."
    )
    install: str | None = key(Text(), about="How a person gets it.")
    tested: str | None = key(Text(), about="The version that was tried.")
    minimum: str | None = key(
        Text(refuse=_refuse_version),
        about="The oldest version that works like this; older ones aren't started.",
    )
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
        about="What ends a turn: that the program ends, or what it tells: an event"
        " or a signal.",
    )
    typing: Typing = key(
        Record(Typing), default=Typing(), about="How prompts are typed."
    )
    approval: Approval | None = key(
        Choice(tuple(Approval), convert=Approval),
        about="What this agent may do without asking; absent: as for all.",
    )
    trusted: TrustedFolders | None = key(
        Record(TrustedFolders),
        about="Where it keeps which folders it may trust, if its trust goes by"
        " folders, and how it is told that of a worktree.",
    )
    modes: Mapping[str, Mode] = key(
        RecordTable(Record(Mode), names=tuple(Approval)),
        default=attrs.Factory(dict[str, Mode]),
        about="What each approval mode adds.",
    )
    files: Mapping[str, Any] = key(
        Tree(),
        default=attrs.Factory(dict[str, Any]),
        about="Files that are written into {private} for this run: a table as JSON, a"
        " text as it is.",
    )
    events: tuple[EventRule, ...] = key(
        RecordList(Record(EventRule)), default=(), about="What its events mean."
    )
    payload: Payload = key(
        Record(Payload), default=Payload(), about="Where its events have what."
    )
    signals: tuple[SignalRule, ...] = key(
        RecordList(Record(SignalRule)),
        default=(),
        about="What it means that its terminal shows or gets something.",
    )
    dialogs: Mapping[str, Dialog] = key(
        RecordTable(Record(Dialog)),
        default=attrs.Factory(dict[str, Dialog]),
        about="What its screen shows when it asks, and what answers that.",
    )
    reports: tuple[Report, ...] = key(
        REPORTS,
        default=(),
        about="Where it leaves its conversation's id, last words and usage.",
    )
    exits: Mapping[str, ExitRule] = key(
        RecordTable(Record(ExitRule), refuse_name=_refuse_exit),
        default=attrs.Factory(dict[str, ExitRule]),
        about="What its exit statuses mean; 0 is done and others failed if not here.",
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
        used = set(placeholders(self.start_arguments))
        return not used & {"prompt", "prompt_file"}

    @property
    def takes_typing(self) -> bool:
        """Whether a living session takes further prompts."""
        return self.done == "event" or self.types_prompt

    def hears(self, status: Status, source: StatusSource, *, also: bool) -> bool:
        """Tell whether what such a source says of the status counts.

        It does unless a more certain source of the definition tells of it, or the
        rule says that it counts all the same.
        """
        order = tuple(StatusSource)
        told = {StatusSource.EVENT for rule in self.events if rule.status is status}
        told |= {rule.source for rule in self.signals if rule.status is status}
        if status is Status.DONE and self.done == "exit":
            told.add(StatusSource.EXIT)
        return also or not any(order.index(one) < order.index(source) for one in told)

    def hears_dialog(self, dialog: Dialog) -> bool:
        """Tell whether the agent waits when its screen shows the dialog."""
        return dialog.kind is AskedKind.TRUST or self.hears(
            Status.WAITING, StatusSource.SCREEN, also=dialog.also
        )


def placeholders(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Give the names that are put into arguments, as they stand."""
    return tuple(
        name for argument in arguments for name in PLACEHOLDER.findall(argument)
    )


DEFINITION = Record(Definition)
"""A table in `agents`, or a built-in file."""
