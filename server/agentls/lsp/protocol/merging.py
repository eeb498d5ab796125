"""Bringing a task's change to its target."""

import enum

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "MergeStrategy",
    "MergeTaskParams",
    "MergeTaskResult",
    "UndoMergeParams",
    "UndoMergeResult",
]


class MergeStrategy(enum.StrEnum):
    """How a task's work becomes commits on its target."""

    SQUASH = "squash"
    """One commit for all of it."""
    MERGE = "merge"
    """The agent's own commits, what is uncommitted above them, and a merge commit."""
    REBASE = "rebase"
    """The agent's commits one by one, then what is uncommitted."""


@attrs.frozen(kw_only=True)
class MergeTaskParams:
    """What to merge."""

    task: str
    message: str | None = None
    """The message of the commit that the merge makes; by the config's `merge.message`
    if absent. A rebase of nothing but the agent's commits makes none."""
    strategy: MergeStrategy | None = None
    """The config's `merge.strategy` if absent."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class MergeTaskResult:
    """What the target got."""

    task: TaskInfo
    commit: str
    """Where the target stands now."""
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""


@attrs.frozen(kw_only=True)
class UndoMergeParams:
    """Which merge to take back."""

    task: str


@attrs.frozen(kw_only=True)
class UndoMergeResult:
    """Where things stand now."""

    task: TaskInfo
    """In review again."""
    commit: str
    """Where the target stands now: where it stood before the merge."""
    checkout: str | None = None
    """The URI of the checkout that was brought back, if one has the target."""
