"""From what a person asks for to a task that can be made: everything is checked.

Nothing is created here; every refusal happens before the task exists.
"""

from pathlib import Path

import attrs

from agentls.errors import BranchExists, InvalidParams
from agentls.git.branches import branch_exists, check_branch_name, occupants
from agentls.git.checkouts import list_checkouts
from agentls.git.repository import Head, Repository, resolve_commit
from agentls.git.snapshot import snapshot
from agentls.model import AgentName, Base, BaseKind, State, Task, TaskId
from agentls.tasks.book import now
from agentls.tasks.names import branch_name, worktree_path
from agentls.tasks.request import TaskRequest, title_of

__all__ = ["Plan", "plan_base", "plan_branch", "plan_target"]


@attrs.frozen(kw_only=True)
class Plan:
    """A task that can be made; it lacks only its id, number and revision."""

    request: TaskRequest
    repository: Path
    agent: AgentName
    base: Base
    target: str
    branch: str | None
    """None: to be made from title and id."""
    branch_prefix: str
    worktrees: Path

    def task(self, task_id: TaskId, number: int, rev: int) -> Task:
        """Give the task with the id and number that the book chose."""
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
            rev=rev,
        )


async def plan_base(
    repository: Repository,
    name: str | None,
    *,
    head: Head,
    index: Path,
) -> Base:
    """Find the commit to begin from; for `wip`, save the checkout as a commit.

    Raises `InvalidParams` for what names no commit, `BranchExists` for an existing
    branch that is checked out already.
    """
    if name is None:
        return Base(kind=BaseKind.REF, name=head.branch or "HEAD", commit=head.commit)
    if name == BaseKind.WIP:
        checkout, *_ = await list_checkouts(repository)
        saved = await snapshot(
            repository,
            checkout,
            index=index,
            parents=(head.commit,),
            message="Uncommitted changes that a task began from",
        )
        return Base(kind=BaseKind.WIP, name=name, commit=saved.commit)
    kind, colon, rest = name.partition(":")
    if colon and kind == "branch":
        return await _existing_branch(repository, rest)
    if colon and kind in {"pr", "task"}:
        raise InvalidParams(
            f"A task can't begin from {name!r} yet.",
            hint="Fetch it as a branch and give that as the base.",
        )
    return Base(
        kind=BaseKind.REF, name=name, commit=await resolve_commit(repository, name)
    )


async def plan_target(repository: Repository, name: str | None, *, head: Head) -> str:
    """Find the branch to merge into: the one named, else the one checked out."""
    target = name or head.branch
    if target is None:
        raise InvalidParams(
            f"HEAD of {repository.root} is detached, so it isn't known where the task"
            " should merge.",
            hint="Name the branch as the target, or switch to one.",
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
