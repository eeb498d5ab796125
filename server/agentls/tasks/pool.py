"""Worktrees that are ready before a task asks for one.

Every spare is in the store before it is on the disk, so that the next daemon finds it:
one that was ready is used, one that was half made is removed. They are made after a
task of the repository began, one after the other, and never hold anybody up: where none
is ready, the task's worktree is made as ever.
"""

import asyncio
import contextlib
import functools
import logging
import secrets
import shutil
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs

from agentls.errors import AgentlsError
from agentls.git.repository import Repository, find_repository, head
from agentls.git.spare import (
    can_follow,
    checkout_rules,
    count_files,
    follow,
    make_spare,
    put_spare_away,
    reset_spare,
    size_of,
    take_spare,
)
from agentls.git.worktrees import add_worktree, remove_half_made
from agentls.model import CommitId, State, Task
from agentls.paths import Paths
from agentls.store import pool as table
from agentls.store.database import Database
from agentls.store.pool import Spare, SpareState
from agentls.tasks.book import Event, TaskBook, now
from agentls.tasks.names import spare_path
from agentls.tasks.trash import Trash, remove_slowly
from agentls.tasks.trusting import Policy, Trusting
from agentls.threads import in_thread

__all__ = ["Pool"]

_LOG = logging.getLogger(__name__)

_WORTH_IT = 2_000
"""Files from which on a checkout takes long enough that one is kept ready unasked."""
_UNUSED = timedelta(days=1)

_S = SpareState


