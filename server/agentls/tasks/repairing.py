"""What was cut by hand behind agentls' back: found, told, and mended where it's safe.

Looking changes nothing, and what can't be looked at (a disk that isn't mounted) is no
finding that anything is gone. Mending only ever makes again what is missing; it
removes nothing and replaces nothing that holds content.
"""

import enum
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, InvalidState, NotARepository
from agentls.git.branches import create_branch
from agentls.git.checkouts import (
    LOCK_REASON,
    Checkout,
    find_checkout,
    list_checkouts,
)
from agentls.git.conflicts import put_back_unmerged
from agentls.git.mending import last_head, leads_home, mend_entry, mend_link
from agentls.git.refs import branch_ref, list_refs, read_ref, task_ref, update_ref
from agentls.git.repository import Repository, find_repository, has_commit
from agentls.git.worktrees import lock_worktree
from agentls.model import BaseKind, CommitId, State, Task
from agentls.tasks.discarding import Discarding
from agentls.tasks.operations import Operations
from agentls.threads import in_thread

__all__ = ["Kind", "Repairing", "Trouble"]

_LOG = logging.getLogger(__name__)

_NOT_YET = {State.QUEUED, State.PREPARING}


class Kind(enum.StrEnum):
    """What is wrong with a task."""

    REPOSITORY_GONE = "its repository isn't where it was"
    FOLDER_GONE = "the folder of its worktree was removed"
    ENTRY_GONE = "git doesn't know its worktree any more"
    UNLOCKED = "its worktree isn't locked any more, so git may prune it"
    LINK_GONE = "the file .git of its worktree doesn't lead to its repository"
    BRANCH_GONE = "its branch was deleted"
    ELSEWHERE = "its worktree is on another branch"
    NOT_KEPT = "the reference that keeps its checkpoints was deleted"


_TOLD_ONLY = {Kind.ELSEWHERE}


@attrs.frozen(kw_only=True)
class Trouble:
    """One thing that is wrong with a task."""

    task: Task
    kind: Kind
    mended: bool = False
    hint: str = ""

    @property
    def harmless(self) -> bool:
        """Tell whether everything works all the same."""
        return self.mended or self.kind in _TOLD_ONLY


@attrs.frozen(kw_only=True)
class _Seen:
    """What a repository has."""

    checkouts: Mapping[Path, Checkout]
    refs: Mapping[str, CommitId]

    def at(self, path: Path) -> Checkout | None:
        """Give the checkout at a path, which git may write without links."""
        real = Path(os.path.realpath(path.parent)) / path.name
        return self.checkouts.get(path) or self.checkouts.get(real)


