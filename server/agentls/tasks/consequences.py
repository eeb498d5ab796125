"""What follows by itself when a task gets new values: times, teardown, lost ports."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from agentls.model import Ports, State, Task, Teardown
from agentls.tasks.states import OVER, require_transition

__all__ = ["may_use_ports", "now", "with_consequences"]


def now() -> datetime:
    """Give the present time as the book writes it."""
    return datetime.now(UTC)


def with_consequences(
    before: Task, changes: Mapping[str, Any], *, ports_taken: Iterable[Ports]
) -> Task:
    """Give a task with new values and what follows from them.

    `ports_taken` are those of all other tasks that live. Raises `InvalidState` for a
    state that can't follow.
    """
    values = dict(changes)
    if state := values.get("state"):
        require_transition(before, state)
        # In the merge's own transaction: no daemon's death can leave it out.
        if state is State.MERGED and _leaves_something(before):
            values = {"teardown": Teardown.DUE} | values
    task = attrs.evolve(before, **_with_times(before, values))
    if (task.ports, task.state) == (before.ports, before.state):
        return task
    # Invariant: no two tasks that live share a port (tests/tasks/test_ports.py).
    mine = task.ports if task.state not in OVER else None
    if mine and any(map(mine.meets, ports_taken)):
        return attrs.evolve(task, ports=None)
    return task


def may_use_ports(task: Task) -> bool:
    """Tell whether something may still listen on a task's ports."""
    return task.state not in OVER or task.teardown is Teardown.DUE


def _leaves_something(task: Task) -> bool:
    """Tell whether something may run in its worktree that agentls had begun."""
    return task.teardown is None and task.state is not State.DISCARDED


def _with_times(task: Task, values: dict[str, Any]) -> dict[str, Any]:
    """Add to a task's new values when they came, and what ends with its state."""
    if not values:
        return values
    moment = now()
    if values.get("state", task.state) is task.state:
        return {"changed": moment} | values
    seconds = max(0.0, (moment - (task.moved or task.changed)).total_seconds())
    return {
        "changed": moment,
        "source": None,
        "asked": None,
        "quiet_since": None,
        "moved": moment,
        "worked": task.worked + seconds * (task.state is State.WORKING),
        "waited": task.waited + seconds * (task.state is State.WAITING),
        **values,
    }
