"""The queue: which tasks begin next, in the order in which they were asked for."""

from collections.abc import Collection, Sequence

from agentls.model import State, Task, TaskId
from agentls.tasks.states import HOLDS_A_PLACE

__all__ = ["next_to_start"]


def next_to_start(
    tasks: Sequence[Task], *, begun: Collection[TaskId], max_parallel: int
) -> tuple[Task, ...]:
    """Choose the queued tasks that have a place now.

    `begun` are queued tasks that were given a place a moment ago already.
    """
    taken = sum(task.state in HOLDS_A_PLACE or task.id in begun for task in tasks)
    waiting = sorted(
        (task for task in tasks if task.state is State.QUEUED and task.id not in begun),
        key=lambda task: task.number,
    )
    return tuple(waiting[: max(0, max_parallel - taken)])
