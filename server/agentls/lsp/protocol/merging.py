"""Bringing a task's change to its target."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "MergeTaskParams",
    "MergeTaskResult",
]


@attrs.frozen(kw_only=True)
class MergeTaskParams:
    """What to merge."""

    task: str
    message: str | None = None
    """The commit's message; made from the title if absent."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class MergeTaskResult:
    """What the target got."""

    task: TaskInfo
    commit: str
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""
