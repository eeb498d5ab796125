"""The queue, and what a queued task is asked to do."""

import attrs

__all__ = [
    "EditPromptParams",
    "QueueChangedParams",
    "QueueResult",
    "RenameTaskParams",
    "SetAfterParams",
    "SetPriorityParams",
]


@attrs.frozen(kw_only=True)
class RenameTaskParams:
    """A task's new title."""

    task: str
    title: str


@attrs.frozen(kw_only=True)
class EditPromptParams:
    """What a task is to do instead."""

    task: str
    prompt: str
    """At most 100 KiB, no NUL."""


@attrs.frozen(kw_only=True)
class SetPriorityParams:
    """How early a queued task begins."""

    task: str
    priority: int
    """-1000 to 1000; the greater begins first. 0 is what a task has by itself."""


@attrs.frozen(kw_only=True)
class SetAfterParams:
    """What a queued task waits for."""

    task: str
    after: tuple[str, ...]
    """The tasks that must be merged before it begins, instead of those of before."""


@attrs.frozen(kw_only=True)
class QueueResult:
    """How the queue stands."""

    paused: bool
    queued: int
    """How many tasks wait in it."""


@attrs.frozen(kw_only=True)
class QueueChangedParams:
    """The queue was paused, or goes on."""

    paused: bool
