"""Answering what an agent asks, from a list, without its terminal in sight."""

import asyncio
import contextlib

from agentls.agents.definition import Definition
from agentls.agents.status import Status
from agentls.agents.terminal import Answer, answer_keys, shown_dialog
from agentls.errors import AgentlsError, InvalidParams, InvalidState
from agentls.model import (
    Asked,
    AskedKind,
    SessionKind,
    State,
    StatusSource,
    Task,
    TaskId,
)
from agentls.sessions.emulator import EmulatorMissing
from agentls.sessions.live import LiveSession
from agentls.sessions.screens import Screens
from agentls.tasks.agency import Agency, Said
from agentls.tasks.operations import Operations
from agentls.tasks.states import require_state

__all__ = ["Responding"]

_LOOKS = 20
"""How often a screen that changes all the time is looked at again."""
_ANSWERED_SECONDS = 10.0
"""So long what was typed last may already have answered what is still shown."""
_SHOWN_SECONDS = 2.0
"""So long a program may take to show a part of an answer before the next is typed."""
_APART_SECONDS = 0.1
_SETTLED_SECONDS = 0.2
"""So long after it has drawn a dialog a program may take no keys yet: Claude Code
listens a moment later than it draws, and a hook's event can be quicker than that."""
_DRAWN_SECONDS = 0.5
"""So long after that it has drawn what it asks next."""


class Responding:
    """Types the keys that answer the dialog which an agent's screen shows."""

    def __init__(
        self, operations: Operations, *, agency: Agency, screens: Screens
    ) -> None:
        self._on = operations
        self._agency = agency
        self._screens = screens

    async def respond(
        self, name: str, *, choice: str | None = None, text: str | None = None
    ) -> Task:
        """Answer with one of the dialog's choices, or in words.

        Refused when the screen doesn't show now what the task is known to wait for.
        """
        if (choice is None) == (text is None) or text == "":
            raise InvalidParams("Give either a choice or a text.")
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, State.WAITING, to="answer")
            live = self._on.starter.runner.living(task, SessionKind.AGENT)
            if live is None:
                raise _gone(task)
            config = await self._on.starter.hearing.config(task)
            definition = await self._agency.definition(task, config)
            await asyncio.sleep(_SETTLED_SECONDS)
            shown, offset = await self._look(live, definition)
            if live.unanswered(offset, within=_ANSWERED_SECONDS):
                raise _typed_just_now(task)
            shown, answer = _answer(task, definition, shown, choice=choice, text=text)
            first, *rest = answer_keys(answer, text=text or "")
            # Invariant: no key is typed into a dialog that is gone
            # (tests/tasks/test_responding.py). What comes between the look and the
            # keys is looked at again.
            for _ in range(_LOOKS):
                if live.size <= offset:
                    break
                again, offset = await self._look(live, definition)
                if again != shown:
                    raise _gone(task)
            await live.write(first, seen=offset)
            for keys in rest:
                offset = await self._shown(live, definition, shown, beyond=offset)
                await live.write(keys, seen=offset)
            self._on.background.spawn(
                self._look_again(task.id, live, definition, beyond=offset),
                name=f"look again at {live.id}",
            )
            return await self._answered(task, live, answer)

    async def _shown(
        self, live: LiveSession, definition: Definition, asked: Asked, *, beyond: int
    ) -> int:
        """Wait until keys have had effect; refuse if the dialog went with them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHOWN_SECONDS):
                await live.grown(beyond)
        # Programs take keys right behind others for a part of them.
        await asyncio.sleep(_APART_SECONDS)
        again, offset = await self._look(live, definition)
        if again is None or again.dialog != asked.dialog:
            raise InvalidState(
                "Its dialog went while the answer was typed; the rest wasn't typed.",
                hint="Attach and look.",
            )
        return offset

    async def _look_again(
        self, name: TaskId, live: LiveSession, definition: Definition, *, beyond: int
    ) -> None:
        """See whether the next dialog is the same to a letter: no change tells it.

        Or whether it is the same one: a program that has only just drawn a dialog may
        miss a key. Then it waits still, and no event of its own says so again.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ANSWERED_SECONDS):
                await live.grown(beyond)
        await asyncio.sleep(_DRAWN_SECONDS)
        with contextlib.suppress(AgentlsError):  # it is gone, or its screen is
            async with self._on.lock(name):
                if not live.live or self._on.book.get(name).state is not State.WORKING:
                    return
                shown, offset = await self._look(live, definition)
                dialog = shown and definition.dialogs[shown.dialog]
                missed = offset <= beyond
                if shown and dialog and (missed or definition.hears_dialog(dialog)):
                    await self._on.starter.hearing.dialog_shown(
                        live.id, shown, moves=True
                    )

    async def _look(
        self, live: LiveSession, definition: Definition
    ) -> tuple[Asked | None, int]:
        try:
            screen = await self._screens.text(live.id)
        except EmulatorMissing as error:
            raise InvalidState(
                "Its screen can't be read, so that nothing was typed.",
                hint="Attach and answer there.",
            ) from error
        found = shown_dialog(definition.dialogs, "\n".join(screen.lines).rstrip())
        return found, screen.offset

    async def _answered(self, task: Task, live: LiveSession, answer: Answer) -> Task:
        if answer.status is Status.DONE:
            said = Said(state=State.REVIEW, why="", source=StatusSource.SCREEN)
            await self._on.starter.hearing.apply(live.id, said)
            return self._on.book.get(task.id)
        return await self._on.book.change(task.id, state=State.WORKING, why="")


def _answer(
    task: Task,
    definition: Definition,
    shown: Asked | None,
    *,
    choice: str | None,
    text: str | None,
) -> tuple[Asked, Answer]:
    known = task.asked.dialog if task.asked else ""
    if shown is None or (known and known != shown.dialog):
        raise _gone(task)
    if shown.kind is AskedKind.TRUST:
        raise InvalidState(
            "Whether an agent may trust a folder is for you to see and say; nothing"
            " was typed.",
            hint=f"`agentls attach {task.id}`, and answer there.",
        )
    dialog = definition.dialogs[shown.dialog]
    answer = dialog.text if choice is None else dialog.choices.get(choice)
    if answer is not None:
        return shown, answer
    there = [*dialog.choices, *(["a text"] if dialog.text else [])]
    given = "a text" if text is not None else repr(choice)
    hint = f"It takes {', '.join(there)}."
    if not there:
        hint = f"`agentls attach {task.id}`, and answer there."
    elif text is not None and "deny" in dialog.choices:
        hint += f" Say what to do instead after a `deny`: `agentls send {task.id} …`."
    raise InvalidParams(f"{given} is no answer to this; nothing was typed.", hint=hint)


def _typed_just_now(task: Task) -> InvalidState:
    return InvalidState(
        f"Something was typed into the terminal of task {task.id} a moment ago, and its"
        " screen doesn't show yet what came of that; nothing more was typed.",
        hint="Look again in a moment, and answer then what it asks.",
    )


def _gone(task: Task) -> InvalidState:
    return InvalidState(
        f"The screen of task {task.id} doesn't show a dialog that can be answered from"
        " here, or shows another one by now; nothing was typed.",
        hint=f"`agentls peek {task.id}` shows it, `agentls attach {task.id}` answers.",
    )
