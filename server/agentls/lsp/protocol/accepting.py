"""Taking and refusing parts of a task's change."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "ApplyHunksParams",
    "ApplyHunksResult",
    "RefuseHunksParams",
    "RefuseHunksResult",
]


@attrs.frozen(kw_only=True)
class ApplyHunksParams:
    """Which part of a change (from its base to now) the target gets."""

    task: str
    hunks: tuple[str, ...] = ()
    """Ids of hunks; with `paths`, only these files are searched for them."""
    paths: tuple[str, ...] = ()
    """Without `hunks`: all hunks of these files or folders."""
    message: str | None = None
    """The commit's message; made as for a merge if absent."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""
    force: bool = False
    """Take them although a check failed that a merge needs."""
    sign: bool = True
    """As for `mergeTask`."""
    skip_hooks: bool = False
    """As for `mergeTask`."""


@attrs.frozen(kw_only=True)
class ApplyHunksResult:
    """What the target got."""

    task: TaskInfo
    """In review with the rest; `merged` if nothing was left."""
    commit: str
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""
    taken: int
    """Hunks."""
    left: int
    """Hunks that the change had besides."""
    updated: bool = False
    """The target was brought into the worktree, as `updateTask` does it, so that what
    was taken is no part of the change any more; else its hunks are shown as `taken`."""


@attrs.frozen(kw_only=True)
class RefuseHunksParams:
    """Which part of a change is put back in the worktree, as the base has it."""

    task: str
    hunks: tuple[str, ...] = ()
    """Ids of hunks; with `paths`, only these files are searched for them."""
    paths: tuple[str, ...] = ()
    """Without `hunks`: all hunks of these files or folders."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class RefuseHunksResult:
    """What was put back."""

    task: TaskInfo
    refused: int
    """Hunks."""
    left: int
    """Hunks that the change has besides."""
    checkpoint: int
    """The number of the checkpoint that holds the worktree as it was before."""
