"""Agents that ask for something: what they may, and what they hand out.

It is a rail and no wall: an agent that may run any program without asking can do what
its user can. Whoever asks before it acts gets no further through agentls than through
its own tools: what it hands out asks as well.
"""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

import attrs

from agentls.config import Config, Limits, Right
from agentls.errors import (
    InvalidParams,
    InvalidState,
    NotAllowed,
    UnknownAgent,
    UnknownTask,
)
from agentls.git.repository import find_repository
from agentls.model import (
    AgentName,
    Approval,
    SessionId,
    SessionKind,
    Task,
    TaskId,
)
from agentls.tasks.agency import Agency
from agentls.tasks.book import TaskBook
from agentls.tasks.states import OVER
from agentls.tasks.trusting import Policy, Trusting

__all__ = ["Delegate", "Delegating", "Delegation", "Standing"]

_READING = frozenset({Right.LIST, Right.SHOW})
_BY_A_PERSON = "A person does that, in an editor or a terminal of their own."


@attrs.frozen(kw_only=True)
class Delegate:
    """An agent that asks in its own name."""

    session: SessionId | None = None
    """The session that it runs in; None for one that agentls didn't start."""
    folder: str | None = None
    """Where it works; in a task's worktree it is that task's agent."""


@attrs.frozen(kw_only=True)
class Standing:
    """Below which task one stands, and what its agent may at most without asking."""

    parent: TaskId | None = None
    approval: Approval | None = None
    """None for what a person asked for."""


@attrs.frozen(kw_only=True)
class Delegation:
    """What an agent may, and how much of it is left."""

    task: Task | None
    """The one that it works on."""
    allowed: tuple[Right, ...]
    agents: tuple[AgentName, ...]
    """Those that are installed and that it may hand tasks to."""
    approval: Approval
    """What they may do at most without asking."""
    depth: int
    """How deep what it hands out would stand, and how deep it may:"""
    max_depth: int
    open: int
    """How many tasks that it handed out are neither merged nor discarded."""
    max_open: int


