"""Places: which queued tasks are given one, and what the others wait for."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

from agentls.config.settings import Limits
from agentls.errors import UnknownTask
from agentls.host import available_memory
from agentls.model import Task, TaskId
from agentls.tasks.book import Event, TaskBook
from agentls.tasks.pace import ReviewPace
from agentls.tasks.queue import Machine, line_up

__all__ = ["Places"]

_LOOK_SECONDS = 5.0
"""Seconds between two looks for what passes by itself, while it holds tasks back."""


class Places:
    """Gives places to queued tasks, whenever one may have become free."""

    def __init__(
        self,
        *,
        book: TaskBook,
        begun: Callable[[], frozenset[TaskId]],
        begin: Callable[[Task], None],
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        """`begun` are the tasks that were given a place and may not show it yet."""
        self.limits = Limits()
        """How much may run at once; whoever reads the config again sets it."""
        self.pace = ReviewPace(clock=_clock)
        """How fast tasks come to review; whoever reads the store loads it."""
        self.disk_full = False
        """No worktree is made: the disk has less left than its reserve."""
        self.closing = False
        self._book = book
        self._begun = begun
        self._begin = begin
        self._spawn = spawn
        self._reasons: dict[TaskId, str] = {}
        """What queued tasks wait for, as far as the book may not know it yet."""
        self._stuck: frozenset[TaskId] = frozenset()
        """Those of them of which a person is told."""
        self._telling: asyncio.Task[Any] | None = None
        self._looking: asyncio.Task[Any] | None = None

    def hear(self, event: Event) -> None:
        """Start what is queued when a place may have become free."""
        if isinstance(event, Task):
            self.give()

    def give(self) -> None:
        """Give the free places to queued tasks."""
        if self.closing:
            return
        tasks = self._book.tasks(discarded=True)
        turns = line_up(
            tasks,
            begun=self._begun(),
            limits=self.limits,
            paused=self._book.paused,
            machine=self._machine(),
            pace=self.pace.look(tasks),
        )
        for task in turns.begin:
            self._begin(task)
        # What begins waits for nothing, though its state may not show that yet.
        reasons = {task.id: "" for task in turns.begin} | dict(turns.waiting)
        self._reasons = {
            task_id: why
            for task_id, why in reasons.items()
            if self._book.get(task_id).why != why
        }
        self._stuck = turns.stuck
        if self._reasons and self._telling is None:
            self._telling = self._spawn(self._tell_reasons(), name="tell the queue")
        if turns.look_again and self._looking is None:
            self._looking = self._spawn(self._look_again(), name="look for room")

    async def reasons_kept(self) -> None:
        """Wait until the book has what each queued task waits for."""
        if self._telling is not None:
            await asyncio.wait([self._telling])

    def _machine(self) -> Machine:
        """Look how the machine stands, as far as a limit asks for it."""
        limits = self.limits
        return Machine(
            memory=available_memory() if limits.memory_floor else None,
            load=_load() if limits.load_ceiling else None,
            disk_full=self.disk_full,
        )

    async def _tell_reasons(self) -> None:
        """Keep with each queued task what it waits for."""
        try:
            while self._reasons:
                task_id, why = self._reasons.popitem()
                with contextlib.suppress(UnknownTask):
                    await self._book.keep_reason(
                        task_id, why, quietly=task_id not in self._stuck
                    )
        finally:
            self._telling = None

    async def _look_again(self) -> None:
        """Look for room after a while: nothing tells when there is some."""
        try:
            await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._looking = None
        self.give()


def _load() -> float:
    """Give the load of the last minute, for each processor."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def _clock() -> float:
    return asyncio.get_running_loop().time()
