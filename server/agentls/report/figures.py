"""The figures of a report: what became of tasks in a time, added up.

Everything is of the report's own time: intervals that reach out of it are cut.
"""

import enum
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from agentls.model import AgentName, State, Task, Usage
from agentls.tasks.history import Histories, Interval, TaskHistory

__all__ = [
    "AgentFigures",
    "Bar",
    "Figures",
    "Kind",
    "ReviewFigures",
    "Row",
    "Wait",
    "figures_of",
]


class Kind(enum.StrEnum):
    """What a task's time was spent on, as a person sees it."""

    QUEUED = "queued"
    PREPARING = "preparing"
    WORKING = "working"
    WAITING = "waiting"
    CHECKING = "checking"
    REVIEW = "review"
    """Nobody has looked at it yet."""
    LOOKED = "looked"
    """From a person's first look on."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def waits_for_a_person(self) -> bool:
        """Tell whether nothing goes on until a person acts."""
        return self in {Kind.WAITING, Kind.REVIEW, Kind.FAILED, Kind.INTERRUPTED}


@attrs.frozen(kw_only=True)
class Bar:
    """A time that a task spent on one thing."""

    kind: Kind
    begun: datetime
    ended: datetime
    goes_on: bool
    """It was still so when the report was made."""
    why: str = ""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.ended - self.begun).total_seconds()


@attrs.frozen(kw_only=True)
class Row:
    """One task in the report's time."""

    task: Task
    bars: tuple[Bar, ...]
    turns: int
    """Those that were under way in it."""
    usage: Usage | None
    """Of its whole life."""
    merged: datetime | None
    """When it was merged, if that was in this time and not taken back."""
    discarded: datetime | None
    """The same of one that was put away without a merge."""

    def seconds(self, *kinds: Kind) -> float:
        """How long it spent on these things."""
        return sum(bar.seconds for bar in self.bars if bar.kind in kinds)

    @property
    def waited(self) -> float:
        """Seconds in which nothing went on until a person acted."""
        return sum(bar.seconds for bar in self.bars if bar.kind.waits_for_a_person)


@attrs.frozen(kw_only=True)
class ReviewFigures:
    """A task was ready for review."""

    task: Task
    ready: datetime
    waited: float
    """Seconds until a person looked at it, or until the end."""
    looked: float
    """Seconds from then to the end; 0 if nobody looked."""
    opened: bool
    end: State | None
    """What it became then; None if it is still ready."""


@attrs.frozen(kw_only=True)
class Wait:
    """A time in which nothing went on until a person acted."""

    task: Task
    bar: Bar


@attrs.frozen(kw_only=True)
class AgentFigures:
    """What an agent did in the report's time."""

    agent: AgentName
    tasks: int
    merged: int
    discarded: int
    turns: int
    worked: float
    waited: float
    """Seconds in which it waited for an answer."""
    added: int
    """Lines of what was merged, and the deleted ones:"""
    deleted: int
    usage: Usage | None
    """Of its tasks' whole life; None where it tells nothing."""


@attrs.frozen(kw_only=True)
class Figures:
    """A report's figures."""

    since: datetime
    until: datetime
    """The end of what is known: no later than when the report was made."""
    rows: tuple[Row, ...]
    reviews: tuple[ReviewFigures, ...]
    """In the order in which they were ready."""
    waits: tuple[Wait, ...]
    """The longest first."""
    agents: tuple[AgentFigures, ...]
    """The one that worked longest first."""

    @property
    def merged(self) -> tuple[Row, ...]:
        """The tasks that were merged."""
        return tuple(row for row in self.rows if row.merged is not None)

    @property
    def worked(self) -> float:
        """Seconds that agents worked, all together."""
        return sum(row.seconds(Kind.WORKING) for row in self.rows)

    @property
    def waited(self) -> float:
        """Seconds that tasks waited for a person, all together."""
        return sum(row.waited for row in self.rows)

    @property
    def until_merged(self) -> float | None:
        """The median of seconds from ready to merged; None without any."""
        return _median(
            one.waited + one.looked for one in self.reviews if one.end is State.MERGED
        )

    @property
    def until_opened(self) -> float | None:
        """The median of seconds from ready to a person's look; None without any."""
        return _median(one.waited for one in self.reviews if one.opened)

    def totals(self) -> Mapping[Kind, float]:
        """How many seconds all tasks spent on each thing; what is none is left out."""
        sums = {kind: sum(row.seconds(kind) for row in self.rows) for kind in Kind}
        return {kind: seconds for kind, seconds in sums.items() if seconds > 0}


