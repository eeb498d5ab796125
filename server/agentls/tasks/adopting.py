"""Adopting: a worktree that somebody made becomes a task, and stays theirs."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import InvalidParams, InvalidState
from agentls.git.checkouts import LOCK_REASON, Checkout, list_checkouts
from agentls.git.history import merge_base
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository, find_repository, head
from agentls.git.worktrees import lock_worktree
from agentls.model import Base, BaseKind, State, Task, TaskId
from agentls.tasks.book import now
from agentls.tasks.operations import Operations
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.planning import plan_target
from agentls.tasks.request import check_prompt, check_text
from agentls.tasks.routing import Routing
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["Adopting", "Adoption"]


@attrs.frozen(kw_only=True)
class Adoption:
    """A worktree that is to become a task; what is absent is taken from the config."""

    path: Path
    """Any file or folder in it."""
    title: str | None = None
    """The branch's name if absent."""
    prompt: str | None = None
    """What an agent is to do there; nothing is started without it."""
    agent: str | None = None
    target: str | None = None
    environment: Mapping[str, str] = attrs.field(factory=dict[str, str])


class Adopting:
    """Makes tasks of worktrees that are there already."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        routing: Routing,
        tasks: Orchestrator,
    ) -> None:
        self._on = operations
        self._trusting = trusting
        self._routing = routing
        self._tasks = tasks

    async def adopt(self, asked: Adoption) -> Task:
        """Make a task of a worktree; what it has beyond the target is the change.

        It is ready for review, or its agent works on the prompt. Nothing in the
        worktree changes; it gets git's lock, so that no prune takes it. Raises
        `InvalidParams` for a folder that is no linked worktree, `InvalidState` for
        one on no branch, or of a task.
        """
        check_text(asked.title or "", what="title")
        if asked.prompt is not None:
            check_prompt(asked.prompt)
        policy = await self._trusting.policy(await find_repository(asked.path))
        repository, config = policy.repository, policy.config
        checkout = await _worktree_at(repository, asked.path)
        branch = self._check(checkout)
        target = await plan_target(
            repository, asked.target or config.target, at=await head(repository)
        )
        if target == branch:
            raise InvalidParams(
                f"{branch} would merge into itself; nothing was adopted.",
                hint="Name the branch that it goes to as the target.",
            )
        chosen = await self._routing.choose(
            asked.agent, prompt=asked.prompt or "", config=config
        )
        base = await _base(repository, checkout, branch=branch, target=target)
        # The lock first: without a task it is harmless, and can be adopted again.
        await lock_worktree(repository, checkout)
        title = " ".join((asked.title or branch).split())
        moment = now()

        def make(task_id: TaskId, number: int, rev: int) -> Task:
            return Task(
                id=task_id,
                number=number,
                repository=repository.root,
                title=title,
                prompt=asked.prompt or "",
                agent=chosen.agent,
                chosen=chosen.why,
                base=base,
                target=target,
                branch=branch,
                worktree=checkout.path,
                state=State.REVIEW,
                why="Adopted.",
                created=moment,
                changed=moment,
                environment=asked.environment,
                rev=rev,
            )

        task = await self._on.book.add(make)
        async with self._on.lock(task.id):
            await self._on.checkpoints.take(repository, task, reason="Adopted")
        if asked.prompt is None:
            return self._on.book.get(task.id)
        return await self._tasks.send_prompt(task.id, asked.prompt)

    def _check(self, checkout: Checkout) -> str:
        """Give the branch of a worktree that can be adopted."""
        for task in self._on.book.tasks():
            if task.worktree == checkout.path:
                raise InvalidState(
                    f"{checkout.path} is the worktree of task {task.id} already.",
                    hint=f"`agentls show {task.id}` tells about it.",
                )
        if checkout.lock_reason not in {None, LOCK_REASON}:
            why = f" ({checkout.lock_reason})" if checkout.lock_reason else ""
            raise InvalidState(
                f"{checkout.path} is locked by somebody{why}; it was not adopted.",
                hint="git worktree unlock, if that is over.",
            )
        if checkout.branch is None:
            raise InvalidState(
                f"{checkout.path} is on no branch, so there is nothing to merge from.",
                hint="Give it one there: git switch -c NAME",
            )
        return checkout.branch


async def _worktree_at(repository: Repository, path: Path) -> Checkout:
    real = await in_thread(path.resolve)
    main, *linked = await list_checkouts(repository)
    inside = [one for one in linked if real.is_relative_to(one.path)]
    if inside:
        return max(inside, key=lambda one: len(one.path.parts))
    raise InvalidParams(
        f"{path} is in no linked worktree of {main.path}; nothing was adopted.",
        hint="git worktree list shows them; what is in the main checkout can be the"
        " base of a task: `agentls run --base wip`.",
    )


async def _base(
    repository: Repository, checkout: Checkout, *, branch: str, target: str
) -> Base:
    at = await head(repository, at=checkout.place(repository))
    tip = await read_ref(repository, branch_ref(target))
    start = await merge_base(repository, tip, at.commit) if tip else None
    return Base(
        kind=BaseKind.ADOPTED, name=f"branch:{branch}", commit=start or at.commit
    )
