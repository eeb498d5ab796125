"""Creating tasks: everything is checked, then they are kept, then they begin.

A task that is kept begins by itself when it has a place. An operation belongs to the
core: only cancelling its request ends it early, never a closed editor.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from agentls.config.templates import Template
from agentls.errors import AgentlsError, InvalidParams, UnknownTask
from agentls.git.repository import Repository, find_repository, head
from agentls.model import (
    Base,
    BaseKind,
    Group,
    GroupKind,
    State,
    Task,
    TaskId,
)
from agentls.tasks import planning, preparing
from agentls.tasks.delegating import Delegating
from agentls.tasks.operations import Operations
from agentls.tasks.planning import Plan
from agentls.tasks.queueing import check_order, check_priority, find_forerunners
from agentls.tasks.request import TaskRequest, check_request
from agentls.tasks.routing import Chosen, Routing
from agentls.tasks.starting import STOP_GRACE, Say, silent
from agentls.tasks.templates import filled, refuse_foreign_script
from agentls.tasks.trusting import Policy, Trusting

__all__ = ["ALL_AT_ONCE", "Creating"]

ALL_AT_ONCE = 1000
"""Tasks that one request can make: more is a mistake rather than a wish."""


class Creating:
    """Makes tasks, one or many at once."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        routing: Routing,
        delegating: Delegating,
    ) -> None:
        self._on = operations
        self._trusting = trusting
        self._routing = routing
        self.delegating = delegating

    async def create(
        self, request: TaskRequest, *, progress: Say, wait: bool = True
    ) -> Task:
        """Create a task and start it, or queue it when no place is free.

        A preparation that fails leaves the task `failed`, its prompt kept. A
        cancelled create is undone: no worktree, branch or task is left. Without
        `wait` the task is given as soon as it is kept, and begins by itself.
        """
        check_request(request)
        policy = await self._policy(request)
        template, request = request.template, filled(request, policy.config)
        agent = await self._agent(request, policy, say=progress)
        refuse_foreign_script(template, policy.config, agent=agent.agent)
        plan = await self._plan(request, policy, agent=agent)
        made: list[TaskId] = []

        def make(task_id: TaskId, number: int, rev: int) -> Task:
            # Only here no other request comes in between.
            self.delegating.require_room(plan.standing, limits=policy.config.limits)
            made.append(task_id)
            return plan.task(task_id, number, rev)

        starter = self._on.starter
        try:
            task = await self._on.book.add(make)
            if not wait:
                return task
            # The book's event has begun it already, if there is a place.
            starter.tell(task.id, progress)
            return await starter.prepared(task.id)
        except asyncio.CancelledError:
            # A daemon that ends cancels too: then the next one goes on with it.
            if made and not starter.closing:
                await self._on.background.to_the_end(
                    self.undo_create(made[0]), name=f"undo {made[0]}"
                )
            raise

    async def templates(self, folder: Path | None) -> Mapping[str, Template]:
        """Give the templates by name: of a repository and the user, or of the user.

        Without those that would be scripts and aren't trusted.
        """
        if folder is None:
            return (await self._trusting.user_config()).templates
        repository = await find_repository(folder)
        return (await self._trusting.decided_config(repository)).templates

    async def create_all(
        self,
        requests: Sequence[TaskRequest],
        *,
        kind: GroupKind,
        waits: Sequence[Collection[int]] = (),
    ) -> tuple[Task, ...]:
        """Create tasks of one repository that belong together, all of them or none.

        `waits` says for each which of the others, by their place, are to be merged
        first. They are given as soon as they are kept, before any has begun.
        """
        if not requests:
            return ()
        if len(requests) > ALL_AT_ONCE:
            raise InvalidParams(
                f"{len(requests):,} tasks at once are more than {ALL_AT_ONCE:,}; none"
                " was made.",
                hint="Give them in parts.",
            )
        waits = waits or [()] * len(requests)
        check_order(waits)
        for request, first in zip(requests, waits, strict=True):
            check_request(request)
            _check_of_many(request, alone=len(requests) == 1, waits=bool(first))
        policy = await self._policy(requests[0])
        plans = await self._plan_all(requests, policy)

        def making(
            place: int, plan: Plan
        ) -> Callable[[Sequence[TaskId], int, int], Task]:
            def make(ids: Sequence[TaskId], number: int, rev: int) -> Task:
                return plan.task(
                    ids[place],
                    number,
                    rev,
                    also_after=tuple(ids[first] for first in sorted(waits[place])),
                    group=Group(kind=kind, id=ids[0]),
                )

            return make

        return await self._on.book.add_all(
            [making(place, plan) for place, plan in enumerate(plans)]
        )

    async def _policy(self, request: TaskRequest) -> Policy:
        policy = await self._trusting.policy(await find_repository(request.folder))
        self._on.starter.places.limits = policy.config.limits
        self._on.checkpoints.file_max = policy.config.checkpoint.max_file
        return policy

    async def _plan_all(
        self, requests: Sequence[TaskRequest], policy: Policy
    ) -> list[Plan]:
        """Plan each; what is the same for several is looked up once."""
        agents: dict[tuple[object, ...], Chosen] = {}
        known: dict[tuple[object, ...], Plan] = {}
        plans: list[Plan] = []
        for request in requests:
            looks = self._routing.looks_at_task(request.agent, policy.config)
            asked = request.agent, (request.prompt, request.labels) if looks else None
            if asked not in agents:
                agents[asked] = await self._agent(request, policy, say=silent)
            agent = agents[asked]
            same = agent, request.base, request.target, request.after
            if same not in known:
                known[same] = await self._plan(request, policy, agent=agent)
            plans.append(known[same].of(request))
        return plans

    async def _agent(self, request: TaskRequest, policy: Policy, *, say: Say) -> Chosen:
        chosen = await self._routing.choose(
            request.agent,
            prompt=request.prompt,
            labels=request.labels,
            config=policy.config,
        )
        if chosen.why:
            say(chosen.why)
        return chosen

    async def _plan(
        self, request: TaskRequest, policy: Policy, *, agent: Chosen
    ) -> Plan:
        config, repository = policy.config, policy.repository
        standing = await self.delegating.admit(
            request.delegate,
            parent=request.parent,
            agent=agent.agent,
            base=request.base,
            policy=policy,
        )
        at = await head(repository)
        target = await planning.plan_target(
            repository, request.target or config.target, at=at
        )
        check_priority(request.priority)
        after = find_forerunners(
            self._on.book, request.after, repository=repository.root, target=target
        )
        if after and request.base is not None:
            raise _base_and_after()
        branch = await planning.plan_branch(repository, request.branch)
        base = await planning.plan_base(
            repository,
            request.base,
            at=at,
            index=self._on.checkpoints.indexes / "wip",
            of_task=lambda name: self._base_of(repository, name),
        )
        if base.kind is BaseKind.BRANCH:
            branch = base.name.removeprefix("branch:")
        return Plan(
            request=request,
            repository=repository.root,
            agent=agent.agent,
            chosen=agent.why,
            base=base,
            target=target,
            branch=branch,
            branch_prefix=config.branch_prefix,
            worktrees=config.worktrees or self._on.paths.worktrees,
            after=after,
            standing=standing,
        )

    async def _base_of(self, repository: Repository, name: str) -> Base:
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            return await planning.plan_base_of_task(
                repository,
                self._on.book.get(task_id),
                checkpoints=self._on.checkpoints,
            )

    async def undo_create(self, task_id: TaskId) -> None:
        """Take a task back as if it had never been: worktree, branch, all of it."""
        starter, book = self._on.starter, self._on.book
        try:
            await starter.cancel(task_id)
            async with self._on.lock(task_id):
                task = book.get(task_id)
                await starter.runner.stop(task, grace=STOP_GRACE)
                repository = await find_repository(task.repository)
                await preparing.unmake_task(repository, task)
                await book.remove(task_id)
                del starter.locks[task_id]
        except UnknownTask:
            return  # it was cancelled before it was kept
        except AgentlsError as error:
            why = f"Cancelled, and it could not be undone: {error.message}"
            await book.finish(task_id, state=State.FAILED, why=why)


def _check_of_many(request: TaskRequest, *, alone: bool, waits: bool) -> None:
    """Refuse what only one task can have."""
    if waits and request.base is not None:
        raise _base_and_after()
    if alone:
        return
    if request.branch is not None or (request.base or "").startswith("branch:"):
        raise InvalidParams(
            "One branch can't be worked on by several tasks; none was made.",
            hint="Leave the branch out: each task makes its own.",
        )


def _base_and_after() -> InvalidParams:
    return InvalidParams(
        "A task that waits for others begins from its target, so it can't have a base"
        " of its own; nothing was made.",
        hint="Leave out either `base` or `after`.",
    )
