"""Stacks: tasks that began from another task's state, and stand on it until it is in.

Whether a task stands on another follows from its base's name alone (`task:ID`).
"""

from agentls.errors import InvalidState
from agentls.model import State, Task, TaskId
from agentls.tasks.book import TaskBook

__all__ = ["below", "refuse_alone", "stands_on"]


def below(book: TaskBook, task: Task) -> Task | None:
    """Give the task whose state one began from, whatever became of it since."""
    name = task.base.on
    if name is None:
        return None
    tasks = book.tasks(repository=task.repository, discarded=True)
    return next((other for other in tasks if other.id == name), None)


def stands_on(book: TaskBook, task: Task) -> TaskId | None:
    """Give the task that one stands on, as long as that is neither merged nor gone."""
    lower = below(book, task)
    if lower is None or lower.merged_commit or lower.state is State.DISCARDED:
        return None
    return lower.id


def refuse_alone(book: TaskBook, task: Task) -> None:
    """Raise `InvalidState` for a task whose merge would come before the one below."""
    if lower := stands_on(book, task):
        raise InvalidState(
            f"Task {task.id} stands on task {lower}, which isn't merged. Nothing was"
            " changed.",
            hint=f"Merge that first: `agentls merge {lower}`. Its own lines alone:"
            f" `agentls merge --force {task.id}`.",
        )
