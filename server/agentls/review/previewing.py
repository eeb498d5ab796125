"""What a merge would do, with nothing changed and no object left behind."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import attrs

from agentls.errors import DirtyCheckout, NoCommits
from agentls.git.advance import checkout_of
from agentls.git.changes import ChangedFile, changed_files
from agentls.git.checkouts import own_checkout
from agentls.git.commits import commits_between
from agentls.git.obstacles import find_obstacles
from agentls.git.repository import Repository, head
from agentls.git.snapshot import read_state
from agentls.model import CommitId, Strategy, Task
from agentls.review.drafts import Draft, Wish, WorkConflicts
from agentls.review.merging import draft_merge, read_target
from agentls.review.work import read_work
from agentls.threads import in_thread

__all__ = ["Preview", "preview_merge"]


@attrs.frozen(kw_only=True)
class Preview:
    """What a merge would do now."""

    strategy: Strategy
    target: CommitId
    """Where the target stands."""
    message: str | None = None
    """The message of the last commit; None where the agent's own commits are all."""
    commits: int = 0
    """How many commits the target would get."""
    files: tuple[ChangedFile, ...] = ()
    """What would change in the target."""
    conflicts: tuple[bytes, ...] = ()
    """The files in which it would be refused; then there are none of the others."""
    messages: tuple[str, ...] = ()
    """What git says about the conflicts."""
    checkout: Path | None = None
    """The checkout that would move with the target."""
    in_the_way: tuple[bytes, ...] = ()
    """The user's own files there that would have to be touched: it is refused."""
    hooks: tuple[str, ...] = ()
    """The names of the hooks that would run before the last commit is made."""
    why_not: str = ""
    """Why it is refused, where that is no matter of files."""


async def preview_merge(
    repository: Repository, task: Task, *, index: Path, wish: Wish
) -> Preview:
    """Compute a merge of the worktree as it is; `index` is the task's kept one.

    Raises as `plan_merge` does, but for conflicts.
    """
    folder = Path(await in_thread(tempfile.mkdtemp, prefix="agentls-preview-"))
    try:
        await in_thread(_prepare, folder, index)
        return await _preview(
            repository.quarantined(folder / "objects"),
            task,
            index=folder / index.name,
            wish=wish,
        )
    finally:
        await in_thread(shutil.rmtree, folder)


def _prepare(folder: Path, index: Path) -> None:
    """Make room for objects, and copy the kept index, which must not know of them."""
    (folder / "objects").mkdir()
    for file in index.parent.glob(f"{index.name}*"):
        if not file.name.endswith(".lock"):
            shutil.copy2(file, folder / file.name)


async def _preview(
    repository: Repository, task: Task, *, index: Path, wish: Wish
) -> Preview:
    checkout = await own_checkout(repository, task.worktree)
    state = await read_state(repository, checkout, index=index)
    target = await read_target(repository, task)
    on: CommitId | None = None
    with contextlib.suppress(NoCommits):  # a branch without any
        on = (await head(repository, at=checkout.place(repository))).commit
    work = await read_work(repository, task, tree=state.tree, head=on, target=target)
    preview = Preview(strategy=wish.strategy, target=target)
    try:
        draft = await draft_merge(repository, task, work, wish=wish)
    except WorkConflicts as error:
        return attrs.evolve(
            preview, conflicts=error.found.files, messages=error.found.messages
        )
    preview = attrs.evolve(
        preview,
        message=draft.message,
        commits=await _count(repository, draft, target=target),
        files=await changed_files(repository, target, draft.tree),
    )
    try:
        there = await checkout_of(repository, task.target)
    except DirtyCheckout as error:
        return attrs.evolve(preview, why_not=f"{error.message} {error.hint}")
    if there is None:
        return preview
    found = await find_obstacles(repository, there, old=target, new=draft.tree)
    return attrs.evolve(preview, checkout=there.path, in_the_way=found.files)


async def _count(repository: Repository, draft: Draft, *, target: CommitId) -> int:
    below = await commits_between(repository, tip=draft.parents[-1], without=(target,))
    return len(below) + (draft.message is not None)
