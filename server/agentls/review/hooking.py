"""What the user's hooks say to a merge before its commit is made."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import GitFailed, InvalidState
from agentls.git.changes import changed_paths
from agentls.git.checkouts import own_checkout
from agentls.git.hooks import Hook, HookPlace, hook_place, run_hook
from agentls.git.process import Finished, TookTooLong
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.git.snapshot import read_state
from agentls.git.wording import named
from agentls.model import Strategy, Task
from agentls.threads import in_thread

__all__ = ["Hooks", "ask_hooks", "hooks_of"]

_LINES_TOLD = 30


@attrs.frozen(kw_only=True)
class Hooks:
    """The hooks that may run, and what they are run with."""

    hooks: tuple[Hook, ...]
    environ: Mapping[str, str]
    """As in a terminal of the user's, for this task."""
    index: Path
    """The task's kept index."""


def hooks_of(strategy: Strategy) -> tuple[str, ...]:
    """Name the hooks that git runs where it makes such a commit."""
    first = "pre-merge-commit" if strategy is Strategy.MERGE else "pre-commit"
    return first, "commit-msg"


async def ask_hooks(
    repository: Repository, task: Task, *, tree: str, message: str, hooks: Hooks
) -> str:
    """Run the hooks on what would be committed; give the message as they leave it.

    Raises `GitFailed` with the output of a hook that refuses, `InvalidState` naming
    the files that one changed: those stay as changes in the task's worktree.
    """
    if not hooks.hooks:
        return message
    checkout = await own_checkout(repository, task.worktree)
    before = await read_state(repository, checkout, index=hooks.index)
    async with hook_place(
        repository,
        checkout,
        index=hooks.index,
        tree=tree,
        branch=task.target,
        environ=hooks.environ,
    ) as place:
        for hook in hooks.hooks:
            if hook.name == "commit-msg":
                continue
            finished = await _run(hook, task, at=place)
            after = await read_state(repository, checkout, index=hooks.index)
            edited = await changed_paths(repository, before.tree, after.tree)
            index = attrs.evolve(checkout.place(repository), index=_index(place))
            staged = (await git("write-tree", at=index)).decode("ascii").strip()
            if not edited and staged != tree:
                edited = await changed_paths(repository, tree, staged)
            files = tuple(file.path for file in edited)
            if finished.status:
                raise _refused(hook, task, finished, files=files)
            if files:
                raise _edited(hook, task, files=files)
        for hook in hooks.hooks:
            if hook.name == "commit-msg":
                message = await _ask_about(message, hook, task, place)
    return message


async def _run(hook: Hook, task: Task, *args: str, at: HookPlace) -> Finished:
    try:
        return await run_hook(hook, *args, at=at)
    except TookTooLong as error:
        raise GitFailed(
            f"{error.message} Nothing was merged; what it changed in the worktree of"
            f" task {task.id} is there.",
            hint=f"`agentls merge --skip-hooks {task.id}` merges without hooks.",
        ) from error


def _index(place: HookPlace) -> Path:
    return place.git_dir / "index"


async def _ask_about(message: str, hook: Hook, task: Task, place: HookPlace) -> str:
    file = place.git_dir / "COMMIT_EDITMSG"
    await in_thread(file.write_bytes, message.encode("utf-8", "replace"))
    finished = await _run(hook, task, str(file), at=place)
    if finished.status:
        raise _refused(hook, task, finished, files=())
    left = (await in_thread(file.read_bytes)).decode("utf-8", "replace")
    if not left.strip():
        raise GitFailed(
            f"The hook {hook.name} left no message. Nothing was merged.",
            hint=f"agentls merge -m 'TEXT' {task.id} gives another one.",
        )
    return left


def _refused(
    hook: Hook, task: Task, finished: Finished, *, files: tuple[bytes, ...]
) -> GitFailed:
    output = (finished.stdout + finished.stderr).decode("utf-8", "replace").strip()
    lines = output.splitlines()[-_LINES_TOLD:]
    edits = f" It changed {named(files)} in the task's worktree." if files else ""
    return GitFailed(
        f"The hook {hook.name} refused the merge of task {task.id}"
        f" (exit status {finished.status}). Nothing was merged.{edits}"
        + "".join(f"\n  {line}" for line in lines),
        hint=f"Mend it in the worktree or have the agent do it; `agentls merge"
        f" --skip-hooks {task.id}` merges without hooks.",
    )


def _edited(hook: Hook, task: Task, *, files: tuple[bytes, ...]) -> InvalidState:
    return InvalidState(
        f"The hook {hook.name} changed {named(files)}. Nothing was merged; what it"
        " changed is in the task's worktree.",
        hint=f"`agentls diff {task.id}` shows it; merge again to take it.",
    )
