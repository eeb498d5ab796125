"""What to review next."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "CarInfo",
    "NextReviewParams",
    "NextReviewResult",
    "TrainParams",
    "TrainResult",
]


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


@attrs.frozen(kw_only=True)
class TrainParams:
    """Which ready tasks to try one after the other."""

    uri: str | None = None
    """Any file or folder in the repository; the client's only root if absent."""
    tasks: tuple[str, ...] | None = None
    """These, in this order; all that are in `review`, in its order, if absent."""


@attrs.frozen(kw_only=True)
class CarInfo:
    """One task of a train."""

    task: str
    outcome: str
    """`clean`: it goes in, upon those before it that did. Else `conflicts` or
    `unknown`: it is left behind, and the next one tried without it."""
    files: tuple[str, ...] = ()
    """Those in conflict."""
    against: tuple[str, ...] = ()
    """The tasks before it that went in and are known to conflict with it."""
    against_target: bool = False
    """Whether it conflicts with the target alone."""


@attrs.frozen(kw_only=True)
class TrainResult:
    """How the train went; nothing was merged."""

    cars: tuple[CarInfo, ...]
    """In the order in which they were tried; a train for each target."""
