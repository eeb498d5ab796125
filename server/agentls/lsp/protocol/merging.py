"""Bringing a task's change to its target."""

import enum

import attrs

from agentls.lsp.protocol.changes import FileStatus
from agentls.lsp.protocol.ordering import NextReviewResult
from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "MergeStrategy",
    "MergeTaskParams",
    "MergeTaskResult",
    "MergedFile",
    "PreviewMergeParams",
    "PreviewMergeResult",
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
    force: bool = False
    """Merge although a check failed that a merge needs, or the task that it stands on
    isn't merged: its own lines alone go in."""
    sign: bool = True
    """False makes commits without a signature where the user's git is set to sign."""
    skip_hooks: bool = False
    """Run none of the user's `pre-commit`, `pre-merge-commit` and `commit-msg`. Else
    those that are there must be trusted."""


@attrs.frozen(kw_only=True)
class MergeTaskResult:
    """What the target got."""

    task: TaskInfo
    commit: str
    """Where the target stands now."""
    checkout: str | None = None
    """The URI of the checkout that was brought forward, if one has the target."""
    next: NextReviewResult | None = None
    """What to review next in that repository, as `agentls.nextReview` would say."""


@attrs.frozen(kw_only=True)
class PreviewMergeParams:
    """Which merge to try."""

    task: str
    message: str | None = None
    """As for `mergeTask`."""
    strategy: MergeStrategy | None = None
    """As for `mergeTask`."""
    skip_hooks: bool = False
    """As for `mergeTask`; a preview runs none either way."""


@attrs.frozen(kw_only=True)
class MergedFile:
    """A file that a merge would change in the target."""

    path: str
    old_path: str | None = None
    """Where it was, of a file that would be renamed or copied."""
    status: FileStatus
    added: int | None = None
    """Lines; absent for a binary file."""
    deleted: int | None = None


@attrs.frozen(kw_only=True)
class PreviewMergeResult:
    """What a merge would do now."""

    task: str
    strategy: MergeStrategy
    target: str
    """The name of the branch that it would go to."""
    target_commit: str
    """Where that stands."""
    ok: bool
    """The merge would be done: no conflict, nothing in the way."""
    message: str | None = None
    """Of the commit that the merge makes; absent where it makes none, and on a
    conflict."""
    commits: int = 0
    """How many commits the target would get."""
    files: tuple[MergedFile, ...] = ()
    """What would change in the target; none on a conflict."""
    conflicts: tuple[str, ...] = ()
    """The paths that conflict."""
    conflict_messages: tuple[str, ...] = ()
    """What git says about them, each a line or more."""
    checkout: str | None = None
    """The URI of the checkout that would move with the target."""
    in_the_way: tuple[str, ...] = ()
    """Paths in that checkout that you changed or made, and that the merge would have
    to touch: it would be refused with `dirtyCheckout`."""
    hooks: tuple[str, ...] = ()
    """The hooks that would run before the commit is made, by their names."""
    why_not: str = ""
    """Why it is refused, where that is no matter of single files: a check failed, a
    hook isn't trusted, or that checkout is in the middle of a rebase, for instance."""


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
