"""What is to be expected when tasks come together."""

import attrs

__all__ = [
    "ConflictFileInfo",
    "ForecastChangedParams",
    "ForecastInfo",
    "ForecastParams",
    "ForecastResult",
    "LinesInfo",
    "OutlookInfo",
    "PairInfo",
    "TaskForecastInfo",
    "TaskOutlook",
]


@attrs.frozen(kw_only=True)
class ForecastInfo:
    """What a list shows of a task's forecast."""

    target: str
    """Against the target: `clean`, `conflicts` or `unknown`."""
    user: str
    """The same against what is uncommitted in the user's checkout."""
    in_the_way: int = 0
    """How many uncommitted files would keep the target's checkout from a merge."""
    tasks: tuple[str, ...] = ()
    """The ids of open tasks with the same target that it wouldn't go together with."""


@attrs.frozen(kw_only=True)
class LinesInfo:
    """Some lines of a file, from 1, the last one among them."""

    first: int
    last: int


@attrs.frozen(kw_only=True)
class ConflictFileInfo:
    """A file that both sides changed in ways that don't go together."""

    path: str
    lines: tuple[LinesInfo, ...] = ()
    """Where, in the task's file; empty where it isn't a matter of lines."""
    their_lines: tuple[LinesInfo, ...] = ()
    """The same in the other side's file."""


@attrs.frozen(kw_only=True)
class OutlookInfo:
    """What is to be expected of a task against another side."""

    outcome: str
    """`clean`, `conflicts`, or `unknown`: a merge driver decides, or git lacks what it
    would have to read."""
    files: tuple[ConflictFileInfo, ...] = ()
    """Those in conflict; for `unknown` those that nobody can tell of, if known."""


@attrs.frozen(kw_only=True)
class PairInfo:
    """What is to be expected of a task and another one."""

    task: str
    """The other one."""
    outcome: str
    files: tuple[ConflictFileInfo, ...] = ()


@attrs.frozen(kw_only=True)
class TaskOutlook:
    """All that is to be expected of a task, as of its last checkpoint."""

    task: str
    target: OutlookInfo
    """Against the branch that it merges into."""
    user: OutlookInfo
    """Against what is uncommitted in the user's checkout."""
    in_the_way: tuple[str, ...] = ()
    """Uncommitted files that would keep the target's checkout from a merge."""
    tasks: tuple[PairInfo, ...] = ()
    """Against other open tasks with the same target; those that are clean left out."""


@attrs.frozen(kw_only=True)
class ForecastParams:
    """Of what to make a forecast; of all open tasks if nothing is named."""

    uri: str | None = None
    """Those of the repository that holds this file or folder."""
    task: str | None = None


@attrs.frozen(kw_only=True)
class ForecastResult:
    """What is to be expected."""

    tasks: tuple[TaskOutlook, ...]
    """Those that have a checkpoint, in the order in which they were asked for."""


@attrs.frozen(kw_only=True)
class TaskForecastInfo:
    """A task's forecast, for a list."""

    task: str
    forecast: ForecastInfo | None = None
    """Absent when the task is open no more."""


@attrs.frozen(kw_only=True)
class ForecastChangedParams:
    """Something else is to be expected of these tasks than before."""

    repository: str
    """The URI of the user's checkout."""
    tasks: tuple[TaskForecastInfo, ...]
