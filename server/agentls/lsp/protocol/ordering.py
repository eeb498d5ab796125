"""What to review next."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = ["NextReviewParams", "NextReviewResult"]


@attrs.frozen(kw_only=True)
class NextReviewParams:
    """Among which tasks to choose."""

    uri: str | None = None
    """Only those of the repository that holds this file or folder."""
    after: str | None = None
    """The task that was looked at: give the one that follows it in the order."""


@attrs.frozen(kw_only=True)
class NextReviewResult:
    """The task to review next."""

    task: TaskInfo | None = None
    """Absent when nothing is ready."""
    why: str
    """One sentence: why that one comes next, or why there is none."""
    left: int
    """How many more are ready."""
    going: tuple[str, ...] = ()
    """The ids of tasks that are still at work and come to review by themselves."""
    stuck: tuple[str, ...] = ()
    """The ids of tasks that need you before: they ask, or failed."""