def figures_of(histories: Histories) -> Figures:
    """Add up what became of tasks."""
    since, until = histories.since, min(histories.until, histories.now)
    rows = tuple(
        _row(one, since=since, until=until) for one in histories.tasks if one.intervals
    )
    rows = tuple(row for row in rows if row.bars or row.merged or row.discarded)
    reviews = [
        _review(one.task, interval, following, until=until)
        for one in histories.tasks
        for interval, following in zip(
            one.intervals, [*one.intervals[1:], None], strict=True
        )
        if interval.state is State.REVIEW and (interval.ended or until) >= since
    ]
    waits = [
        Wait(task=row.task, bar=bar)
        for row in rows
        for bar in row.bars
        if bar.kind.waits_for_a_person
    ]
    return Figures(
        since=since,
        until=until,
        rows=rows,
        reviews=tuple(sorted(reviews, key=lambda one: one.ready)),
        waits=tuple(sorted(waits, key=lambda one: -one.bar.seconds)),
        agents=_agents(rows),
    )


def _row(history: TaskHistory, *, since: datetime, until: datetime) -> Row:
    bars = [
        bar
        for interval in history.intervals
        for bar in _bars(interval, since=since, until=until)
    ]
    last = {interval.state: interval.begun for interval in history.intervals}
    task = history.task
    merged = task.merged_commit is not None

    def ended(state: State, *, holds: bool) -> datetime | None:
        moment = last.get(state)
        inside = moment is not None and since <= moment <= until
        return moment if inside and holds else None

    return Row(
        task=task,
        bars=tuple(bars),
        turns=len(history.turns),
        usage=history.spent.usage,
        merged=ended(State.MERGED, holds=merged),
        discarded=ended(
            State.DISCARDED, holds=task.state is State.DISCARDED and not merged
        ),
    )


def _bars(interval: Interval, *, since: datetime, until: datetime) -> Iterable[Bar]:
    """Give an interval's part of the time; a review in two, at the first look."""
    if interval.state in {State.MERGED, State.DISCARDED}:
        return
    ended = interval.ended or until
    cuts = [interval.begun, ended]
    kinds = [Kind(interval.state)]
    if interval.opened is not None:
        cuts.insert(1, min(max(interval.opened, interval.begun), ended))
        kinds.append(Kind.LOOKED)
    for kind, begun, end in zip(kinds, cuts, cuts[1:], strict=False):
        begin, stop = max(begun, since), min(end, until)
        if begin < stop:
            yield Bar(
                kind=kind,
                begun=begin,
                ended=stop,
                goes_on=interval.ended is None and end == ended,
                why=interval.why,
            )


def _review(
    task: Task, interval: Interval, following: Interval | None, *, until: datetime
) -> ReviewFigures:
    ended = interval.ended or until
    opened = interval.opened
    look = ended if opened is None else min(max(opened, interval.begun), ended)
    return ReviewFigures(
        task=task,
        ready=interval.begun,
        waited=(look - interval.begun).total_seconds(),
        looked=(ended - look).total_seconds(),
        opened=opened is not None,
        end=following and following.state,
    )


def _agents(rows: Sequence[Row]) -> tuple[AgentFigures, ...]:
    by_agent: dict[AgentName, list[Row]] = {}
    for row in rows:
        by_agent.setdefault(row.task.agent, []).append(row)
    found = [_agent(agent, tuple(of)) for agent, of in by_agent.items()]
    return tuple(sorted(found, key=lambda one: (-one.worked, one.agent)))


def _agent(agent: AgentName, rows: Sequence[Row]) -> AgentFigures:
    merged = [row for row in rows if row.merged is not None]
    told = [row.usage for row in rows if row.usage is not None]
    return AgentFigures(
        agent=agent,
        tasks=len(rows),
        merged=len(merged),
        discarded=sum(row.discarded is not None for row in rows),
        turns=sum(row.turns for row in rows),
        worked=sum(row.seconds(Kind.WORKING) for row in rows),
        waited=sum(row.seconds(Kind.WAITING) for row in rows),
        added=sum(row.task.added or 0 for row in merged),
        deleted=sum(row.task.deleted or 0 for row in merged),
        usage=sum(told, Usage()) if told else None,
    )


def _median(values: Iterable[float]) -> float | None:
    numbers = tuple(values)
    return statistics.median(numbers) if numbers else None