class Pool:
    """Makes spare worktrees, gives them to tasks, and lets go what isn't used."""

    def __init__(
        self,
        *,
        paths: Paths,
        book: TaskBook,
        database: Database,
        trusting: Trusting,
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self._paths = paths
        self._book = book
        self._database = database
        self._trusting = trusting
        self._spawn = spawn
        self._trash = Trash(paths)
        self._spares: dict[Path, Spare] = {}
        self._tending: dict[Path, asyncio.Task[Any]] = {}
        self._again: set[Path] = set()
        self.closing = False

    async def load(self) -> None:
        """Take up what an earlier daemon left; what was half made goes."""
        for spare in await self._database.read(table.load_spares):
            self._spares[spare.path] = spare
            if spare.state is not _S.READY:
                self._let_go(spare)

    def spares(self) -> tuple[Spare, ...]:
        """Give all there are, the oldest first."""
        return tuple(self._spares.values())

    async def take(self, task: Task, policy: Policy) -> Task | None:
        """Give a spare to a task that has no worktree yet; None where none will do.

        The task's worktree is another one then, with its branch checked out. Raises,
        and leaves nothing behind, as `add_worktree` does.
        """
        spare = await self._fitting(task, policy.repository)
        if spare is None:
            return None
        del self._spares[spare.path]  # nobody else takes it from here on
        taken = await self._book.change(
            task.id,
            worktree=spare.path,
            also=lambda db: table.delete_spare(db, spare.path),
        )
        repository, start = policy.repository, task.base.commit
        try:
            await take_spare(
                repository,
                path=spare.path,
                commit=spare.commit,
                branch=task.branch,
                start=start,
                new_branch=task.base.own_branch,
            )
        except AgentlsError as error:
            _LOG.warning("%s is made anew: %s", spare.path, error.message)
            await remove_half_made(repository, path=spare.path)
            await add_worktree(
                repository,
                path=spare.path,
                branch=task.branch,
                start=start,
                new_branch=task.base.own_branch,
            )
        return taken

    @contextlib.asynccontextmanager
    async def lent(self, policy: Policy, commit: CommitId) -> AsyncGenerator[Path]:
        """Give a worktree that no task has, with that commit checked out.

        It is removed in the background afterwards, or by the next daemon.
        """
        repository = policy.repository
        rules = await checkout_rules(repository)
        fitting = await self._follower(repository, commit, rules=rules)
        path = fitting.path if fitting else self._free_path(policy)
        spare = Spare(
            path=path,
            repository=repository.root,
            state=_S.MAKING,
            commit=commit,
            rules=rules,
            made=now(),
        )
        self._spares[path] = spare  # nobody takes it from here on
        try:
            await self._put(spare)
            if fitting is None:
                await make_spare(repository, path=path, commit=commit)
            else:
                await reset_spare(repository, path=path, new=commit)
            yield path
        finally:
            if not self.closing:  # else the next daemon removes what is half made
                self._let_go(spare)
                self.tend(repository.root)

    def tend(self, repository: Path) -> None:
        """Have as many spares of a repository as are wanted, in the background."""
        if repository in self._tending:
            self._again.add(repository)
            return
        running = self._spawn(self._tend(repository), name=f"tend {repository}")
        self._tending[repository] = running

        def over(done: "asyncio.Task[Any]") -> None:
            self._tending.pop(repository, None)
            again = repository in self._again
            self._again.discard(repository)
            if again and not done.cancelled() and not self.closing:
                self.tend(repository)

        running.add_done_callback(over)

    def hear(self, event: Event) -> None:
        """Bring a repository's spares to where it is now, when something was merged."""
        if (
            isinstance(event, Task)
            and event.state is State.MERGED
            and self._ready(event.repository)
        ):
            self.tend(event.repository)

    def expire(self) -> None:
        """Let go what no task of its repository needed for a day."""
        for spare in self.spares():
            if spare.state is _S.READY and now() - spare.made >= _UNUSED:
                self._let_go(spare)

    async def _fitting(self, task: Task, repository: Repository) -> Spare | None:
        if not self._ready(repository.root):
            return None
        rules = await checkout_rules(repository)
        return await self._follower(repository, task.base.commit, rules=rules)

    async def _follower(
        self, repository: Repository, commit: CommitId, *, rules: str
    ) -> Spare | None:
        """Give a spare that can be brought to a commit; nobody else has it yet."""
        for spare in self._ready(repository.root):
            if (
                spare.rules == rules
                and await in_thread(spare.path.exists)
                and await can_follow(repository, old=spare.commit, new=commit)
                and self._spares.get(spare.path) is spare  # nobody took it meanwhile
            ):
                return spare
        return None

    def _ready(self, repository: Path) -> list[Spare]:
        return [
            spare
            for spare in self._spares.values()
            if spare.repository == repository and spare.state is _S.READY
        ]

    async def _tend(self, root: Path) -> None:
        try:
            policy = await self._trusting.policy(await find_repository(root))
            repository = policy.repository
            wanted = await in_thread(_wanted, repository, policy.config.pool)
            commit = (await head(repository)).commit if wanted else None
            rules = await checkout_rules(repository) if wanted else ""
        except AgentlsError as error:
            _LOG.info("no worktree is kept ready for %s: %s", root, error.message)
            return
        kept = 0
        for spare in self._ready(root):
            if commit is None or kept == wanted or spare.rules != rules:
                self._let_go(spare)
            elif spare.commit == commit:
                kept += 1
            elif self._spares.get(spare.path) is spare:
                kept += await self._make(
                    attrs.evolve(spare, commit=commit, made=now()),
                    functools.partial(_go, repository, spare, commit),
                )
        while commit is not None and kept < wanted:
            if not await self._has_room(policy, commit):
                return
            spare = Spare(
                path=self._free_path(policy),
                repository=root,
                state=_S.MAKING,
                commit=commit,
                rules=rules,
                made=now(),
            )
            make = functools.partial(
                make_spare, repository, path=spare.path, commit=commit
            )
            if not await self._make(spare, make):
                return
            kept += 1

    def _free_path(self, policy: Policy) -> Path:
        return spare_path(
            policy.config.worktrees or self._paths.worktrees,
            repository=policy.repository.root,
            token=secrets.token_hex(4),
        )

    async def _make(
        self, spare: Spare, work: Callable[[], Coroutine[Any, Any, object]]
    ) -> bool:
        """Make or move a spare, out of reach meanwhile; tell whether it is ready."""
        await self._put(attrs.evolve(spare, state=_S.MAKING))
        try:
            await work()
        except AgentlsError as error:
            _LOG.warning("%s isn't ready: %s", spare.path, error.message)
            self._let_go(spare)
            return False
        await self._put(attrs.evolve(spare, state=_S.READY))
        return True

    async def _has_room(self, policy: Policy, commit: CommitId) -> bool:
        """Tell whether the disk keeps its reserve with one more checkout."""
        size = await size_of(policy.repository, commit)
        folder = policy.config.worktrees or self._paths.data
        free = (await in_thread(shutil.disk_usage, folder)).free
        if free - size >= policy.config.disk.reserve:
            return True
        _LOG.warning("no worktree is kept ready: %d bytes are free", free)
        return False

    async def _put(self, spare: Spare) -> None:
        def keep(_: object) -> None:
            self._spares[spare.path] = spare

        await self._database.transaction(
            lambda db: table.put_spare(db, spare), then=keep
        )

    def _let_go(self, spare: Spare) -> None:
        going = attrs.evolve(spare, state=_S.GOING)
        self._spares[spare.path] = going
        self._spawn(self._remove(going), name=f"remove {spare.path}")

    async def _remove(self, spare: Spare) -> None:
        await self._put(spare)
        going = await in_thread(self._trash.going, spare.path)
        try:
            repository = await self._trusting.trusted(
                await find_repository(spare.repository)
            )
            await put_spare_away(repository, spare.path, going=going)
        except AgentlsError as error:
            # The repository is gone or elsewhere, or git has another word for it: its
            # files are nobody's all the same, and the next daemon tries again.
            _LOG.warning("%s isn't removed: %s", spare.path, error.message)
            return

        def forget(_: object) -> None:
            del self._spares[spare.path]

        await self._database.transaction(
            lambda db: table.delete_spare(db, spare.path), then=forget
        )
        await remove_slowly(going)


async def _go(repository: Repository, spare: Spare, commit: CommitId) -> None:
    if not await can_follow(repository, old=spare.commit, new=commit):
        raise AgentlsError("its submodules are others now")
    await follow(repository, path=spare.path, old=spare.commit, new=commit)


def _wanted(repository: Repository, pool: int | None) -> int:
    """Say how many spares a repository should have.

    A background that reaches for the network isn't asked for: none in a partial clone.
    """
    if repository.partial:
        return 0
    if pool is None:
        return int(count_files(repository) >= _WORTH_IT)
    return pool
