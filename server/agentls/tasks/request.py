"""What a person asks for, checked before anything is made."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.model import Item
from agentls.tasks.delegating import Delegate

__all__ = [
    "LABELS_MAX",
    "PROMPT_MAX",
    "TaskRequest",
    "check_prompt",
    "check_request",
    "check_text",
    "title_of",
]

PROMPT_MAX = 100 << 10
"""Bytes of a prompt: Linux takes 128 KiB in one argument (MAX_ARG_STRLEN)."""

LABELS_MAX = 20
"""Labels of one task."""

_TITLE_MAX = 72
_LABEL_MAX = 50


@attrs.frozen(kw_only=True)
class TaskRequest:
    """A task that is asked for; what is absent is taken from the config."""

    prompt: str
    folder: Path
    """Any file or folder in the repository."""
    agent: str | None = None
    title: str | None = None
    base: str | None = None
    target: str | None = None
    branch: str | None = None
    after: tuple[str, ...] = ()
    """The tasks that must be merged before it begins."""
    priority: int = 0
    labels: tuple[str, ...] = ()
    """What it is filed under; `check_request` says what may be one."""
    parent: str | None = None
    """The task below which it stands."""
    delegate: Delegate | None = None
    """The agent that asks for it; None for a person."""
    template: str | None = None
    """The template of the config that the prompt comes after."""
    fields: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """What goes into the template's fields."""
    item: Item | None = None
    """The line of a checklist that it is made of."""
    environment: Mapping[str, str] = attrs.field(factory=dict[str, str])


def check_request(request: TaskRequest) -> None:
    """Refuse what can't be kept, or given to an agent or to git."""
    if request.template is None:
        check_prompt(request.prompt)
    for name in ("agent", "title", "base", "target", "branch"):
        check_text(getattr(request, name) or "", what=name)
    if len(request.labels) > LABELS_MAX:
        raise InvalidParams(
            f"A task has at most {LABELS_MAX} labels, not {len(request.labels)};"
            " nothing was made."
        )
    for label in request.labels:
        _check_label(label)


def check_prompt(prompt: str) -> None:
    """Refuse a prompt that no agent could be given."""
    if not prompt.strip():
        raise InvalidParams("The prompt is empty.", hint="Say what is wanted.")
    check_text(prompt, what="prompt")
    size = len(prompt.encode())
    if size > PROMPT_MAX:
        raise InvalidParams(
            f"The prompt has {size:,} bytes; at most {PROMPT_MAX:,} can be given.",
            hint="Put the long part into a file and name the file in the prompt.",
        )


def _check_label(label: str) -> None:
    check_text(label, what="label")
    plain = label == label.strip() and label.isprintable() and "," not in label
    if not plain or not 0 < len(label) <= _LABEL_MAX:
        raise InvalidParams(
            f"{label!r} is no label; nothing was made.",
            hint=f"A label is up to {_LABEL_MAX} characters on one line, with no comma"
            " and no space at its ends.",
        )


def check_text(text: str, *, what: str) -> None:
    """Refuse text that no program takes as an argument, or that isn't Unicode."""
    if "\0" in text:
        raise InvalidParams(
            f"The {what} holds a NUL character, which no program takes.",
            hint="Remove it; nothing was done.",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidParams(
            f"The {what} holds half a character at position {error.start}.",
            hint="Remove it; nothing was done.",
        ) from error


def title_of(prompt: str) -> str:
    """Make a title from the prompt's first line."""
    first = next(line.strip() for line in prompt.splitlines() if line.strip())
    return first if len(first) <= _TITLE_MAX else first[: _TITLE_MAX - 1] + "…"
