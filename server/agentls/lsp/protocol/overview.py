"""What becomes of tasks over time, and what they use at the moment."""

import attrs

from agentls.lsp.protocol.tasks import UsageInfo

__all__ = [
    "HistoryParams",
    "HistoryResult",
    "IntervalInfo",
    "LoadResult",
    "ReportResult",
    "SessionLoad",
    "TaskHistoryInfo",
    "TurnTimesInfo",
]


@attrs.frozen(kw_only=True)
class HistoryParams:
    """Which time, and of which tasks."""

    since: str | None = None
    """ISO 8601 with an offset from UTC; a day before `until` if absent."""
    until: str | None = None
    """The same; now if absent."""
    uri: str | None = None
    """Tasks of the repository that holds this file or folder; of all if absent."""


@attrs.frozen(kw_only=True)
class IntervalInfo:
    """A time in which a task was in one state."""

    state: str
    begun: str
    ended: str | None = None
    """Absent for the present one."""
    why: str = ""
    """As it was when the task came there."""
    source: str | None = None
    """What told it, as in a task."""
    opened: str | None = None
    """When a person first looked at the change; only in `review`."""


@attrs.frozen(kw_only=True)
class TurnTimesInfo:
    """When a turn was."""

    number: int
    source: str
    """How its agent came to the prompt, as in a turn."""
    begun: str
    ended: str | None = None


@attrs.frozen(kw_only=True)
class TaskHistoryInfo:
    """What became of a task; whole intervals and turns, also where they reach out."""

    task: str
    number: int
    title: str
    agent: str
    repository: str
    """The URI of the user's checkout."""
    state: str
    """The present one."""
    created: str
    merged_commit: str | None = None
    added: int | None = None
    """Lines of its change, as of its last checkpoint; of one that was merged those that
    were."""
    deleted: int | None = None
    intervals: tuple[IntervalInfo, ...]
    """In their order, without gaps. Those before this was kept are unknown."""
    turns: tuple[TurnTimesInfo, ...] = ()
    usage: UsageInfo
    """In its whole life."""


@attrs.frozen(kw_only=True)
class HistoryResult:
    """What became of tasks."""

    since: str
    """Later than was asked for where so much happened that the rest is left out."""
    until: str
    now: str
    """How far the present intervals reach."""
    tasks: tuple[TaskHistoryInfo, ...]
    """Those that were open in that time, in the order in which they were asked for."""


@attrs.frozen(kw_only=True)
class ReportResult:
    """A report that was written."""

    uri: str
    """Of its file, in agentls' own folder. The last 30 are kept."""


@attrs.frozen(kw_only=True)
class SessionLoad:
    """What a session's processes use: counters, of which two make a rate."""

    session: str
    task: str
    output: int
    """Bytes that its log is long."""
    processes: int
    """Those that began in it and live; 0 where the system doesn't tell."""
    memory: int
    """Bytes that are theirs alone: without what they share with files."""
    cpu: float
    """Seconds that they have kept processors busy."""


@attrs.frozen(kw_only=True)
class LoadResult:
    """What the living sessions use, as it is now."""

    at: float
    """Seconds of a clock that is never set: between two answers of one daemon."""
    cpus: int
    """How many processors the machine has."""
    available: int | None = None
    """Bytes of memory that programs can still have; absent where that is unknown."""
    sessions: tuple[SessionLoad, ...]
    queue: tuple[str, ...] = ()
    """The queued tasks in the order in which they will begin, as it looks now."""
