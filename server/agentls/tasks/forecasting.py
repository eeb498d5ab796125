"""The forecast of all repositories with open tasks, kept up to date by events.

It looks again when a task changed (a checkpoint was taken, it was merged), when
somebody says that a file of the user's was saved, and whenever it is asked for.
It holds no lock that an operation waits for.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, NoCommits
from agentls.git.checkouts import list_checkouts
from agentls.git.refs import branch_ref, read_refs, task_ref
from agentls.git.repository import Repository, find_repository, head
from agentls.model import BaseKind, CommitId, State, Task, TaskId
from agentls.review.forecast import Forecaster
from agentls.review.outlook import Outcome, TaskForecast
from agentls.review.radar import Touch, touches
from agentls.review.sides import Subject, UserState
from agentls.tasks.book import Event, Removed
from agentls.tasks.operations import Operations
from agentls.tasks.stacks import stands_on
from agentls.threads import in_thread

__all__ = ["Forecasting", "News"]

_LOG = logging.getLogger(__name__)

_REST_SECONDS = 0.5
"""Between two looks that nobody asked for: what happens meanwhile is one look's."""

_RADAR_PATIENCE = 0.2
"""Seconds that the radar waits for a look at what happened just before."""

_CLOSED = {State.QUEUED, State.MERGED, State.DISCARDED}


@attrs.frozen(kw_only=True)
class News:
    """What a look found that the look before didn't."""

    repository: Path
    tasks: Mapping[TaskId, TaskForecast | None] = attrs.field(
        factory=dict[TaskId, TaskForecast | None]
    )
    """Those of which something else is to be expected; None for one open no more."""
    moved: frozenset[TaskId] = frozenset()
    """Those whose own change is another one, whatever is to be expected of them."""


@attrs.define(kw_only=True)
class _Watched:
    """What is kept of one repository."""

    forecaster: Forecaster
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    repository: Repository | None = None
    subjects: tuple[Subject, ...] = ()
    seen: object = None
    """What the last look found, to tell whether there is anything new."""
    user: UserState | None = None
    stale: bool = False
    """Whether something happened since the last look."""


