"""A task's change: what leads from one of its states to another, file by file."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from pathlib import Path

import attrs

from agentls.errors import InvalidState
from agentls.git.changes import ChangedFile, Status, changed_files, read_blob
from agentls.git.merging import Merged, merge_trees
from agentls.git.refs import read_ref, task_ref
from agentls.git.repository import Repository
from agentls.git.trees import leave_out
from agentls.model import Checkpoint, CommitId, Task
from agentls.review.checkpoint import Checkpointer
from agentls.threads import in_thread

__all__ = [
    "ChangedFile",
    "Listings",
    "Present",
    "Status",
    "read_present",
    "read_saved",
    "read_text",
    "select",
    "without_prepared",
]

_REMEMBERED_FILES = 30_000
"""Of how many files listings are kept in memory, some 20 MB."""


@attrs.frozen(kw_only=True)
class Present:
    """What a task's work is now, without what `copy` and `setup` made."""

    tree: str
    """A tree or commit."""
    skipped: tuple[str, ...] = ()
    """What is in the worktree and in no checkpoint, with the reason."""


async def read_present(
    repository: Repository, task: Task, *, checkpoints: Checkpointer
) -> Present:
    """Read the worktree as it is; of a task without one, what was kept.

    Raises `InvalidState` for a task that has never been prepared.
    """
    skipped: tuple[str, ...] = ()
    if await in_thread(task.worktree.exists):
        state = await checkpoints.read(repository, task)
        tree = state.tree
        skipped = tuple(f"{one.display}: {one.why}" for one in state.skipped)
    else:
        kept = await read_ref(repository, task_ref(task.id))
        if kept is None:
            raise InvalidState(
                f"Task {task.id} has no worktree yet, so it has changed nothing.",
                hint="Wait until it is prepared.",
            )
        tree = kept
    return Present(
        tree=await without_prepared(repository, task, tree, base=task.base.commit),
        skipped=skipped,
    )


async def without_prepared(
    repository: Repository, task: Task, tree: str, *, base: CommitId
) -> str:
    """Give a state of the worktree without what `copy` and `setup` made."""
    if task.prepared is None:
        return tree
    return await leave_out(repository, tree, base=base, made=task.prepared)


async def read_saved(repository: Repository, task: Task, checkpoint: Checkpoint) -> str:
    """Give a checkpoint's tree, to be compared with what the task's work is now.

    It is without what `copy` and `setup` made, and where the base has moved since, as
    if the work had begun from the present one: what the target got meanwhile is no
    part of what the agent did. Where the two conflict, it is as it was saved.
    """
    tree = await without_prepared(
        repository, task, checkpoint.tree, base=checkpoint.base
    )
    if checkpoint.base == task.base.commit:
        return tree
    carried = await merge_trees(
        repository, task.base.commit, CommitId(tree), base=checkpoint.base
    )
    return carried.tree if isinstance(carried, Merged) else tree


async def read_text(repository: Repository, tree: str, path: bytes) -> str:
    """Give a file's text in a commit or tree; empty if it isn't there."""
    content = await read_blob(repository, tree, path)
    return (content or b"").decode("utf-8", "replace")


def select(
    files: Sequence[ChangedFile], paths: Collection[bytes]
) -> tuple[ChangedFile, ...]:
    """Give the files that are named, by their paths or a folder; all if none is."""
    if not paths:
        return tuple(files)
    wanted = frozenset(path.rstrip(b"/") for path in paths)
    return tuple(
        file
        for file in files
        if _is_below(file.path, wanted) or _is_below(file.old_path, wanted)
    )


def _is_below(path: bytes, wanted: frozenset[bytes]) -> bool:
    while path not in wanted:
        path, slash, _ = path.rpartition(b"/")
        if not slash:
            return b"" in wanted
    return True


class Listings:
    """Lists what differs between two states; the last lists are kept for more pages."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Path, str, str], tuple[ChangedFile, ...]]
        self._kept = OrderedDict()

    async def files(
        self, repository: Repository, old: str, new: str
    ) -> tuple[ChangedFile, ...]:
        """List the files that lead from a commit or tree to another, in git's order."""
        key = (repository.git_dir, old, new)
        found = self._kept.get(key)
        if found is None:
            found = await changed_files(repository, old, new)
        self._keep(key, found)
        return found

    def _keep(self, key: tuple[Path, str, str], files: tuple[ChangedFile, ...]) -> None:
        self._kept[key] = files
        self._kept.move_to_end(key)
        while sum(map(len, self._kept.values())) > _REMEMBERED_FILES:
            self._kept.popitem(last=False)
