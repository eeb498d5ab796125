"""A task's branch as a pull request shows it: what is pushed, and the title."""

from agentls.errors import InvalidParams, InvalidState
from agentls.git.changes import ChangedFile, changed_files
from agentls.git.filters import refuse_untrusted
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.model import Checkpoint, CommitId, Task
from agentls.review.drafts import Wish
from agentls.review.strategies import branch_tip
from agentls.review.work import read_work

__all__ = ["tip_to_push", "title_of"]

_TITLE_MAX = 120


async def tip_to_push(
    repository: Repository, task: Task, *, saved: Checkpoint, wish: Wish
) -> tuple[CommitId, tuple[ChangedFile, ...]]:
    """Give the branch's tip, with what is uncommitted on top, and what it changes.

    Raises `InvalidState` when there is nothing to propose, `Untrusted` for a file
    whose filter nobody trusted. Nothing is pushed, and no branch is moved.
    """
    target = await read_ref(repository, branch_ref(task.target))
    if target is None:
        raise InvalidParams(
            f"The target {task.target!r} is no branch any more; nothing was pushed.",
            hint="Make it again, or create the task anew with another target.",
        )
    work = await read_work(
        repository, task, tree=saved.tree, head=saved.head, target=target
    )
    files = await changed_files(repository, work.base, work.tree)
    if not files:
        raise InvalidState(
            f"Task {task.id} has changed nothing, so there is nothing to propose.",
            hint=f"`agentls send {task.id}` tells its agent more, or discard it.",
        )
    paths = {path for file in files for path in (file.path, file.old_path)}
    await refuse_untrusted(repository, trees=(work.base, work.tree), paths=paths)
    return await branch_tip(repository, task, work, wish=wish), files


def title_of(task: Task) -> str:
    """Give the task's title in one line."""
    title = " ".join(task.title.split())
    return title if len(title) <= _TITLE_MAX else title[: _TITLE_MAX - 1] + "…"
