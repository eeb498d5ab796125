"""What agentls keeps and nobody needs at hand: compressed, and in time let go.

That is the output of sessions that have ended, and worktrees of merged and discarded
tasks (`clearing.py`). What is never let go: anything of a task that is neither, and
of a session that lives.
Compressing loses nothing, so it is done in the background; letting go is done only
when a person asks for it.
"""

import asyncio
import enum
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from agentls.config.settings import Config, Logs
from agentls.errors import AgentlsError
from agentls.host import is_alive
from agentls.model import Session, SessionId, State, Task, TaskId
from agentls.paths import Paths
from agentls.sessions.folder import read_meta, segments
from agentls.sessions.packing import (
    drop_segment,
    estimate,
    log_bytes,
    pack_segment,
    unpacked,
)
from agentls.tasks.book import TaskBook, now
from agentls.tasks.clearing import Clearing
from agentls.tasks.disk import DiskUse, Use
from agentls.tasks.pool import Pool
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["Housekeeper", "Item", "What"]

_LOG = logging.getLogger(__name__)

_FIRST_SECONDS = 60.0
_AGAIN_SECONDS = 3600.0
_REST_SECONDS = 1.0
"""Between two segments in the background: then it takes a fraction of a core."""

_CLOSED = frozenset({State.MERGED, State.DISCARDED})
_CACHES = ("screen", "screen.room")


class What(enum.StrEnum):
    """What can be done for room."""

    COMPRESS_LOG = "compressLog"
    DROP_LOG = "dropLog"
    DROP_WORKTREE = "dropWorktree"
    DROP_SETUP = "dropSetup"
    """A copy of what a setup made."""


@attrs.frozen(kw_only=True)
class Item:
    """One thing that is due, or was done."""

    what: What
    session: SessionId | None
    """None for what concerns the whole task."""
    task: TaskId | None
    """None for what belongs to no task."""
    path: Path | None = None
    """The folder of what belongs to no task."""
    for_budget: bool = False
    """It isn't old enough by itself: `disk.budget` is spent."""
    size: int
    """Bytes that it takes before."""
    frees: int
    """Bytes that become free: a guess before it is done, the truth after."""
    why: str = ""
    """Why nothing was done."""


