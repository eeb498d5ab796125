"""What a person does about the queue, and about what a task is asked to do."""

import graphlib
from collections.abc import Collection, Sequence
from pathlib import Path

from agentls.errors import InvalidParams
from agentls.model import State, Task, TaskId
from agentls.tasks.book import TaskBook
from agentls.tasks.operations import Operations
from agentls.tasks.queue import queue_order
from agentls.tasks.request import check_prompt, check_text, title_of
from agentls.tasks.starting import Say
from agentls.tasks.states import require_state

__all__ = [
    "PRIORITY_MAX",
    "Queueing",
    "check_order",
    "check_priority",
    "find_forerunners",
]

PRIORITY_MAX = 1000


class Queueing:
    """Orders, holds and starts queued tasks; changes their words."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations

    async def rename(self, name: str, title: str) -> Task:
        """Give a task another title; its branch and worktree keep their names."""
        check_text(title, what="title")
        title = " ".join(title.split())
        if not title:
            raise InvalidParams("The title is empty.", hint="Give it a few words.")
        task = self._on.book.get(name)
        return await self._on.book.change(task.id, title=title, changed=task.changed)

    async def edit_prompt(self, name: str, prompt: str) -> Task:
        """Give a task that hasn't begun, or that failed, another prompt.

        What failed takes it with the next retry. A title that was made of the prompt
        follows it.
        """
        check_prompt(prompt)
        async with self._on.lock(self._on.book.get(name).id):
            task = self._on.book.get(name)
            require_state(task, State.QUEUED, State.FAILED, to="ask differently")
            title = task.title
            if title == title_of(task.prompt):
                title = title_of(prompt)
            return await self._on.book.change(task.id, prompt=prompt, title=title)

    async def set_priority(self, name: str, priority: int) -> Task:
        """Say how early a queued task begins: the greater the earlier."""
        check_priority(priority)
        task_id = self._on.book.get(name).id
        return await self._on.book.change(task_id, priority=priority)

    async def set_after(self, name: str, after: Sequence[str]) -> Task:
        """Say which tasks must be merged before a queued one begins; none is none."""
        async with self._on.lock(self._on.book.get(name).id):
            task = self._on.book.get(name)
            require_state(task, State.QUEUED, to="put behind others")
            forerunners = find_forerunners(
                self._on.book, after, repository=task.repository, target=task.target
            )
            if circle := _circle(self._on.book, task.id, forerunners):
                raise InvalidParams(
                    f"Task {task.id} would wait for itself: {' after '.join(circle)}."
                    " Nothing was changed.",
                    hint="Leave out one of these.",
                )
            return await self._on.book.change(task.id, after=forerunners)

    def order(self) -> tuple[TaskId, ...]:
        """Give the queued tasks in the order in which they begin, as it looks now."""
        tasks = self._on.book.tasks(discarded=True)
        return tuple(
            task.id
            for task in queue_order(tasks, limits=self._on.starter.places.limits)
        )

    async def start(self, name: str, *, progress: Say) -> Task:
        """Begin a queued task now: past the queue, its limits and its forerunners."""
        task = self._on.book.get(name)
        require_state(task, State.QUEUED, to="start")
        self._on.starter.begin(task, say=progress)
        return await self._on.starter.prepared(task.id)

    async def pause(self) -> None:
        """Begin nothing more that is queued until `resume`; what runs goes on."""
        await self._on.book.pause(paused=True)
        self._on.starter.places.give()
        await self._on.starter.places.reasons_kept()

    async def resume(self) -> None:
        """Go on with the queue."""
        await self._on.book.pause(paused=False)
        self._on.starter.places.give()
        await self._on.starter.places.reasons_kept()


def check_priority(priority: int) -> None:
    """Refuse a priority out of range."""
    if not -PRIORITY_MAX <= priority <= PRIORITY_MAX:
        raise InvalidParams(
            f"The priority is {priority}; it goes from -{PRIORITY_MAX} to"
            f" {PRIORITY_MAX}."
        )


def find_forerunners(
    book: TaskBook, names: Sequence[str], *, repository: Path, target: str
) -> tuple[TaskId, ...]:
    """Find the tasks that are to be merged first, each once.

    Raises `InvalidParams` for one whose merge would not be in the target.
    """
    found: dict[TaskId, None] = {}
    for name in names:
        task = book.get(name)
        if task.repository != repository or task.target != target:
            raise InvalidParams(
                f"Task {task.id} merges into {task.target} of {task.repository}, not"
                f" into {target} of {repository}, so nothing can wait for it there.",
                hint="Wait for tasks of the same repository and target.",
            )
        found[task.id] = None
    return tuple(found)


def check_order(waits: Sequence[Collection[int]]) -> None:
    """Refuse tasks that are made together and would wait for each other in a circle."""
    try:
        graphlib.TopologicalSorter(dict(enumerate(waits))).prepare()
    except graphlib.CycleError as error:
        # graphlib names each before those that wait for it.
        circle = " after ".join(f"number {at + 1}" for at in reversed(error.args[1]))
        raise InvalidParams(
            f"These would wait for each other for ever: {circle}. Nothing was made.",
            hint="Leave one of them out of `after`.",
        ) from error


def _circle(
    book: TaskBook, task: TaskId, after: Sequence[TaskId]
) -> tuple[TaskId, ...]:
    """Give the way from a task over its forerunners back to it, if there is one."""
    ways: list[tuple[TaskId, ...]] = [(task, name) for name in after]
    seen: set[TaskId] = set()
    known = {one.id: one for one in book.tasks(discarded=True)}
    while ways:
        way = ways.pop()
        if way[-1] == task:
            return way
        if way[-1] not in seen and (there := known.get(way[-1])):
            seen.add(way[-1])
            ways.extend((*way, name) for name in there.after)
    return ()
