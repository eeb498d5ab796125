"""Stacks: tasks that began from another task's state, and stand on it until it is in.

Whether a task stands on another follows from its base's name alone (`task:ID`).
"""

from agentls.model import State, Task, TaskId
from agentls.tasks.book import TaskBook

__all__ = ["stands_on"]

_OVER = {State.MERGED, State.DISCARDED}


def stands_on(book: TaskBook, task: Task) -> TaskId | None:
    """Give the task that one stands on, as long as that is neither merged nor gone."""
    for other in book.tasks(repository=task.repository):
        if other.id == task.base.on and other.state not in _OVER:
            return other.id
    return None
