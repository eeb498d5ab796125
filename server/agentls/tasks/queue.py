"""The queue: which tasks begin now, and why the others don't."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import attrs

from agentls.config.settings import Limits
from agentls.model import State, Task, TaskId
from agentls.tasks.pace import Pace
from agentls.tasks.states import HOLDS_A_PLACE, ON_THEIR_WAY

__all__ = ["Machine", "Turns", "holds_a_place", "line_up", "queue_order"]

_NEVER_BY_ITSELF = {
    State.FAILED: "failed",
    State.INTERRUPTED: "was interrupted",
    State.DISCARDED: "was discarded",
}


@attrs.frozen(kw_only=True)
class Machine:
    """How the machine stands, as far as a limit asks for it."""

    memory: int | None = None
    """Bytes that are free; None where that isn't known."""
    disk_full: bool = False
    """The disk has less left than is to stay free."""
    load: float | None = None
    """Of the last minute, for each processor."""


@attrs.frozen(kw_only=True)
class Turns:
    """What of the queue begins now, and what the rest waits for."""

    begin: tuple[Task, ...]
    waiting: Mapping[TaskId, str]
    """For each task that doesn't begin one sentence: why."""
    stuck: frozenset[TaskId]
    """Those of them whose forerunner won't be merged by itself."""
    look_again: bool
    """What stands in the way passes without a word: memory, load, the last hour."""


def holds_a_place(task: Task, *, limits: Limits) -> bool:
    """Tell whether a task counts against `limits.max_parallel`."""
    if task.state is State.WAITING and not limits.waiting_holds:
        return False
    return task.state in HOLDS_A_PLACE


def line_up(
    tasks: Sequence[Task],
    *,
    begun: Collection[TaskId],
    limits: Limits,
    paused: bool = False,
    machine: Machine | None = None,
    pace: Pace | None = None,
) -> Turns:
    """Choose the queued tasks that begin now.

    The highest priority first; of the same, the repository that has the fewest places;
    then the order in which they were asked for. `begun` were given a place a moment ago
    already; `tasks` has the discarded ones too.
    """
    known = {task.id: task for task in tasks}
    holding = [
        task for task in tasks if task.id in begun or holds_a_place(task, limits=limits)
    ]
    waiting: dict[TaskId, str] = {}
    stuck: set[TaskId] = set()
    ready: list[Task] = []
    for task in tasks:
        if task.state is not State.QUEUED or task.id in begun:
            continue
        if why := _lost_forerunner(task, known):
            waiting[task.id] = why
            stuck.add(task.id)
        elif why := _forerunners(task, known):
            waiting[task.id] = why
        else:
            ready.append(task)
    machine = machine or Machine()
    closed = _closed(tasks, limits=limits, paused=paused) or _full(machine)
    slowed = _slowed(pace or Pace(), limits=limits)
    places = 0 if closed or slowed else max(0, limits.max_parallel - len(holding))
    held = _too_full(machine, limits=limits)
    if held:
        # One at least goes on, or nothing could ever make room.
        places = min(places, 0 if holding else 1)
    why = closed or slowed or held
    chosen = _fairly(ready, holding, places=places)
    if ready and not why and not chosen:
        chosen = _lent(ready, holding, tasks=tasks)
    if not why:
        number = limits.max_parallel
        why = f"Waits for a place: {number} agent{'s' * (number != 1)} may run at once."
    left = [task for task in ready if task not in chosen]
    waiting |= {task.id: why for task in left}
    return Turns(
        begin=chosen,
        waiting=waiting,
        stuck=frozenset(stuck),
        look_again=bool((slowed or held) and not closed and left),
    )


