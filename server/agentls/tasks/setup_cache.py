"""What setups made (`node_modules`, …), kept so that the next task begins with it.

An entry is a folder named by all that decides what the setup makes. It is there
wholly or not at all: it is copied aside and then renamed, after the setup ended well.
Whatever goes wrong with it costs time and nothing else: the setup makes it anew.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from agentls.config import Config
from agentls.config.running import Cache, PlainCopy
from agentls.errors import AgentlsError
from agentls.model import Task
from agentls.paths import Paths
from agentls.tasks.names import repository_folder
from agentls.tasks.setup_entries import (
    CacheEntry,
    aside_of,
    copy_in,
    copy_out,
    half_made,
    key_of,
    made_by,
    make_folder,
    mark_used,
    measure,
    publish,
    read_entries,
    read_entry,
    shares_blocks,
)
from agentls.tasks.trash import Trash, remove_slowly
from agentls.threads import in_thread

__all__ = ["Found", "SetupCache"]

_LOG = logging.getLogger(__name__)

_BYTES_A_SECOND, _FILES_A_SECOND = 150e6, 3000
"""What a disk copies at least, for a guess before the first copy."""


@attrs.frozen(kw_only=True)
class Found:
    """What was looked for before a setup."""

    place: Path | None
    """Where the entry is, or is to be; None where nothing is cached."""
    hit: bool = False
    """Whether its files are in the worktree now."""


class SetupCache:
    """Gives worktrees what an earlier setup made, and keeps what a new one does."""

    def __init__(
        self, *, paths: Paths, spawn: Callable[..., asyncio.Task[Any]]
    ) -> None:
        self._paths = paths
        self._trash = Trash(paths)
        self._spawn = spawn

    async def set_up(
        self,
        task: Task,
        config: Config,
        *,
        say: Callable[[str], None],
        run: Callable[[], Awaitable[None]],
    ) -> None:
        """Set a fresh worktree up with what an earlier setup made; keep what this does.

        `run` runs the setup, and raises where it doesn't end well.
        """
        if not config.setup:
            return
        found = await self.fill(task, config, say=say)
        if found.hit and config.cache and config.cache.skip_setup:
            return
        say("Running the setup")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await run()
        await self.keep(task, config, found, seconds=loop.time() - begun)

    async def fill(
        self, task: Task, config: Config, *, say: Callable[[str], None]
    ) -> Found:
        """Copy what fits into a fresh worktree, whose files it leaves alone."""
        cache, place = config.cache, await self.place(task, config)
        if cache is None or place is None:
            return Found(place=None)
        entry = await in_thread(read_entry, place)
        if entry is None:
            return Found(place=place)
        if not await self._pays(cache, place, entry=entry):
            return Found(place=None)
        say("Copying what setup made before")
        try:
            await copy_out(place, task.worktree, link=cache.link)
        except AgentlsError as error:
            _LOG.warning("%s isn't used: %s", place, error.message)
            return Found(place=None)
        await in_thread(mark_used, place)
        return Found(place=place, hit=True)

    async def keep(
        self, task: Task, config: Config, found: Found, *, seconds: float
    ) -> None:
        """Keep what a setup made that ended well and took so many seconds."""
        cache, place = config.cache, found.place
        if cache is None or place is None or found.hit:
            return
        made = await in_thread(made_by, cache.paths, task.worktree)
        if not made or not await self._is_worth_it(
            config, cache, task.worktree, made, seconds=seconds
        ):
            return
        aside = aside_of(place)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            await copy_in(aside, task.worktree, made, link=cache.link)
            await in_thread(
                publish,
                aside,
                place,
                made=made,
                setup=seconds,
                copy=loop.time() - begun,
            )
        except AgentlsError as error:
            _LOG.warning("what the setup made isn't kept: %s", error.message)
            await remove_slowly(aside)
            return
        except BaseException:
            self._spawn(remove_slowly(aside), name=f"remove {aside.name}")
            raise
        if await in_thread(aside.exists):  # another task was first
            await remove_slowly(aside)
        await self.shrink(config, to=config.disk.cache)

    async def place(self, task: Task, config: Config) -> Path | None:
        """Name the entry of what the setup makes of a worktree's files as they are.

        None where nothing says what that depends on.
        """
        if config.cache is None or not config.setup:
            return None
        key = await in_thread(key_of, config, config.cache, task.worktree)
        if key is None:
            return None
        return self._root(config) / repository_folder(task.repository) / key

    async def entries(self, config: Config) -> tuple[CacheEntry, ...]:
        """Give all that is kept, the longest unused first."""
        return await in_thread(read_entries, self._root(config))

    async def shrink(self, config: Config, *, to: int) -> int:
        """Let the longest unused go until all fit; give the bytes that were freed."""
        entries = await self.entries(config)
        room, freed = sum(entry.size for entry in entries), 0
        for entry in entries:
            if room - freed <= to:
                break
            if await self.drop(entry.path):
                freed += entry.size
        return freed

    async def drop(self, place: Path) -> bool:
        """Let one entry go; False when it is gone already."""
        going = await in_thread(self._trash.going, place)
        try:
            await in_thread(place.rename, going)
        except FileNotFoundError:
            return False
        self._spawn(remove_slowly(going), name=f"remove {place.name}")
        return True

    async def clean(self, config: Config) -> None:
        """Remove what a daemon was about to keep when it ended."""
        for aside in await in_thread(half_made, self._root(config)):
            await remove_slowly(aside)

    def _root(self, config: Config) -> Path:
        """Give the folder of all entries: on the file system of the worktrees."""
        if config.worktrees is not None:
            return config.worktrees / ".agentls-cache"
        return self._paths.data / "cache"

    async def _pays(self, cache: Cache, place: Path, *, entry: CacheEntry) -> bool:
        if cache.link or await in_thread(shares_blocks, place):
            return True
        match cache.plain_copy:
            case PlainCopy.ALWAYS:
                return True
            case PlainCopy.NEVER:
                return False
            case PlainCopy.AUTO:
                return entry.copy < entry.setup

    async def _is_worth_it(
        self,
        config: Config,
        cache: Cache,
        worktree: Path,
        made: Sequence[Path],
        *,
        seconds: float,
    ) -> bool:
        """Tell whether there is room for it, and whether copying it pays."""
        files, size = await in_thread(measure, [worktree / path for path in made])
        if size > config.disk.cache:
            _LOG.info("what the setup made is larger than disk.cache: %d bytes", size)
            return False
        root = self._root(config)
        await in_thread(make_folder, root)
        if cache.link or await in_thread(shares_blocks, root):
            return True
        free = (await in_thread(shutil.disk_usage, root)).free
        if free - size < config.disk.reserve:
            _LOG.warning("what the setup made isn't kept: %d bytes are free", free)
            return False
        guess = size / _BYTES_A_SECOND + files / _FILES_A_SECOND
        return cache.plain_copy is PlainCopy.ALWAYS or (
            cache.plain_copy is PlainCopy.AUTO and guess < seconds
        )
