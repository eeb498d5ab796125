"""How much room tasks take, measured beside the daemon, and whether the disk has any.

What is measured is kept for a while: worktrees have many files, and a list that is
shown again need not count them again. Nothing here changes a file.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from agentls.config import Config
from agentls.git.process import run_process
from agentls.model import State, Task, TaskId
from agentls.paths import Paths
from agentls.tasks.book import DiskLow, TaskBook
from agentls.tasks.operations import Operations
from agentls.tasks.pool import Pool
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.starting import Starter
from agentls.tasks.states import OVER
from agentls.tasks.trash import Trash
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["DiskUse", "DiskWatch", "TaskUse", "Use"]

_KNOWN_SECONDS = 60.0
"""How long the size of a task that goes on counts as known."""
_AT_ONCE = 200
_MEASURE_SECONDS = 600.0
_LOOK_SECONDS = 20.0


@attrs.frozen(kw_only=True)
class TaskUse:
    """The bytes that one task takes on the disk."""

    task: TaskId
    worktree: int
    """Its folder, wherever it lies: in its place, or in the trash."""
    logs: int

    @property
    def size(self) -> int:
        """All of it."""
        return self.worktree + self.logs


@attrs.frozen(kw_only=True)
class Use:
    """The bytes that agentls takes on the disk, and what is left."""

    tasks: tuple[TaskUse, ...]
    spares: int
    """How many worktrees are kept ready, and their bytes:"""
    spares_size: int
    setups: int
    """How many setups are cached, and their bytes:"""
    setups_size: int
    free: int
    reserve: int
    budget: int
    """0 for any."""

    @property
    def size(self) -> int:
        """All of it."""
        of_tasks = sum(one.size for one in self.tasks)
        return of_tasks + self.spares_size + self.setups_size


class DiskUse:
    """Measures what tasks take."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        pool: Pool,
        setup_cache: SetupCache,
    ) -> None:
        self._on = operations
        self._trusting = trusting
        self._pool = pool
        self._setup_cache = setup_cache
        self._trash = Trash(operations.paths)
        self._known: dict[TaskId, tuple[float, Task, TaskUse]] = {}
        self._turn = asyncio.Lock()

    async def measure(self) -> Use:
        """Give what everything takes; of tasks that go on, up to a minute old."""
        async with self._turn:
            config = await self._trusting.config_at_start()
            tasks = [await self._of_task(task) for task in await self._to_measure()]
            spares = [spare.path for spare in self._pool.spares()]
            setups = await self._setup_cache.entries(config)
            paths = self._on.paths
            return Use(
                tasks=tuple(tasks),
                spares=len(spares),
                spares_size=sum((await _sizes(spares)).values()),
                setups=len(setups),
                setups_size=sum(entry.size for entry in setups),
                free=await in_thread(free_room, config, paths),
                reserve=config.disk.reserve,
                budget=config.disk.budget,
            )

    async def _to_measure(self) -> Sequence[Task]:
        tasks = self._on.book.tasks(discarded=True)
        known = {task.id for task in tasks}
        for gone in self._known.keys() - known:
            del self._known[gone]
        return tasks

    async def _of_task(self, task: Task) -> TaskUse:
        loop = asyncio.get_running_loop()
        if known := self._known.get(task.id):
            at, then, use = known
            still = task.state in OVER and then.changed == task.changed
            if still or loop.time() - at < _KNOWN_SECONDS:
                return use
        worktrees = await in_thread(self._places, task)
        logs = [
            self._on.paths.sessions / one.id for one in self._on.book.sessions(task.id)
        ]
        sizes = await _sizes([*worktrees, *logs])
        use = TaskUse(
            task=task.id,
            worktree=sum(sizes.get(place, 0) for place in worktrees),
            logs=sum(sizes.get(place, 0) for place in logs),
        )
        self._known[task.id] = loop.time(), task, use
        return use

    def _places(self, task: Task) -> list[Path]:
        """Give the folders that hold a task's files; touches the disk."""
        places = [self._trash.place(task), self._trash.aside(task)]
        return places if task.state is State.DISCARDED else [task.worktree, *places]


class DiskWatch:
    """Looks whether the disk keeps its reserve; else no task begins, and it is told."""

    def __init__(
        self, *, paths: Paths, book: TaskBook, starter: Starter, trusting: Trusting
    ) -> None:
        self._paths = paths
        self._book = book
        self._starter = starter
        self._trusting = trusting
        self._turn = asyncio.Lock()

    async def keep_going(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once; tell clients when the reserve is reached, each time anew."""
        async with (
            self._turn
        ):  # else a look at an older config could have the last word
            await self._look()

    async def _look(self) -> None:
        config = await self._trusting.config_at_start()
        try:
            free = await in_thread(free_room, config, self._paths)
        except OSError:
            return  # a disk that isn't there now
        reserve, before = config.disk.reserve, self._starter.places.disk_full
        self._starter.places.disk_full = free < reserve
        if self._starter.places.disk_full and not before:
            self._book.tell(DiskLow(free=free, reserve=reserve))
        if self._starter.places.disk_full is not before:
            self._starter.places.give()


def free_room(config: Config, paths: Paths) -> int:
    """Give the bytes that are free for worktrees; touches the disk."""
    folder = config.worktrees or paths.data
    return shutil.disk_usage(folder if folder.exists() else paths.data).free


async def _sizes(folders: Iterable[Path]) -> Mapping[Path, int]:
    """Measure folders, those that are there, by a program of its own.

    Counted here, a million files would hold up everything else.
    """
    there = await in_thread(lambda: [one for one in folders if os.path.lexists(one)])
    sizes: dict[Path, int] = {}
    for begin in range(0, len(there), _AT_ONCE):
        done = await run_process(
            ("nice", "du", "-sk", *map(os.fsencode, there[begin : begin + _AT_ONCE])),
            cwd=Path("/"),
            environ={"PATH": os.defpath, "LC_ALL": "C"},
            within=_MEASURE_SECONDS,
            name="du",
        )
        # What vanishes meanwhile makes it fail, and the others are told all the same.
        for line in done.stdout.splitlines():
            size, _, name = line.partition(b"\t")
            if size.isdigit():
                sizes[Path(os.fsdecode(name))] = int(size) << 10
    return sizes
