"""What agents say of themselves, taken up into the book."""

import asyncio
import logging
from collections.abc import Mapping

import attrs

from agentls.config import Config
from agentls.errors import AgentlsError
from agentls.git.repository import find_repository
from agentls.model import (
    Asked,
    AskedKind,
    Exit,
    SessionId,
    SessionKind,
    State,
    StatusSource,
    Task,
    TaskId,
    TurnSource,
)
from agentls.tasks.accounting import Accounting
from agentls.tasks.agency import Agency, Said
from agentls.tasks.book import TaskBook
from agentls.tasks.trusting import Trusting
from agentls.tasks.turns import Turns

__all__ = ["Hearing"]

_LOG = logging.getLogger(__name__)

_MOVED = {State.WORKING, State.WAITING, State.REVIEW}
"""The states that an agent's word moves a task out of."""

_WHY = {
    AskedKind.PERMISSION: "It asks for a permission.",
    AskedKind.QUESTION: "It asks a question.",
    AskedKind.TRUST: "It asks whether it may trust this folder: attach and answer.",
    AskedKind.TROUBLE: "It can't go on by itself.",
    AskedKind.OTHER: "It waits for an answer.",
}


class Hearing:
    """Reads agents' events and moves their tasks; never fails because of one."""

    def __init__(
        self,
        *,
        book: TaskBook,
        trusting: Trusting,
        agency: Agency,
        turns: Turns,
        accounting: Accounting,
        locks: Mapping[TaskId, asyncio.Lock],
    ) -> None:
        self._book = book
        self._trusting = trusting
        self._agency = agency
        self._turns = turns
        self._accounting = accounting
        self._locks = locks
        self.shown: dict[SessionId, Asked] = {}
        """The dialogs that are on screens now."""

    async def read_events(self, name: SessionId) -> None:
        """Take up what an agent's hooks have said about its session, in their order."""
        session = self._book.session(name)
        if session is None or session.kind is not SessionKind.AGENT:
            return  # what a reviewing agent says of itself is nothing of the task's
        if session.live:
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
            heard = await self._agency.heard(task, session, await self.config(task))
        except AgentlsError as error:
            _LOG.warning("events of session %s: %s", name, error.message)
            return
        if heard.said is not None:
            await self.apply(name, heard.said)
        if heard.count != session.heard:
            await self._book.keep_heard(name, heard.count)

    async def apply(self, name: SessionId, said: Said) -> None:
        """Move a task as its agent says; the caller holds the task's lock.

        What a less certain source says again changes nothing.
        """
        session = self._book.session(name)
        if session is None:
            return
        task = self._book.get(session.task)
        if said.conversation and said.conversation != task.conversation:
            task = await self._book.change(task.id, conversation=said.conversation)
        if session.live and said.state is not State.REVIEW:
            task = await self._turns.end_checks(task)  # the agent went on by itself
        moves = task.state in _MOVED and session.live
        if moves and _repeats(said, task):
            return
        if moves and task.state is State.REVIEW:  # it was told in its terminal
            await self._turns.begin(
                task.id, prompt=said.prompt, source=TurnSource.TERMINAL
            )
        if said.message:
            await self._turns.heard(task.id, said=said.message)
        if moves:
            await self._move(name, task, said)

    async def _move(self, name: SessionId, task: Task, said: Said) -> None:
        if said.state is State.REVIEW:
            await self.account(task, name)
            await self._turns.rest(
                task, state=said.state, why=said.why, source=said.source
            )
            return
        if task.state is State.REVIEW and said.state is State.WAITING:
            task = await self._book.change(task.id, state=State.WORKING)
        asked = said.asked and _with_dialog(said.asked, self.shown.get(name))
        told = said.state, said.why, said.source, asked
        if told != (task.state, task.why, task.source, task.asked):
            await self._book.change(
                task.id,
                state=said.state,
                why=said.why,
                source=said.source,
                asked=asked,
            )

    async def dialog_shown(self, name: SessionId, asked: Asked, *, moves: bool) -> None:
        """Take note of a dialog on a session's screen, with the task's lock.

        `moves` says that its agent waits, then.
        """
        self.shown[name] = asked
        session = self._book.session(name)
        if session is None:
            return
        if moves:
            why = asked.text or _WHY[asked.kind]
            await self.apply(
                name,
                Said(
                    state=State.WAITING,
                    why=why,
                    source=StatusSource.SCREEN,
                    asked=asked,
                ),
            )
        task = self._book.get(session.task)
        if task.state is State.WAITING and task.asked is not None:
            joined = _with_dialog(task.asked, asked)
            if joined != task.asked:
                await self._book.change(task.id, quietly=True, asked=joined)

    async def dialog_gone(self, name: SessionId) -> None:
        """Take note that the screen shows it no more, with the task's lock."""
        self.shown.pop(name, None)
        session = self._book.session(name)
        task = session and self._book.get(session.task)
        if task is None or task.state is not State.WAITING or task.asked is None:
            return
        if task.source is StatusSource.SCREEN and task.asked.dialog:
            await self.apply(
                name, Said(state=State.WORKING, why="", source=StatusSource.SCREEN)
            )
        elif task.asked.dialog:
            await self._book.change(
                task.id,
                quietly=True,
                asked=attrs.evolve(task.asked, dialog="", choices=(), takes_text=False),
            )

    async def account(self, task: Task, name: SessionId) -> None:
        """Take up what an agent that comes to rest has left of its run."""
        session = self._book.session(name)
        if session is None:
            return
        try:
            definition = await self._agency.definition(task, await self.config(task))
        except AgentlsError as error:
            _LOG.warning("reports of session %s: %s", name, error.message)
            return
        told = await self._accounting.read(
            task, session, definition, home=self._agency.home
        )
        if told.session and told.session != task.conversation:
            await self._book.change(task.id, conversation=told.session)
        if told.message:
            await self._turns.heard(task.id, said=told.message)

    async def end(self, task: Task, end: Exit) -> tuple[State, str]:
        """Say what it means for a task that its agent's program ended like that."""
        try:
            config = await self.config(task)
            definition = await self._agency.definition(task, config)
            rule = definition.exits.get(str(end.status))
        except AgentlsError:  # then what is known of all programs
            rule = None
        done = end.ok if rule is None else rule.status == "done"
        if done:
            return State.REVIEW, rule.reason if rule else ""
        why = f"Its agent ended with {end.describe()}."
        return State.FAILED, (rule and rule.reason) or why

    async def config(self, task: Task) -> Config:
        """Give the config in which the task's agent is defined."""
        try:
            repository = await find_repository(task.repository)
            return await self._trusting.decided_config(repository)
        except AgentlsError:  # moved away or wrong: the agent may be the user's own
            return await self._trusting.config_at_start()


def _repeats(said: Said, task: Task) -> bool:
    """Tell whether it says what is known, and no better."""
    if said.state is not task.state:
        return False
    if said.state is State.REVIEW:  # an event is the end of a turn that nobody saw
        return said.source is not StatusSource.EVENT
    order = tuple(StatusSource)
    known = task.source
    return known is not None and order.index(said.source) > order.index(known)


def _with_dialog(asked: Asked, shown: Asked | None) -> Asked:
    """Add how it can be answered to what an agent asks."""
    if shown is None:
        return asked
    return attrs.evolve(
        asked,
        kind=shown.kind if asked.kind is AskedKind.OTHER else asked.kind,
        text=asked.text or shown.text,
        tool=asked.tool or shown.tool,
        dialog=shown.dialog,
        choices=shown.choices,
        takes_text=shown.takes_text,
    )