class Housekeeper:
    """Finds what is due by the user's configuration, and does it."""

    def __init__(
        self,
        *,
        paths: Paths,
        book: TaskBook,
        trusting: Trusting,
        clearing: Clearing,
        pool: Pool,
        setup_cache: SetupCache,
        disk: DiskUse,
    ) -> None:
        self._disk = disk
        self._pool = pool
        self._setup_cache = setup_cache
        self._clearing = clearing
        self._sessions = paths.sessions
        self._book = book
        self._trusting = trusting
        self._turn = asyncio.Lock()

    async def due(self) -> tuple[Item, ...]:
        """Give what is due now; nothing is changed.

        Raises `ConfigError` for a configuration that can't be read.
        """
        config = await self._trusting.user_config()
        logs = [
            item
            for found in self._candidates(config.logs)
            if (item := await _look(found))
        ]
        worktrees = [
            Item(
                what=What.DROP_WORKTREE,
                session=None,
                task=task.id,
                size=size,
                frees=size,
            )
            for task in self._clearing.due(days=config.trash_days)
            if (size := await self._clearing.size(task))
        ]
        due = (*logs, *worktrees)
        return (*due, *await self._over_budget(config, due))

    async def use(self) -> Use:
        """Give what everything takes."""
        return await self._disk.measure()

    async def kept_ready(self) -> str:
        """Say what is there before a task needs it; empty if nothing is."""
        config = await self._trusting.config_at_start()
        spares = len(self._pool.spares())
        setups = len(await self._setup_cache.entries(config))
        told = [
            f"{count} {what}{'s' * (count != 1)}"
            for count, what in ((spares, "spare worktree"), (setups, "cached setup"))
            if count
        ]
        return f"; kept ready: {' and '.join(told)}" if told else ""

    async def _over_budget(self, config: Config, due: Sequence[Item]) -> list[Item]:
        """Give what else has to go for `disk.budget`: cached setups, old worktrees.

        Of tasks that are neither merged nor discarded nothing goes, whatever it says.
        """
        if not config.disk.budget:
            return []
        use = await self._disk.measure()
        over = use.size - sum(item.frees for item in due) - config.disk.budget
        going = {item.task for item in due if item.what is What.DROP_WORKTREE}
        sizes = {one.task: one.worktree for one in use.tasks}
        more = [
            Item(
                what=What.DROP_SETUP,
                session=None,
                task=None,
                path=entry.path,
                size=entry.size,
                frees=entry.size,
                for_budget=True,
            )
            for entry in await self._setup_cache.entries(config)
        ]
        more += [
            Item(
                what=What.DROP_WORKTREE,
                session=None,
                task=task.id,
                size=size,
                frees=size,
                for_budget=True,
            )
            for task in sorted(
                self._clearing.due(days=0), key=lambda task: task.changed
            )
            if task.id not in going and (size := sizes.get(task.id, 0))
        ]
        chosen: list[Item] = []
        for item in more:
            if over <= 0:
                break
            chosen.append(item)
            over -= item.frees
        return chosen

    async def collect(self) -> tuple[Item, ...]:
        """Do all that is due, and give what was done."""
        async with self._turn:
            return tuple([await self._do(item) for item in await self.due()])

    async def keep_going(self) -> None:
        """Compress what is due, from time to time, slowly."""
        await self._clearing.go_on()
        await self._setup_cache.clean(await self._trusting.config_at_start())
        await asyncio.sleep(_FIRST_SECONDS)
        while True:
            self._pool.expire()
            await self.compress()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def compress(self, *, rest: float = _REST_SECONDS) -> None:
        """Compress what is due, with a rest after each segment."""
        rules = (await self._trusting.config_at_start()).logs
        for found in self._candidates(rules):
            if found.what is not What.COMPRESS_LOG:
                continue
            folder = found.folder
            for start in await in_thread(unpacked, folder):
                async with self._turn:
                    if not await in_thread(_still_there, folder, start):
                        continue
                    try:
                        await in_thread(pack_segment, folder, start)
                    except OSError as error:  # a full disk; the next round may do
                        _LOG.warning("%s isn't compressed: %s", folder, error)
                        return
                await asyncio.sleep(rest)

    def _candidates(self, rules: Logs) -> Iterator["_Candidate"]:
        for task in self._book.tasks(discarded=True):
            for session in self._book.sessions(task.id):
                if (what := _what(task, session, rules)) is not None:
                    yield _Candidate(
                        what=what,
                        session=session.id,
                        task=task.id,
                        folder=self._sessions / session.id,
                    )

    async def _do(self, item: Item) -> Item:
        if item.path is not None:
            dropped = await self._setup_cache.drop(item.path)
            return attrs.evolve(item, frees=item.size if dropped else 0)
        if item.session is None and item.task is not None:
            try:
                freed = await self._clearing.clear(self._book.get(item.task))
            except AgentlsError as error:  # it stops none of the others
                return attrs.evolve(item, frees=0, why=error.message)
            return attrs.evolve(item, frees=freed)
        folder = self._sessions / (item.session or "")
        freed = 0
        if item.what is What.COMPRESS_LOG:
            for start in await in_thread(unpacked, folder):
                freed += await in_thread(pack_segment, folder, start)
        else:
            for start in await in_thread(segments, folder):
                freed += await in_thread(drop_segment, folder, start)
            await in_thread(_drop_caches, folder)
        return attrs.evolve(item, frees=freed)


@attrs.frozen(kw_only=True)
class _Candidate:
    """A session that the rules name; whether it has something to do isn't known."""

    what: What
    session: SessionId
    task: TaskId
    folder: Path


def _what(task: Task, session: Session, rules: Logs) -> What | None:
    if session.live:
        return None
    ended = session.exit.ended if session.exit else session.started
    if (
        task.state in _CLOSED
        and rules.keep_days
        and _passed(max(ended, task.changed), days=rules.keep_days)
    ):
        return What.DROP_LOG
    return What.COMPRESS_LOG if _passed(ended, days=rules.compress_days) else None


def _passed(moment: datetime, *, days: float) -> bool:
    return now() - moment >= timedelta(days=days)


async def _look(found: _Candidate) -> Item | None:
    return await in_thread(_look_at_files, found)


def _look_at_files(found: _Candidate) -> Item | None:
    """Give what there is to do for a session; None for nothing."""
    meta = read_meta(found.folder)
    if meta is not None and is_alive(meta.shim):  # whatever the book says
        return None
    size = log_bytes(found.folder)
    drop = found.what is What.DROP_LOG
    frees = size if drop else estimate(found.folder)
    if not size or (not drop and not unpacked(found.folder)):
        return None
    return Item(
        what=found.what,
        session=found.session,
        task=found.task,
        size=size,
        frees=frees,
    )


def _still_there(folder: Path, start: int) -> bool:
    meta = read_meta(folder)
    alive = meta is not None and is_alive(meta.shim)
    return not alive and start in unpacked(folder)


def _drop_caches(folder: Path) -> None:
    for name in _CACHES:
        (folder / name).unlink(missing_ok=True)