def queue_order(tasks: Sequence[Task], *, limits: Limits) -> tuple[Task, ...]:
    """Put the queued tasks in the order in which they begin, if nothing else changes.

    Those whose forerunners aren't merged come last.
    """
    known = {task.id: task for task in tasks}
    queued = [task for task in tasks if task.state is State.QUEUED]
    ready = [task for task in queued if not _held_back(task, known)]
    holding = [task for task in tasks if holds_a_place(task, limits=limits)]
    first = _fairly(ready, holding, places=len(ready))
    rest = sorted(
        (task for task in queued if task not in first),
        key=lambda one: (-one.priority, one.number),
    )
    return (*first, *rest)


def _held_back(task: Task, known: Mapping[TaskId, Task]) -> bool:
    return bool(_lost_forerunner(task, known) or _forerunners(task, known))


def _fairly(
    ready: Sequence[Task], holding: Sequence[Task], *, places: int
) -> tuple[Task, ...]:
    has = Counter(task.repository for task in holding)
    rest, chosen = list(ready), list[Task]()
    while rest and len(chosen) < places:
        first = min(
            rest, key=lambda one: (-one.priority, has[one.repository], one.number)
        )
        rest.remove(first)
        chosen.append(first)
        has[first.repository] += 1
    return tuple(chosen)


def _lent(
    ready: Sequence[Task], holding: Sequence[Task], *, tasks: Sequence[Task]
) -> tuple[Task, ...]:
    """Choose a task to begin though no place is free, as nothing would free one.

    Where all places are held by agents that wait for what they handed out, none of it
    could begin, and they would wait for ever.
    """
    waited_for = {task.parent for task in tasks if task.state in ON_THEIR_WAY}
    if not all(task.id in waited_for for task in holding):
        return ()
    holders = {task.id for task in holding}
    own = [task for task in ready if task.parent in holders]
    return _fairly(own, holding, places=1)


def _lost_forerunner(task: Task, known: Mapping[TaskId, Task]) -> str:
    """Say which forerunner won't be merged by itself; nothing if all may be."""
    for name in task.after:
        before = known.get(name)
        if before is not None and before.merged_commit is not None:
            continue
        end = "is no more" if before is None else _NEVER_BY_ITSELF.get(before.state)
        if end:
            return (
                f"Task {name}, which must be merged first, {end}: start this one all"
                f" the same (`agentls start {task.id}`), or discard it."
            )
    return ""


def _forerunners(task: Task, known: Mapping[TaskId, Task]) -> str:
    """Say what a task waits for; nothing when all its forerunners are merged."""
    left = [name for name in task.after if known[name].merged_commit is None]
    if not left:
        return ""
    return f"Begins when {_listed(left)} {'is' if len(left) == 1 else 'are'} merged."


def _closed(tasks: Sequence[Task], *, limits: Limits, paused: bool) -> str:
    if paused:
        return "The queue is paused."
    reviews = sum(task.state is State.REVIEW for task in tasks)
    if limits.max_review and reviews >= limits.max_review:
        return f"Waits for you: {limits.max_review} tasks or more wait for your review."
    return ""


def _slowed(pace: Pace, *, limits: Limits) -> str:
    if not pace.is_ahead(limits.review_ahead):
        return ""
    came = f"{pace.came} task{'s' * (pace.came != 1)} came to your review"
    return (
        f"Waits for you: in the last hour {came}, and you cleared {pace.cleared}"
        f" (`limits.review_ahead` is {limits.review_ahead})."
    )


def _full(machine: Machine) -> str:
    if not machine.disk_full:
        return ""
    return (
        "Waits for room on the disk, which has less than `disk.reserve` left:"
        " `agentls gc` shows what may go."
    )


def _too_full(machine: Machine, *, limits: Limits) -> str:
    if machine.memory is not None and machine.memory < limits.memory_floor:
        return f"Waits for memory: less than {limits.memory_floor:,} bytes are free."
    if limits.load_ceiling and (machine.load or 0) > limits.load_ceiling:
        return (
            f"Waits for the processors: each has a load over {limits.load_ceiling:g}."
        )
    return ""


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
