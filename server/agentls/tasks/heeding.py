"""What agents' terminals tell of them, taken up into the book.

The screens' process looks for what a definition names; what it found counts where no
more certain source tells the same (`Definition.hears`).
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from agentls.agents.definition import Definition
from agentls.agents.status import Status, put_in
from agentls.agents.terminal import asked_by_dialog, named_groups
from agentls.errors import AgentlsError, UnknownTask
from agentls.model import Asked, SessionId, SessionKind, TaskId
from agentls.sessions.screens import Screens
from agentls.sessions.signals import Rule, Signal
from agentls.tasks.agency import STATES, Agency, Said
from agentls.tasks.book import TaskBook, now
from agentls.tasks.hearing import Hearing

__all__ = ["QUIET_SECONDS", "Heeding"]

_LOG = logging.getLogger(__name__)

QUIET_SECONDS = 40.0
"""An agent that writes nothing for so long while it works is shown as quiet."""


@attrs.frozen(kw_only=True)
class _Watch:
    """What is looked for in a session, and what its definition makes of it."""

    definition: Definition
    meanings: tuple[int | str | None, ...]
    """For each rule: the place of a signal's rule, a dialog's name, or None: quiet."""


class Heeding:
    """Has sessions watched and moves their tasks; never fails because of one."""

    def __init__(
        self,
        *,
        book: TaskBook,
        agency: Agency,
        screens: Screens,
        hearing: Hearing,
        locks: Mapping[TaskId, asyncio.Lock],
        spawn: Callable[..., asyncio.Task[Any]],
    ) -> None:
        self._book = book
        self._agency = agency
        self._screens = screens
        self._hearing = hearing
        self._locks = locks
        self._spawn = spawn
        self._watches: dict[SessionId, _Watch] = {}
        self._signals: defaultdict[SessionId, deque[Signal]] = defaultdict(deque)
        screens.signalled = self.signalled

    def begin(self, session: SessionId) -> None:
        """Have a session watched, if an agent runs in it."""
        known = self._book.session(session)
        if known is not None and known.kind is SessionKind.AGENT:
            self._spawn(self._begin(session), name=f"heed {session}")

    def end(self, session: SessionId) -> None:
        """Forget a session that has ended."""
        self._watches.pop(session, None)
        self._signals.pop(session, None)
        self._hearing.shown.pop(session, None)

    def signalled(self, session: SessionId, signal: Signal) -> None:
        """Take a signal; they are taken up in their order."""
        if session not in self._watches:
            return
        waiting = self._signals[session]
        waiting.append(signal)
        if len(waiting) == 1:
            self._spawn(self._take_up(session), name=f"signals of {session}")

    async def _begin(self, name: SessionId) -> None:
        session = self._book.session(name)
        if session is None or not session.live:
            return
        task = self._book.get(session.task)
        try:
            config = await self._hearing.config(task)
            definition = await self._agency.definition(task, config)
        except AgentlsError as error:
            _LOG.warning("signals of session %s: %s", name, error.message)
            return
        rules, meanings = _rules(definition)
        self._watches[name] = _Watch(definition=definition, meanings=meanings)
        self._screens.watch(name, rules, since=session.watched)

    async def _take_up(self, name: SessionId) -> None:
        """Take up what waits, with the task's lock: an operation may be under way."""
        session = self._book.session(name)
        if session is None:
            return
        async with self._locks[session.task]:
            while (waiting := self._signals.get(name)) and name in self._watches:
                try:
                    await self._take(name, self._watches[name], waiting[0])
                except UnknownTask:  # its creation was undone
                    self.end(name)
                    return
                if waiting:
                    waiting.popleft()

    async def _take(self, name: SessionId, watch: _Watch, signal: Signal) -> None:
        session = self._book.session(name)
        if session is None:
            return
        if signal.source == "dialog":
            await self._take_dialog(name, watch, signal)
        elif signal.rule is None:
            if signal.source == "silence":
                await self._book.keep_quiet(session.task, None)
        else:
            meaning = watch.meanings[signal.rule]
            if isinstance(meaning, int):
                if said := _said(watch.definition, meaning, signal):
                    await self._hearing.apply(name, said)
            else:
                since = now() - timedelta(seconds=QUIET_SECONDS)
                await self._book.keep_quiet(session.task, since)
        if signal.source in {"osc", "title", "bell"}:
            await self._book.keep_watched(name, signal.offset)

    async def _take_dialog(
        self, name: SessionId, watch: _Watch, signal: Signal
    ) -> None:
        if signal.rule is None:
            await self._hearing.dialog_gone(name)
            return
        dialog = watch.definition.dialogs[str(watch.meanings[signal.rule])]
        asked = asked_by_dialog(
            str(watch.meanings[signal.rule]), dialog, named_groups(signal.groups)
        )
        moves = watch.definition.hears_dialog(dialog)
        await self._hearing.dialog_shown(name, asked, moves=moves)


def _said(definition: Definition, place: int, signal: Signal) -> Said | None:
    rule = definition.signals[place]
    if rule.status is Status.IGNORE:
        return None
    texts = named_groups(signal.groups)
    reason = put_in(rule.reason, texts)
    waits = rule.status is Status.WAITING
    asked = Asked(kind=rule.kind, text=reason, tool=put_in(rule.tool, texts))
    return Said(
        state=STATES[rule.status],
        why=reason if waits else "",
        source=rule.source,
        asked=asked if waits else None,
    )


def _rules(
    definition: Definition,
) -> tuple[tuple[Rule, ...], tuple[int | str | None, ...]]:
    """Give what to look for: only what counts."""
    rules: list[Rule] = []
    meanings: list[int | str | None] = []
    for place, rule in enumerate(definition.signals):
        # One that is ignored is looked for too: the first that fits decides.
        ignored = rule.status is Status.IGNORE
        if ignored or definition.hears(rule.status, rule.source, also=rule.also):
            done = rule.status is Status.DONE
            rules.append(
                Rule(
                    source=rule.source,
                    key=rule.status if done or ignored else str(place),
                    code=rule.code,
                    patterns=(rule.match,) if rule.match else (),
                    seconds=rule.seconds,
                )
            )
            meanings.append(place)
    for name, dialog in definition.dialogs.items():
        rules.append(Rule(source="dialog", key=name, patterns=dialog.match))
        meanings.append(name)
    rules.append(Rule(source="silence", key="quiet", seconds=QUIET_SECONDS))
    meanings.append(None)
    return tuple(rules), tuple(meanings)
