"""Tasks as the protocol shows them, kept as long as nothing of them changes.

A list of a thousand tasks is asked for again and again, and one of them has changed
since. What is shown of the others is the same, and so is its JSON.
"""

import json
import operator
import weakref

import attrs

from agentls.core import Core
from agentls.lsp import foreseen, present, wire
from agentls.lsp.protocol.tasks import ListTasksResult, TaskChangedParams, TaskInfo
from agentls.model import Session, Task, TaskId
from agentls.review.outlook import TaskForecast
from agentls.tasks.book import TaskBook

__all__ = ["ShownTasks", "shown_tasks"]


@attrs.frozen(kw_only=True)
class _Shown:
    """What a task was when it was shown last, and how it was."""

    task: Task
    sessions: tuple[Session, ...]
    forecast: TaskForecast | None
    info: TaskInfo
    text: str

    def holds(
        self, task: Task, sessions: tuple[Session, ...], forecast: TaskForecast | None
    ) -> bool:
        """Tell whether nothing that is shown of the task is another."""
        return (
            self.task is task
            and self.forecast is forecast
            and len(self.sessions) == len(sessions)
            and all(map(operator.is_, self.sessions, sessions))
        )


class ShownTasks:
    """What was shown last of each task, for all connections."""

    def __init__(self) -> None:
        self._shown: dict[TaskId, _Shown] = {}

    def info(self, task: Task, core: Core) -> TaskInfo:
        """Show a task, with all that is known of it."""
        sessions = core.book.sessions(task.id)
        forecast = core.forecasting.of(task.id)
        known = self._shown.get(task.id)
        if known is not None and known.holds(task, sessions, forecast):
            return known.info
        info = present.task_info(
            task, sessions, forecast=foreseen.forecast_info(forecast)
        )
        self._shown[task.id] = _Shown(
            task=task,
            sessions=sessions,
            forecast=forecast,
            info=info,
            text=_text(info),
        )
        return info

    def forget(self, task: TaskId) -> None:
        """Forget a task that is no more."""
        self._shown.pop(task, None)

    def list_text(self, result: ListTasksResult) -> str:
        """Write a list as JSON, as the converter would, but soon."""
        rest = _text(attrs.evolve(result, tasks=()))
        tasks = ", ".join(map(self._text, result.tasks))
        return rest.replace('"tasks": []', f'"tasks": [{tasks}]', 1)

    def changed_text(self, params: TaskChangedParams) -> str:
        """Write that a task has changed as JSON, likewise."""
        return f'{{"task": {self._text(params.task)}}}'

    def _text(self, info: TaskInfo) -> str:
        known = self._shown.get(TaskId(info.id))
        return known.text if known and known.info is info else _text(info)


def _text(value: object) -> str:
    return json.dumps(wire.converter().unstructure(value))


_OF_BOOKS: weakref.WeakKeyDictionary[TaskBook, ShownTasks] = weakref.WeakKeyDictionary()


def shown_tasks(core: Core) -> ShownTasks:
    """Give what the core's connections share."""
    return _OF_BOOKS.setdefault(core.book, ShownTasks())
