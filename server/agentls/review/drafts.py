"""What a merge is wanted to be, what it would be, and why it can't: the last commit.

It is made last, since the user's hooks may have a say before.
"""

from collections.abc import Mapping

import attrs

from agentls.errors import Conflict
from agentls.git.commits import commit_tree
from agentls.git.merging import Conflicted
from agentls.git.repository import Repository
from agentls.git.wording import named
from agentls.model import BaseKind, CommitId, Strategy, Task
from agentls.review.hooking import Hooks, ask_hooks

__all__ = ["Draft", "Wish", "WorkConflicts", "complete"]


class WorkConflicts(Conflict):
    """The work and the target conflict; with what git says about it."""

    def __init__(self, task: Task, found: Conflicted, *, what: str) -> None:
        who = f"Task {task.id}" if not what else f"Of task {task.id}, {what}"
        super().__init__(
            f"{who} conflicts with {task.target} in {named(found.files)}."
            " Nothing was changed.",
            hint=_way_out(task),
        )
        self.found = found


@attrs.frozen(kw_only=True)
class Wish:
    """How a merge is wanted."""

    strategy: Strategy
    template: str
    """The config's template for the message."""
    message: str | None = None
    """A person's own message, in place of the template."""
    signing: Mapping[str, str] | None = None
    """The variables for the program that signs commits; None for none."""
    hooks: Hooks | None = None
    """The hooks that have a say before the last commit is made."""
    tick: bool = True
    """Whether the task is done by it: then the box of its item is ticked."""


@attrs.frozen(kw_only=True)
class Draft:
    """What the target would get."""

    tree: str
    parents: tuple[CommitId, ...]
    message: str | None
    """The message of the last commit; None where the agent's own commits are all."""


async def complete(
    repository: Repository, task: Task, draft: Draft, *, wish: Wish
) -> CommitId:
    """Make the draft's commit, if the hooks let it pass, with the message they leave.

    Raises `GitFailed` for a hook that refuses, `InvalidState` for one that edits.
    """
    message = draft.message
    if message is None:
        return draft.parents[0]
    if wish.hooks is not None:
        message = await ask_hooks(
            repository, task, tree=draft.tree, message=message, hooks=wish.hooks
        )
    return await commit_tree(
        repository,
        draft.tree,
        parents=draft.parents,
        message=message,
        signing=wish.signing,
    )


def _way_out(task: Task) -> str:
    resolve = (
        f"`agentls update --resolve agent {task.id}` has its agent resolve it,"
        " `--resolve editor` leaves that to you, in its worktree."
    )
    if task.base.kind is BaseKind.WIP:
        return (
            "It began from changes that you had not committed: if that is what"
            f" {task.target} lacks, commit them and merge again. Else {resolve}"
        )
    return resolve
