# ruff: noqa: RUF009 - `key` makes a field anew; nothing is shared
"""What an agent's terminal tells of it: signals and dialogs, as a definition says.

A signal is a sequence for the terminal, a title, the bell, a pattern on the screen,
or silence. A dialog is what the screen shows while the agent waits for an answer,
with the keys that give one.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence

import attrs

from agentls.agents.status import Status, put_in
from agentls.config.shapes import (
    Choice,
    Fault,
    Flag,
    KeyPath,
    Number,
    Record,
    RecordTable,
    Text,
    TextList,
    key,
)
from agentls.model import Asked, AskedKind, StatusSource

__all__ = [
    "KINDS",
    "Answer",
    "Dialog",
    "SignalRule",
    "answer_keys",
    "asked_by_dialog",
    "check_dialogs",
    "check_signals",
    "named_groups",
    "shown_dialog",
]

KINDS = tuple(AskedKind)

_SOURCES = tuple(
    source
    for source in StatusSource
    if source not in {StatusSource.EVENT, StatusSource.EXIT}
)
_CODE_MAX = 100_000
_SECONDS_MAX = 24 * 3600.0
_NOT_TYPED = re.compile(r"[\x00-\x1f\x7f\x80-\x9f]+")
_BASE64 = "_base64"


def _refuse_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern, re.MULTILINE)
    except re.error as error:
        return f"is no regular expression: {error}"
    return None


@attrs.frozen(kw_only=True)
class SignalRule:
    """What one kind of signal means; of a source's rules the first that fits decides.

    The pattern's named groups can be put into `reason` and `tool`; one whose name
    ends in `_base64` is decoded and goes without the ending.
    """

    source: StatusSource = key(
        Choice(_SOURCES, convert=StatusSource),
        required=True,
        about="What tells: a terminal sequence, title, bell, screen or silence.",
    )
    code: int = key(
        Number(least=0, most=_CODE_MAX, whole=True),
        default=0,
        about="The number of the terminal sequence (OSC): 9, 777, 7501.",
    )
    match: str = key(
        Text(refuse=_refuse_pattern, empty=True),
        default="",
        about="A regular expression that its text has; empty: any text.",
    )
    seconds: float = key(
        Number(least=0, most=_SECONDS_MAX),
        default=0.0,
        about="How long it must be silent, or the screen be like that.",
    )
    status: Status = key(
        Choice(tuple(Status), convert=Status), required=True, about="What it means."
    )
    kind: AskedKind = key(
        Choice(KINDS, convert=AskedKind),
        default=AskedKind.OTHER,
        about="What the agent wants, if it waits.",
    )
    tool: str = key(Text(empty=True), default="", about="What it wants to use.")
    reason: str = key(
        Text(empty=True), default="", about="For a person; {group} is put in."
    )
    also: bool = key(
        Flag(),
        default=False,
        about="Counts although a more certain source tells of this status too.",
    )


@attrs.frozen(kw_only=True)
class Answer:
    """What is typed to answer a dialog."""

    keys: tuple[str, ...] = key(
        # A line end alone is a key.
        TextList(each=Text(empty=True), or_one=True, least=1),
        required=True,
        about="Typed as they are; {text} is what a person said, on one line. Of"
        " several, each when the screen has shown the one before.",
    )
    status: Status = key(
        Choice((Status.WORKING, Status.DONE), convert=Status),
        default=Status.WORKING,
        about="What the agent does then.",
    )


@attrs.frozen(kw_only=True)
class Dialog:
    """What a screen shows while the agent waits, and how it is answered."""

    match: tuple[str, ...] = key(
        TextList(each=Text(refuse=_refuse_pattern), or_one=True, least=1),
        required=True,
        about="Regular expressions, each of which the screen has.",
    )
    kind: AskedKind = key(
        Choice(KINDS, convert=AskedKind), required=True, about="What it is about."
    )
    tool: str = key(Text(empty=True), default="", about="What it wants to use.")
    reason: str = key(
        Text(empty=True), default="", about="For a person; {group} is put in."
    )
    choices: Mapping[str, Answer] = key(
        RecordTable(Record(Answer)),
        default=attrs.Factory(dict[str, Answer]),
        about="What it can be answered with: `allow`, `deny`, …",
    )
    text: Answer | None = key(
        Record(Answer), about="How it is answered in words; absent: it can't be."
    )
    also: bool = key(
        Flag(),
        default=False,
        about="Its being shown means waiting, although an event tells of that too.",
    )


def check_signals(rules: Sequence[Mapping[str, object]]) -> Iterator[Fault]:
    """Give what is wrong with rules whose single keys are right."""
    for place, rule in enumerate(rules):
        at: KeyPath = ("signals", place)
        source = rule["source"]
        if source == StatusSource.OSC and "code" not in rule:
            yield Fault(at=at, message="lacks the key 'code'")
        if source == StatusSource.SILENCE and not rule.get("seconds"):
            yield Fault(at=at, message="lacks the key 'seconds'")
        if source == StatusSource.SCREEN and not rule.get("match"):
            yield Fault(at=at, message="lacks the key 'match'")


def check_dialogs(dialogs: Mapping[str, Mapping[str, object]]) -> Iterator[Fault]:
    """Give what is wrong with dialogs whose single keys are right."""
    for name, dialog in dialogs.items():
        # Invariant: agentls never answers whether an agent may trust a folder
        # (tests/agents/test_terminal.py).
        if dialog["kind"] == AskedKind.TRUST:
            for given in ("choices", "text"):
                if given in dialog:
                    yield Fault(
                        at=("dialogs", name, given),
                        message="is refused for trust: only a person answers that",
                    )


def named_groups(groups: Mapping[str, str]) -> Mapping[str, str]:
    """Give what patterns found by name, decoded where the names say so."""
    return {
        name.removesuffix(_BASE64): _decoded(text) if name.endswith(_BASE64) else text
        for name, text in groups.items()
    }


def shown_dialog(dialogs: Mapping[str, Dialog], screen: str) -> Asked | None:
    """Give the first dialog that a screen's text shows, and what it asks."""
    for name, dialog in dialogs.items():
        found = [re.search(one, screen, re.MULTILINE) for one in dialog.match]
        matches = [one for one in found if one]
        if len(matches) == len(found):
            groups: dict[str, str] = {}
            for match in matches:
                groups |= match.groupdict(default="")
            return asked_by_dialog(name, dialog, named_groups(groups))
    return None


def asked_by_dialog(name: str, dialog: Dialog, texts: Mapping[str, str]) -> Asked:
    """Say what a dialog asks, with what its patterns found."""
    return Asked(
        kind=dialog.kind,
        text=put_in(dialog.reason, texts),
        tool=put_in(dialog.tool, texts),
        dialog=name,
        choices=tuple(dialog.choices),
        takes_text=dialog.text is not None,
    )


def answer_keys(answer: Answer, *, text: str = "") -> tuple[bytes, ...]:
    """Give what is typed, in pieces; the text's control characters would be keys."""
    said = " ".join(_NOT_TYPED.sub(" ", text).split())
    return tuple(
        keys.replace("{text}", said).encode("utf-8", "surrogateescape")
        for keys in answer.keys
    )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
