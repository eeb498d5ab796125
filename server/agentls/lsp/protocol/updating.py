"""Bringing a task's target into its worktree."""

import enum

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "UpdateOutcome",
    "UpdateResolve",
    "UpdateTaskParams",
    "UpdateTaskResult",
]


class UpdateResolve(enum.StrEnum):
    """Who resolves the conflicts of an update."""

    EDITOR = "editor"
    """A person: markers, index and `MERGE_HEAD` are left as git leaves them."""
    AGENT = "agent"
    """The task's agent: the same, and it is told which files."""


class UpdateOutcome(enum.StrEnum):
    """What became of an update."""

    UPDATED = "updated"
    CURRENT = "current"
    """There was nothing to bring in."""
    CONFLICTS = "conflicts"
    """They stand in the worktree: resolve them and update again, or abort."""
    ABORTED = "aborted"


@attrs.frozen(kw_only=True)
class UpdateTaskParams:
    """What to update from its target, or from the task that it stands on."""

    task: str
    resolve: UpdateResolve | None = None
    """Absent: on a conflict nothing is changed, and the error names the files."""
    abort: bool = False
    """Bring back what was before an update that left conflicts."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class UpdateTaskResult:
    """What was done."""

    task: TaskInfo
    outcome: UpdateOutcome
    source: str
    """What comes in by an update: the target's name, or `task ID`."""
    conflicts: tuple[str, ...] = ()
    """Paths in the worktree."""
    uris: tuple[str, ...] = ()
    """The same files as URIs."""
