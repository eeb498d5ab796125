"""What agents say of themselves by their hooks, taken up into the book."""

import asyncio
import logging
from collections.abc import Mapping

from agentls.config import Config
from agentls.errors import AgentlsError
from agentls.git.repository import find_repository
from agentls.model import Session, SessionId, State, Task, TaskId, TurnSource
from agentls.tasks.agency import Agency, Said
from agentls.tasks.book import TaskBook
from agentls.tasks.trusting import Trusting
from agentls.tasks.turns import Turns

__all__ = ["Hearing"]

_LOG = logging.getLogger(__name__)

_MOVED = {State.WORKING, State.WAITING, State.REVIEW}
"""The states that an agent's word moves a task out of."""


class Hearing:
    """Reads agents' events and moves their tasks; never fails because of one."""

    def __init__(
        self,
        *,
        book: TaskBook,
        trusting: Trusting,
        agency: Agency,
        turns: Turns,
        locks: Mapping[TaskId, asyncio.Lock],
    ) -> None:
        self._book = book
        self._trusting = trusting
        self._agency = agency
        self._turns = turns
        self._locks = locks

    async def read_events(self, name: SessionId) -> None:
        """Take up what an agent's hooks have said about its session, in their order."""
        session = self._book.session(name)
        if session is not None and session.live:
            # An operation under way would take the agent's word for an older state.
            async with self._locks[session.task]:
                await self.take_up(name)

    async def take_up(self, name: SessionId) -> None:
        """Do the same for a caller that holds the task's lock.

        What is said of a session that has ended no longer moves its task, but the
        conversation that it names can still be gone on with.
        """
        session = self._book.session(name)
        if session is None:
            return
        task = self._book.get(session.task)
        try:
            heard = await self._agency.heard(task, session, await self._config(task))
        except AgentlsError as error:
            _LOG.warning("events of session %s: %s", name, error.message)
            return
        if heard.said is not None:
            await self._apply(task, session, heard.said)
        if heard.count != session.heard:
            await self._book.keep_heard(name, heard.count)

    async def _apply(self, task: Task, session: Session, said: Said) -> None:
        if said.conversation and said.conversation != task.conversation:
            task = await self._book.change(task.id, conversation=said.conversation)
        if session.live and said.state is not State.REVIEW:
            task = await self._turns.end_checks(task)  # the agent went on by itself
        moves = task.state in _MOVED and session.live
        if moves and task.state is State.REVIEW:  # it was told in its terminal
            await self._turns.begin(
                task.id, prompt=said.prompt, source=TurnSource.TERMINAL
            )
        if said.message:
            await self._turns.heard(task.id, said=said.message)
        if not moves:
            return
        if said.state is State.REVIEW:
            await self._turns.rest(task, state=said.state, why=said.why)
            return
        if task.state is State.REVIEW and said.state is State.WAITING:
            task = await self._book.change(task.id, state=State.WORKING)
        if (said.state, said.why) != (task.state, task.why):
            await self._book.change(task.id, state=said.state, why=said.why)

    async def _config(self, task: Task) -> Config:
        try:
            repository = await find_repository(task.repository)
            return await self._trusting.decided_config(repository)
        except AgentlsError:  # moved away or wrong: the agent may be the user's own
            return await self._trusting.config_at_start()