class Delegating:
    """Knows what agents may ask for."""

    def __init__(self, *, book: TaskBook, trusting: Trusting, agency: Agency) -> None:
        self._book = book
        self._trusting = trusting
        self._agency = agency

    async def require(
        self,
        delegate: Delegate,
        right: Right | None,
        *,
        operation: str,
        task: str | None,
    ) -> None:
        """Raise `NotAllowed` unless the agent may do such a thing, to such a task.

        `right` is None for what no agent may. Within a task it reads what belongs to
        its repository; it acts only on what it handed out, itself or through others.
        """
        # Invariant: an agent has no more done for it than its user allowed it
        # (tests/tasks/test_delegating.py).
        config = await self._trusting.user_config()
        if right is None or right not in config.mcp.allow:
            raise NotAllowed(
                f"Agents may not ask for {operation}; nothing was done.",
                hint=_BY_A_PERSON
                if right is None
                else f"{_BY_A_PERSON} `mcp.allow` in their own configuration, with"
                f" {right.value!r} in it, would let agents do it.",
            )
        own = self.task_of(delegate)
        if task is None:
            return
        named = self._book.get(task)
        if right in _READING:
            if own is not None and named.repository != own.repository:
                raise NotAllowed(
                    f"Task {named.id} belongs to another repository than task"
                    f" {own.id}, whose agent asks; nothing was told.",
                    hint=_BY_A_PERSON,
                )
        elif not self._handed_out(named, by=own):
            raise NotAllowed(
                f"Task {named.id} wasn't handed out by the agent that asks; nothing"
                " was done.",
                hint=_BY_A_PERSON,
            )

    def task_of(self, delegate: Delegate) -> Task | None:
        """Give the task that an agent works on; None for one from outside.

        Raises `NotAllowed` for a session that there isn't: who says it is in one, and
        isn't, gets no more than who is.
        """
        if delegate.session is not None:
            session = self._book.session(delegate.session)
            if session is None:
                raise NotAllowed(
                    f"This runs in a session ({delegate.session}) that this daemon"
                    " doesn't know; nothing was done.",
                    hint="Is AGENTLS_STATE_DIR another one than the session's?",
                )
            return self._book.get(session.task)
        if delegate.folder is None:
            return None
        return next(
            (
                task
                for task in self._book.tasks()
                if _is_inside(delegate.folder, task.worktree)
            ),
            None,
        )

    def visible(
        self, delegate: Delegate | None, tasks: Collection[Task]
    ) -> tuple[Task, ...]:
        """Leave out what the agent of a task isn't told: other repositories' tasks."""
        own = delegate and self.task_of(delegate)
        return tuple(
            task for task in tasks if own is None or task.repository == own.repository
        )

    async def admit(
        self,
        delegate: Delegate | None,
        *,
        parent: str | None,
        agent: AgentName,
        base: str | None,
        policy: Policy,
    ) -> Standing:
        """Say where a new task stands; refuse what an agent may not hand out.

        Raises `NotAllowed` for what it may not ask for, `InvalidState` where a limit
        is reached, `InvalidParams` for a parent that can't be.
        """
        above = None if parent is None else self._book.get(parent)
        if delegate is not None:
            own = self.task_of(delegate)
            if above is not None and above != own:
                raise NotAllowed(
                    f"An agent can't hand out tasks in the name of task {above.id};"
                    " nothing was created.",
                    hint="Leave the parent out: it is the agent's own task.",
                )
            above = own
        if above is not None and above.repository != policy.repository.root:
            raise InvalidParams(
                f"Task {above.id} belongs to {above.repository}, so nothing in"
                f" {policy.repository.root} can stand below it; nothing was created.",
                hint="Ask for a task of the same repository.",
            )
        if delegate is None:
            return Standing(parent=above and above.id)
        if (base or "").startswith("branch:"):
            raise NotAllowed(
                "An agent can't have another one work on a branch that is there"
                " already; nothing was created.",
                hint="Begin a new branch from it: leave out `branch:`.",
            )
        await self._require_agent(agent, policy.config)
        standing = Standing(
            parent=above and above.id,
            approval=await self._approval(delegate, above, policy.config),
        )
        self.require_room(standing, limits=policy.config.limits)
        return standing

    def require_room(self, standing: Standing, *, limits: Limits) -> None:
        """Raise `InvalidState` where an agent handed out as much as it may."""
        if standing.approval is None:
            return
        depth = self._depth_below(standing.parent)
        if depth > limits.max_depth:
            raise InvalidState(
                "Agents may hand out no tasks; nothing was created."
                if not limits.max_depth
                else f"Task {standing.parent} was handed out by an agent itself, and"
                f" its agent may hand out none: limits.max_depth is"
                f" {limits.max_depth}. Nothing was created.",
                hint="Do it yourself, or leave it to the person: `limits.max_depth` in"
                " their own configuration allows more.",
            )
        number = sum(1 for _ in self._open_below(standing.parent))
        if number >= limits.max_children:
            raise InvalidState(
                f"{number} tasks that were handed out like this are open, and more"
                f" than {limits.max_children} may not be (limits.max_children)."
                " Nothing was created.",
                hint="Those that are done wait for a person to merge or discard them;"
                " go on when that has happened, or do the rest yourself.",
            )

    async def tell(self, delegate: Delegate, folder: Path | None) -> Delegation:
        """Say what an agent may, in the repository that holds the folder."""
        own = self.task_of(delegate)
        parent = own and own.id
        if folder is None:
            config = await self._trusting.user_config()
        else:
            repository = await find_repository(folder)
            config = await self._trusting.decided_config(repository)
        agents: list[AgentName] = []
        for name in await self._agency.roster.installed(config):
            with contextlib.suppress(NotAllowed):
                await self._require_agent(name, config)
                agents.append(name)
        return Delegation(
            task=own,
            allowed=tuple(right for right in Right if right in config.mcp.allow),
            agents=tuple(agents),
            approval=await self._approval(delegate, own, config),
            depth=self._depth_below(parent),
            max_depth=config.limits.max_depth,
            open=sum(1 for _ in self._open_below(parent)),
            max_open=config.limits.max_children,
        )

    async def _require_agent(self, name: AgentName, config: Config) -> None:
        """Refuse an agent by which one that asks could have run what it may not."""
        if name in config.mcp.agents:
            return
        hint = (
            f"Name another agent; `mcp.agents` in the person's own configuration, with"
            f" {name!r} in it, would allow this one."
        )
        if any(
            document.of_repository and document.holds(("agents", name))
            for document in config.documents
        ):
            raise NotAllowed(
                f"A file of the repository says how the agent {name} is run, so agents"
                " may not hand it tasks; nothing was created.",
                hint=hint,
            )
        if Approval.ASK not in (await self._agency.named(name, config)).modes:
            raise NotAllowed(
                f"The agent {name} does what it is told without asking, so agents may"
                " not hand it tasks; nothing was created.",
                hint=hint,
            )

    async def _approval(
        self, delegate: Delegate, above: Task | None, config: Config
    ) -> Approval:
        """Give what the agent that asks may itself without asking."""
        if above is None:
            return config.mcp.approval
        if delegate.session is not None:
            session = self._book.session(delegate.session)
            if session is not None and session.kind is SessionKind.REVIEWER:
                return Approval.ASK  # it was started to change nothing
        try:
            definition = await self._agency.named(above.agent, config)
        except UnknownAgent:  # the config has changed since
            return Approval.ASK
        return (definition.approval or config.approval).at_most(above.approval)

    def _handed_out(self, task: Task, *, by: Task | None) -> bool:
        """Tell whether a task comes from that agent, with no person's in between."""
        wanted = by and by.id
        while task.approval is not None:
            if task.parent == wanted:
                return True
            if (above := self._above(task.parent)) is None:
                return False
            task = above
        return False

    def _depth_below(self, parent: TaskId | None) -> int:
        """Count the agents through whose hands a task below that one would go."""
        depth = 1
        while (above := self._above(parent)) and above.approval is not None:
            depth += 1
            parent = above.parent
        return depth

    def _open_below(self, parent: TaskId | None) -> Iterator[Task]:
        """Give what agents handed out in that place and is neither merged nor gone."""
        for task in self._book.tasks():
            handed_out = task.parent == parent and task.approval is not None
            if handed_out and task.state not in OVER:
                yield task

    def _above(self, parent: TaskId | None) -> Task | None:
        """Give a parent; None too for one whose creation was undone."""
        if parent is None:
            return None
        try:
            found = self._book.get(parent)
        except UnknownTask:
            return None
        return found if found.id == parent else None


def _is_inside(folder: str, worktree: Path) -> bool:
    return Path(folder).is_relative_to(worktree)