class Forecasting:
    """Knows what would conflict with what."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations
        self._watched: dict[Path, _Watched] = {}
        self._states: dict[TaskId, State] = {}
        """The state in which each task was heard of last."""
        self._listeners: list[Callable[[News], None]] = []
        self._wanted: defaultdict[Path, set[bool]] = defaultdict(set)
        self._wake = asyncio.Event()

    @contextlib.contextmanager
    def listening(self, listener: Callable[[News], None]) -> Generator[None]:
        """Tell the listener of all news while the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def hear(self, event: Event) -> None:
        """Look again at a repository one of whose tasks changed."""
        if isinstance(event, Task):
            before = self._states.get(event.id)
            self._states[event.id] = event.state
            if event.state in _CLOSED and event.state is before:
                return  # nothing of it is open, whatever else changed
            self.look_soon(event.repository, saved=False)
        elif isinstance(event, Removed):
            self._states.pop(event.task, None)
            for root in self._watched:
                self.look_soon(root, saved=False)

    def look_soon(self, root: Path, *, saved: bool) -> None:
        """Look again in the background; `saved` says that the user's files changed."""
        self._wanted[root].add(saved)
        if root in self._watched:
            self._watched[root].stale = True
        self._wake.set()

    async def keep_going(self) -> None:
        """Look where it is wanted, one repository at a time."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_REST_SECONDS)
            self._wake.clear()
            while self._wanted:
                root, saved = self._wanted.popitem()
                await self._look_quietly(root, read_user=any(saved))

    def of(self, task: TaskId) -> TaskForecast | None:
        """Give what was known at the last look; None for what is not open."""
        root = self._on.book.get(task).repository
        watched = self._watched.get(root)
        return watched.forecaster.of(task) if watched else None

    async def settle(self, root: Path, *, within: float) -> None:
        """Look again at once, but wait no longer than so many seconds for it."""
        look = self._on.background.spawn(
            self._look_quietly(root, read_user=False), name=f"forecast of {root}"
        )
        await asyncio.wait([look], timeout=within)

    def conflicts(self, task: TaskId) -> bool | None:
        """Tell whether a task conflicts with its target; None when nobody knows now."""
        found = self.of(task)
        watched = self._watched.get(self._on.book.get(task).repository)
        if (
            found is None
            or watched is None
            or watched.stale
            or found.target.outcome is Outcome.UNKNOWN
        ):
            return None
        return found.target.outcome is Outcome.CONFLICTS

    async def forecast(
        self, folder: Path | None, *, task: str | None
    ) -> tuple[TaskForecast, ...]:
        """Give what is to be expected, after a look at everything as it is now.

        Of one task, else of all in one repository, else of all.
        """
        chosen: TaskId | None = None
        if task is not None:
            found = self._on.book.get(task)
            chosen, roots = found.id, (found.repository,)
        elif folder is not None:
            roots = ((await find_repository(folder)).root,)
        else:
            roots = tuple(dict.fromkeys(one.repository for one in self._open()))
        forecasts: list[TaskForecast] = []
        for root in roots:
            await self._look(root, read_user=True, asked=True)
            forecasts += [
                known for one in self._open(root) if (known := self.of(one.id))
            ]
        return tuple(one for one in forecasts if chosen is None or one.task == chosen)

    async def radar(self, file: Path, content: bytes) -> tuple[Touch, ...]:
        """Give the lines of a file of the user's that open tasks change.

        `content` is what the user's editor has. Empty for a file that is in no
        repository with open tasks.
        """
        file = await in_thread(_real, file)
        root = self._root_of(file)
        if root is None:
            return ()
        watched = self._watched.get(root)
        if watched is None or watched.repository is None:
            await self._look(root, read_user=False, asked=True)
            watched = self._watched[root]
        elif watched.stale:  # what comes later is told as news
            await self.settle(root, within=_RADAR_PATIENCE)
        if watched.repository is None:
            return ()
        path = os.fsencode(file.relative_to(root))
        return await touches(watched.forecaster, watched.repository, path, content)

    async def file_saved(self, file: Path) -> None:
        """Look again soon, if the file lies in a repository with open tasks."""
        if root := self._root_of(await in_thread(_real, file)):
            self.look_soon(root, saved=True)

    def _root_of(self, file: Path) -> Path | None:
        roots = (task.repository for task in self._open())
        return next((root for root in roots if file.is_relative_to(root)), None)

    def _open(self, root: Path | None = None) -> tuple[Task, ...]:
        tasks = self._on.book.tasks(repository=root)
        return tuple(task for task in tasks if task.state not in _CLOSED)

    async def _look_quietly(self, root: Path, *, read_user: bool) -> None:
        try:
            await self._look(root, read_user=read_user, asked=False)
        except AgentlsError as error:  # moved away, or git can't read it
            _LOG.info("no forecast of %s: %s", root, error.message)

    async def _look(self, root: Path, *, read_user: bool, asked: bool) -> None:
        tasks = self._open(root)
        watched = self._watched.get(root)
        if watched is None:
            if not tasks:
                return
            name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
            kept = self._on.paths.state / "forecast" / name
            watched = self._watched[root] = _Watched(forecaster=Forecaster(kept))
        async with watched.turn:
            news = await self._bring_up_to_date(
                root, watched, tasks, read_user=read_user, asked=asked
            )
        if news.tasks or news.moved:
            for listener in tuple(self._listeners):
                listener(news)

    async def _bring_up_to_date(
        self,
        root: Path,
        watched: _Watched,
        tasks: tuple[Task, ...],
        *,
        read_user: bool,
        asked: bool,
    ) -> News:
        watched.stale = False
        if watched.repository is None or asked:
            watched.repository = await self._repository(root, tasks)
        repository = watched.repository
        refs = await read_refs(
            repository,
            {
                name
                for task in tasks
                for name in (task_ref(task.id), branch_ref(task.target))
            },
        )
        subjects = tuple(
            self._subject(task, tip)
            for task in tasks
            if (tip := refs.get(task_ref(task.id)))
        )
        seen = subjects, refs, await in_thread(_head_text, repository)
        if seen == watched.seen and not read_user and not asked:
            return News(repository=root)
        if subjects and (read_user or watched.user is None or seen != watched.seen):
            watched.user = await self._user(repository, watched, read=read_user)
        changed = await watched.forecaster.update(
            repository,
            subjects,
            targets={
                task.target: _tip
                for task in tasks
                if (_tip := refs.get(branch_ref(task.target)))
            },
            user=watched.user,
        )
        moved = set(subjects) ^ set(watched.subjects)
        watched.seen, watched.subjects = seen, subjects
        return News(
            repository=root,
            tasks={task: watched.forecaster.of(task) for task in changed},
            moved=frozenset(subject.task for subject in moved),
        )

    def _subject(self, task: Task, tip: CommitId) -> Subject:
        # What a task stands on goes to the target before it, and isn't left out.
        alone = stands_on(self._on.book, task) is None
        return Subject(
            task=task.id,
            tip=tip,
            base=task.base.commit,
            prepared=task.prepared,
            wip=alone and task.base.kind is BaseKind.WIP,
            target=task.target,
        )

    async def _repository(self, root: Path, tasks: tuple[Task, ...]) -> Repository:
        if tasks:
            return await self._on.repository(tasks[0])
        return await find_repository(root)

    async def _user(
        self, repository: Repository, watched: _Watched, *, read: bool
    ) -> UserState | None:
        """Look at the user's checkout, if it is new or stands elsewhere than before."""
        try:
            now = await head(repository)
        except NoCommits:
            return None
        known = watched.user
        if known is not None and known.head == now and not read:
            return known
        checkout = (await list_checkouts(repository))[0]
        return await watched.forecaster.read_user(repository, checkout, now)


def _head_text(repository: Repository) -> bytes:
    try:
        return (repository.git_dir / "HEAD").read_bytes()
    except OSError:
        return b""


def _real(file: Path) -> Path:
    """Resolve the links above a file, as a repository's root has none."""
    return Path(os.path.realpath(file.parent)) / file.name
