"""What an agent can do by its definition, and how: for a person who looks at it."""

import enum
from collections.abc import Mapping

from agentls.agents.definition import Definition
from agentls.agents.status import Status
from agentls.model import AskedKind, StatusSource

__all__ = ["Ability", "abilities"]


class Ability(enum.StrEnum):
    """Something that agentls can do with an agent; not every agent has each."""

    START = "start"
    """It is given a prompt and edits files."""
    WORKING = "working"
    """It tells that it works, not only by running."""
    WAITING = "waiting"
    """It tells that it waits for an answer."""
    ANSWER = "answer"
    """Its permission dialogs can be answered from the list."""
    DONE = "done"
    """It tells that its turn is over."""
    MESSAGE = "message"
    """What it said last is known."""
    CONVERSATION = "conversation"
    """The id of its conversation is known."""
    USAGE = "usage"
    """What it used of its model is known."""
    FOLLOW_UP = "followUp"
    """It takes another prompt."""
    RESUME = "resume"
    """It goes on with its conversation after its session is over."""


def abilities(definition: Definition) -> Mapping[Ability, str]:
    """Say of each ability how the agent has it; those that it lacks are left out."""
    has = {
        Ability.START: _start(definition),
        Ability.WORKING: _told(definition, Status.WORKING),
        Ability.WAITING: _told(definition, Status.WAITING),
        Ability.ANSWER: _answered(definition),
        Ability.DONE: _done(definition),
        Ability.MESSAGE: _message(definition),
        Ability.CONVERSATION: _conversation(definition),
        Ability.USAGE: ", ".join(
            dict.fromkeys(
                one.source
                for one in definition.reports
                if one.input or one.output or one.cost
            )
        ),
        Ability.FOLLOW_UP: "typed" if definition.takes_typing else "started again",
        Ability.RESUME: "with its conversation" if definition.resume else "",
    }
    return {ability: how for ability, how in has.items() if how}


def _start(definition: Definition) -> str:
    if definition.types_prompt:
        return "typed"
    file = any("{prompt_file}" in one for one in definition.start_arguments)
    return "prompt in a file" if file else "prompt as an argument"


def _told(definition: Definition, status: Status) -> str:
    sources = {
        rule.source
        for rule in definition.signals
        if rule.status is status
        and definition.hears(status, rule.source, also=rule.also)
    }
    if any(rule.status is status for rule in definition.events):
        sources.add(StatusSource.EVENT)
    if status is Status.WAITING and any(
        definition.hears_dialog(one) for one in definition.dialogs.values()
    ):
        sources.add(StatusSource.SCREEN)
    return ", ".join(one for one in StatusSource if one in sources)


def _done(definition: Definition) -> str:
    return "exit" if definition.done == "exit" else _told(definition, Status.DONE)


def _answered(definition: Definition) -> str:
    names = [
        name
        for dialog in definition.dialogs.values()
        if dialog.kind is not AskedKind.TRUST
        for name in (*dialog.choices, *(["text"] if dialog.text else []))
    ]
    return ", ".join(dict.fromkeys(names))


def _message(definition: Definition) -> str:
    sources = ["event"] if definition.payload.message else []
    sources += [one.source for one in definition.reports if one.message]
    return ", ".join(dict.fromkeys(sources))


def _conversation(definition: Definition) -> str:
    if definition.conversation == "chosen":
        return "chosen by agentls"
    sources = ["event"] if definition.payload.session else []
    sources += [one.source for one in definition.reports if one.session]
    return ", ".join(dict.fromkeys(sources))
