"""From what a person asks for to a task that can be made: everything is checked.

Nothing is created here; every refusal happens before the task exists.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import attrs

from agentls.errors import BranchExists, InvalidParams
from agentls.git.branches import branch_exists, check_branch_name, occupants
from agentls.git.checkouts import list_checkouts
from agentls.git.pulls import fetch_pull
from agentls.git.remotes import default_remote
from agentls.git.repository import Head, Repository, resolve_commit
from agentls.git.snapshot import snapshot
from agentls.model import AgentName, Base, BaseKind, Group, State, Task, TaskId
from agentls.review.checkpoint import Checkpointer
from agentls.review.stacking import base_on
from agentls.tasks.book import now
from agentls.tasks.delegating import Standing
from agentls.tasks.names import branch_name, worktree_path
from agentls.tasks.request import TaskRequest, title_of
from agentls.threads import in_thread

__all__ = ["Plan", "plan_base", "plan_base_of_task", "plan_branch", "plan_target"]


@attrs.frozen(kw_only=True)
class Plan:
    """A task that can be made; it lacks only its id, number and revision."""

    request: TaskRequest
    repository: Path
    agent: AgentName
    chosen: str = ""
    """Why the agent was chosen, if it was."""
    base: Base
    target: str
    branch: str | None
    """None: to be made from title and id."""
    branch_prefix: str
    worktrees: Path
    after: tuple[TaskId, ...] = ()
    """The tasks that there are and that it waits for."""
    standing: Standing = attrs.field(factory=Standing)
    """Below which task it stands, and what its agent may."""

    def of(self, request: TaskRequest) -> Self:
        """Give the plan of another request that differs in its words only."""
        return attrs.evolve(self, request=request)

    def task(
        self,
        task_id: TaskId,
        number: int,
        rev: int,
        *,
        also_after: tuple[TaskId, ...] = (),
        group: Group | None = None,
    ) -> Task:
        """Give the task with the id and number that the book chose.

        `also_after` are those that it waits for and that are made with it.
        """
        # On one line: it is a commit's subject, too.
        given = " ".join((self.request.title or "").split())
        title = given or title_of(self.request.prompt)
        created = now()
        return Task(
            id=task_id,
            number=number,
            repository=self.repository,
            title=title,
            prompt=self.request.prompt,
            agent=self.agent,
            chosen=self.chosen,
            labels=tuple(dict.fromkeys(self.request.labels)),
            base=self.base,
            target=self.target,
            branch=self.branch
            or branch_name(prefix=self.branch_prefix, title=title, task=task_id),
            worktree=worktree_path(
                self.worktrees, repository=self.repository, number=number
            ),
            state=State.QUEUED,
            created=created,
            changed=created,
            environment=self.request.environment,
            after=self.after + also_after,
            priority=self.request.priority,
            group=group,
            item=self.request.item,
            parent=self.standing.parent,
            approval=self.standing.approval,
            rev=rev,
        )


async def plan_base(
    repository: Repository,
    name: str | None,
    *,
    at: Head,
    index: Path,
    of_task: Callable[[str], Awaitable[Base]],
) -> Base:
    """Find the commit to begin from; for `wip`, save the checkout as a commit.

    `of_task` finds it for another task, by that one's name. Raises `InvalidParams`
    for what names no commit, `BranchExists` for an existing branch that is checked
    out already.
    """
    if name is None:
        return Base(kind=BaseKind.REF, name=at.branch or "HEAD", commit=at.commit)
    if name == BaseKind.WIP:
        checkout, *_ = await list_checkouts(repository)
        saved = await snapshot(
            repository,
            checkout,
            index=index,
            parents=(at.commit,),
            message="Uncommitted changes that a task began from",
        )
        return Base(kind=BaseKind.WIP, name=name, commit=saved.commit)
    kind, colon, rest = name.partition(":")
    if colon and kind == "branch":
        return await _existing_branch(repository, rest)
    if colon and kind == "pr":
        return await _pull_request(repository, name, number=rest)
    if colon and kind == "task":
        return await of_task(rest)
    return Base(
        kind=BaseKind.REF, name=name, commit=await resolve_commit(repository, name)
    )


async def plan_target(repository: Repository, name: str | None, *, at: Head) -> str:
    """Find the branch to merge into: the one named, else the one checked out."""
    target = name or at.branch
    if target is None:
        raise InvalidParams(
            f"HEAD of {repository.root} is detached, so it isn't known where the task"
            " should merge.",
            hint="Name the branch as the target (`--target BRANCH`), or switch to one.",
        )
    if not await branch_exists(repository, target):
        raise InvalidParams(
            f"The target {target!r} is no branch of {repository.root}.",
            hint="`git branch` lists them.",
        )
    return target


async def plan_branch(repository: Repository, name: str | None) -> str | None:
    """Check the name of a new branch."""
    if name is None:
        return None
    await check_branch_name(repository, name)
    if await branch_exists(repository, name):
        raise BranchExists(
            f"There is a branch {name!r} already; nothing was created.",
            hint=f"Choose another name, or work on it: base `branch:{name}`.",
        )
    return name


async def plan_base_of_task(
    repository: Repository, task: Task, *, checkpoints: Checkpointer
) -> Base:
    """Give the present state of another task as the base, or the last one it had."""
    if task.repository != repository.root:
        raise InvalidParams(
            f"Task {task.id} belongs to {task.repository}, not to {repository.root}.",
            hint="A task can begin from another one of its own repository.",
        )
    if await in_thread(task.worktree.exists):
        reason = "Another task begins here"
        saved = await checkpoints.take(repository, task, reason=reason)
    elif (last := await checkpoints.last(task)) is not None:
        saved = last
    else:
        raise InvalidParams(
            f"Task {task.id} has no work yet to begin from.",
            hint="Wait until it is prepared.",
        )
    return await base_on(repository, task, saved)


async def _pull_request(repository: Repository, name: str, *, number: str) -> Base:
    if not (number.isascii() and number.isdigit()):
        raise InvalidParams(
            f"{name!r} names no pull request.", hint="Write its number: `pr:12`."
        )
    remote = await default_remote(repository)
    commit = await fetch_pull(repository, int(number), remote=remote)
    return Base(kind=BaseKind.REF, name=name, commit=commit)


async def _existing_branch(repository: Repository, name: str) -> Base:
    if not await branch_exists(repository, name):
        raise InvalidParams(
            f"There is no branch {name!r} to work on.",
            hint="`git branch` lists them.",
        )
    if checkouts := await occupants(repository, name):
        raise BranchExists(
            f"The branch {name!r} is checked out at {checkouts[0].path}; git allows one"
            " worktree for a branch.",
            hint=f"Begin a new branch from it instead: base `{name}`.",
        )
    commit = await resolve_commit(repository, f"refs/heads/{name}")
    return Base(kind=BaseKind.BRANCH, name=f"branch:{name}", commit=commit)