class Repairing:
    """Looks for what was cut, and mends it."""

    def __init__(self, operations: Operations, *, discarding: Discarding) -> None:
        self._on = operations
        self._discarding = discarding

    async def look(self) -> tuple[Trouble, ...]:
        """Look at every task that isn't discarded; nothing is changed."""
        seen: dict[Path, _Seen | None] = {}
        found: list[Trouble] = []
        for task in self._on.book.tasks():
            if task.state in _NOT_YET:
                continue
            root = task.repository
            try:
                if root not in seen:
                    seen[root] = await self._see(task)
                kinds = await self._cut(seen[root], task)
            except AgentlsError as error:
                _LOG.warning("%s can't be looked at: %s", root, error.message)
                continue
            found += [Trouble(task=task, kind=one, hint=_HINTS[one]) for one in kinds]
        return tuple(found)

    async def look_at_start(self) -> None:
        """Write what is wrong into the daemon's log; `agentls doctor` shows it too."""
        for trouble in await self.look():
            if not trouble.harmless:
                _LOG.warning("task %s: %s", trouble.task.id, trouble.kind.value)

    async def mend(self, folder: Path | None) -> tuple[Trouble, ...]:
        """Mend what can be, and give all that was found.

        `folder` is in the repository that tasks belong to whose own is gone.
        """
        return tuple(
            [await self._mend(trouble, folder=folder) for trouble in await self.look()]
        )

    async def _see(self, task: Task) -> "_Seen | None":
        """Read what a repository has; None if it isn't where it was."""
        try:
            repository = await self._on.repository(task)
        except NotARepository:
            return None
        if repository.root != task.repository:
            return None  # it lay in another one
        return _Seen(
            checkouts={one.path: one for one in await list_checkouts(repository)},
            refs=await list_refs(repository, "refs/agentls")
            | await list_refs(repository, "refs/heads"),
        )

    async def _cut(self, seen: "_Seen | None", task: Task) -> list[Kind]:
        if seen is None:
            return [Kind.REPOSITORY_GONE]
        found: list[Kind] = []
        if task_ref(task.id) not in seen.refs and await self._on.checkpoints.last(task):
            found.append(Kind.NOT_KEPT)
        checkout = seen.at(task.worktree)
        if not await in_thread(task.worktree.is_dir):
            put_away = task.state is State.MERGED
            return found if put_away else [*found, Kind.FOLDER_GONE]
        if checkout is None:
            return [*found, Kind.ENTRY_GONE]
        if checkout.lock_reason is None:
            found.append(Kind.UNLOCKED)
        if not await in_thread(leads_home, checkout):
            found.append(Kind.LINK_GONE)
        if branch_ref(task.branch) not in seen.refs:
            if task.state is not State.MERGED:  # after a merge many delete it
                found.append(Kind.BRANCH_GONE)
        elif checkout.branch != task.branch and not checkout.busy:
            found.append(Kind.ELSEWHERE)
        return found

    async def _mend(self, trouble: Trouble, *, folder: Path | None) -> Trouble:
        async with self._on.lock(trouble.task.id):
            task = self._on.book.get(trouble.task.id)
            if trouble.kind in _TOLD_ONLY:
                return trouble
            if any(one.live for one in self._on.book.sessions(task.id)):
                hint = f"Its agent runs: `agentls stop {task.id}`, then try again."
                return attrs.evolve(trouble, hint=hint)
            try:
                if trouble.kind is Kind.REPOSITORY_GONE:
                    await self._follow(task, folder)
                else:
                    await self._mend_kind(
                        await self._on.repository(task), task, trouble.kind
                    )
            except AgentlsError as error:
                said = f"{error.message} {error.hint}".strip()
                return attrs.evolve(trouble, hint=said)
            return attrs.evolve(trouble, mended=True, hint="")

    async def _mend_kind(self, repository: Repository, task: Task, kind: Kind) -> None:
        match kind:
            case Kind.FOLDER_GONE:
                await self._make_again(task)
            case Kind.ENTRY_GONE:
                await self._branch_again(repository, task, None)
                mended = await mend_entry(repository, task.worktree, branch=task.branch)
                if last := await self._on.checkpoints.last(task):
                    await put_back_unmerged(repository, mended, last.staged)
            case Kind.UNLOCKED:
                if found := await find_checkout(repository, task.worktree):
                    await lock_worktree(repository, found)
            case Kind.LINK_GONE:
                await mend_link(repository, task.worktree)
            case Kind.BRANCH_GONE:
                found = await find_checkout(repository, task.worktree)
                await self._branch_again(repository, task, found)
            case _:
                await self._keep_again(repository, task)

    async def _make_again(self, task: Task) -> None:
        if task.base.kind is BaseKind.ADOPTED:
            raise InvalidState(
                "It was adopted, so its owner may want it so.",
                hint=f"`agentls run --base task:{task.id}` begins from its last"
                " checkpoint.",
            )
        await self._discarding.bring_back(task)
        why = "Made again from its last checkpoint; what git ignores is gone."
        await self._on.book.change(task.id, quietly=True, why=why)

    async def _branch_again(
        self, repository: Repository, task: Task, checkout: Checkout | None
    ) -> None:
        """Make the branch again where the worktree stood last."""
        if await read_ref(repository, branch_ref(task.branch)) is not None:
            return
        last = await self._on.checkpoints.last(task)
        named = checkout and await in_thread(last_head, checkout)
        for commit in (named, last and last.head, task.base.commit):
            if commit and await has_commit(repository, CommitId(commit)):
                await create_branch(repository, task.branch, at=CommitId(commit))
                return
        raise InvalidState("No commit is left that it could stand on.")

    async def _keep_again(self, repository: Repository, task: Task) -> None:
        """Let the hidden reference name the last checkpoint again, or a new one."""
        last = await self._on.checkpoints.last(task)
        ref = task_ref(task.id)
        if last and await has_commit(repository, last.commit):
            if await read_ref(repository, ref) is None:
                await update_ref(repository, ref, new=last.commit, expected=None)
            return
        await self._on.checkpoints.take(
            repository, task, reason="The earlier ones were lost"
        )

    async def _follow(self, task: Task, folder: Path | None) -> None:
        """Find a task's repository where it is now."""
        if folder is None:
            raise InvalidState("", hint=_HINTS[Kind.REPOSITORY_GONE])
        repository = await find_repository(folder)
        if await read_ref(repository, task_ref(task.id)) is None:
            raise InvalidState(
                f"{repository.root} doesn't have the checkpoints of this task, so it"
                " isn't its repository.",
                hint=_HINTS[Kind.REPOSITORY_GONE],
            )
        await self._on.book.change(task.id, quietly=True, repository=repository.root)
        found = await find_checkout(repository, task.worktree)
        if (
            found is not None
            and found.lock_reason == LOCK_REASON
            and await in_thread(task.worktree.is_dir)
        ):
            await mend_link(repository, task.worktree)


_MEND = "`agentls doctor --repair` mends it."

_HINTS = {
    Kind.REPOSITORY_GONE: "If it was moved: `agentls doctor --repair --repo PATH`, with"
    " the path that it has now.",
    Kind.FOLDER_GONE: "`agentls doctor --repair` makes it again from the last"
    " checkpoint; what git ignores is gone.",
    Kind.ENTRY_GONE: _MEND,
    Kind.UNLOCKED: _MEND,
    Kind.LINK_GONE: _MEND,
    Kind.BRANCH_GONE: _MEND,
    Kind.ELSEWHERE: "A merge takes what is there; switch back if that isn't meant.",
    Kind.NOT_KEPT: _MEND,
}
