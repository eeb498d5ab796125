"""A task's saved states, and the turns that they are of."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "CheckpointInfo",
    "CheckpointResult",
    "ListCheckpointsResult",
    "RewindParams",
    "RewindResult",
    "TurnInfo",
]


@attrs.frozen(kw_only=True)
class CheckpointInfo:
    """A saved state of a task's worktree."""

    number: int
    """Counts from 1 in each task."""
    commit: str
    """Its tree is the files. No branch has it; `refs/agentls/TASK` reaches it."""
    head: str | None = None
    """The commit that the worktree was on; absent on a branch without any."""
    branch: str | None = None
    """The branch that it was on; absent for a detached head."""
    reason: str
    """Why it was taken: `Turn 2`, `On demand`, `Before the merge`."""
    turn: int | None = None
    """The turn that was the last one to begin; absent before the first."""
    taken: str
    """UTC, ISO 8601."""
    files: int
    """How many files the change had then."""
    added: int
    """Lines, as `deleted`; binary files have none."""
    deleted: int
    skipped: tuple[str, ...] = ()
    """What was there and isn't in the commit, each with the reason."""


@attrs.frozen(kw_only=True)
class TurnInfo:
    """From a prompt to the agent's rest."""

    number: int
    """Counts from 1 in each task."""
    prompt: str
    """What was said while it lasted stands in it too, with empty lines between."""
    source: str
    """`create`, `prompt`, `resume`, `retry`, `review`, `update`; `terminal`: it was
    typed there, and the prompt may not be known."""
    begun: str
    """UTC, ISO 8601."""
    ended: str | None = None
    """Absent while it lasts."""
    said: str = ""
    """What the agent said last; empty where it doesn't tell."""


@attrs.frozen(kw_only=True)
class CheckpointResult:
    """The state that was saved; the last one when nothing had changed since."""

    task: TaskInfo
    checkpoint: CheckpointInfo


@attrs.frozen(kw_only=True)
class ListCheckpointsResult:
    """What was saved of a task, the oldest first, and its turns."""

    task: str
    checkpoints: tuple[CheckpointInfo, ...]
    turns: tuple[TurnInfo, ...]


@attrs.frozen(kw_only=True)
class RewindParams:
    """Where to bring a task's worktree back to."""

    task: str
    checkpoint: int
    """A checkpoint's number."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class RewindResult:
    """Where the worktree is now."""

    task: TaskInfo
    checkpoint: CheckpointInfo
    before: CheckpointInfo
    """The state that it was in; a rewind to it undoes this one."""
    aside: tuple[str, ...] = ()
    """Paths in the worktree that stood in the way: git ignores or can't store them."""
    aside_folder: str | None = None
    """The URI of the folder to which they were moved."""
