"""A task's branch as a pull request shows it: what is pushed, title and body."""

from collections.abc import Sequence

from agentls.errors import InvalidParams, InvalidState
from agentls.git.changes import ChangedFile, changed_files
from agentls.git.filters import refuse_untrusted
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.model import CommitId, Task
from agentls.review.strategies import Wish, branch_tip
from agentls.review.work import read_work

__all__ = ["body_of", "tip_to_push", "title_of"]

_BODY_MAX = 60_000
_FILES_MAX = 50
_TITLE_MAX = 120


async def tip_to_push(
    repository: Repository, task: Task, *, checkpoint: CommitId, wish: Wish
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
    work = await read_work(repository, task, checkpoint=checkpoint, target=target)
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


def body_of(task: Task, files: Sequence[ChangedFile]) -> str:
    """Say what was asked for and what came of it, in Markdown."""
    quoted = "\n".join(f"> {line}".rstrip() for line in task.prompt.splitlines())
    added, deleted = (sum(f.added for f in files), sum(f.deleted for f in files))
    lines = [f"- {_code(file.display)}{_counts(file)}" for file in files[:_FILES_MAX]]
    if len(files) > _FILES_MAX:
        lines.append(f"- and {len(files) - _FILES_MAX} more")
    many = "1 file" if len(files) == 1 else f"{len(files)} files"
    end = f"\n\nAgent: {task.agent}\nTask: {task.id}\n"
    body = f"{quoted}\n\n{many}, +{added} −{deleted}:\n\n" + "\n".join(lines)
    return body[: _BODY_MAX - len(end)] + end


def _counts(file: ChangedFile) -> str:
    return "" if file.binary else f" +{file.added} −{file.deleted}"


def _code(text: str) -> str:
    """Write text as code, whatever it holds."""
    text = "".join(one if one.isprintable() else "?" for one in text)
    return f"`` {text} ``" if "`" in text else f"`{text}`"
