"""What an agent is run with: pure functions from its definition and a prompt."""

import json
import re
import shlex
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from agentls.agents.definition import PLACEHOLDER, Definition, Mode
from agentls.agents.status import Status
from agentls.config import Approval
from agentls.errors import InvalidParams, InvalidState
from agentls.trust import SCRIPT_AGENT

__all__ = [
    "ARGUMENT_MAX",
    "PROMPT_FILE",
    "HookAddress",
    "Invocation",
    "Run",
    "can_go_on",
    "go_on",
    "headless",
    "prompt_pieces",
    "start",
    "typed_prompt",
]

ARGUMENT_MAX = (128 << 10) - 1
"""Bytes of one argument: Linux takes 128 KiB with the ending NUL (MAX_ARG_STRLEN)."""

PROMPT_FILE = "prompt.txt"
"""The file in the private folder that has the prompt, where an agent reads one."""

# A terminal would take these for keys, and the end of a paste among them.
_KEYS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")

_APPROVALS = (Approval.ASK, Approval.EDITS, Approval.ALL)


@attrs.frozen(kw_only=True)
class HookAddress:
    """How an agent's hooks reach us."""

    argv: tuple[str, ...]
    """The command that is `agentls hook`, by absolute paths."""
    session: str
    events: Path
    """The session's event file."""
    state: Path
    """The state folder, in which the daemon is found."""


@attrs.frozen(kw_only=True)
class Run:
    """What an agent is to be run for."""

    prompt: str
    worktree: Path
    main_root: Path
    private: Path
    """A folder outside of the worktree: the same for all sessions of a task."""
    hook: HookAddress
    approval: Approval = Approval.ASK
    """What the config allows all agents; the definition may say otherwise."""
    trusted: bool = False
    """A person has told this agent that it may trust the repository."""
    approval_max: Approval | None = None
    """What the task may at most, whatever those two say."""


@attrs.frozen(kw_only=True)
class Invocation:
    """All that starts an agent."""

    argv: tuple[str, ...]
    """The program is looked for on the PATH of the agent's environment."""
    env: Mapping[str, str]
    """In addition to the user's environment."""
    files: tuple[tuple[str, str], ...]
    """Names and contents of what must lie in the private folder before the start."""
    typed: bytes | None
    """To be typed into the terminal."""
    conversation: str | None
    """The agent's id of the conversation, where it is known already."""


def start(
    definition: Definition,
    run: Run,
    *,
    new_id: Callable[[], object] = uuid.uuid4,
) -> Invocation:
    """Begin a new conversation; raises `InvalidParams` for a prompt too long."""
    chosen = str(new_id()) if definition.conversation == "chosen" else None
    return _invocation(
        definition, run, arguments=definition.start_arguments, conversation=chosen
    )


def headless(definition: Definition, run: Run) -> Invocation:
    """Answer a prompt without a person and end; it isn't to change any file.

    Raises `InvalidState` for an agent that can't, and for one to which a prompt is a
    script.
    """
    name = definition.title or definition.name
    if definition.name == SCRIPT_AGENT:
        raise InvalidState(
            f"{name} runs what it is given and can't be asked.",
            hint="Name another agent in `review.agent`.",
        )
    arguments = definition.headless
    if arguments is None and definition.done == "exit":
        arguments = definition.start_arguments
    if arguments is None:
        raise InvalidState(
            f"{name} has no way to answer without a person.",
            hint=f"Give agents.{definition.name}.headless in your config.",
        )
    careful = attrs.evolve(run, approval=Approval.ASK)
    return _invocation(
        attrs.evolve(definition, approval=None),
        careful,
        arguments=arguments,
        conversation=None,
    )


def can_go_on(definition: Definition, *, conversation: str | None) -> bool:
    """Tell whether the agent can go on with the conversation."""
    needs_id = definition.conversation != "none"
    return definition.resume is not None and not (needs_id and conversation is None)


def go_on(
    definition: Definition,
    run: Run,
    *,
    conversation: str | None,
    new_id: Callable[[], object] = uuid.uuid4,
) -> Invocation:
    """Go on with a conversation that was, or begin anew where that can't be."""
    arguments = definition.resume
    if arguments is None or not can_go_on(definition, conversation=conversation):
        return start(definition, run, new_id=new_id)
    return _invocation(definition, run, arguments=arguments, conversation=conversation)


def typed_prompt(
    definition: Definition, prompt: str, *, status: Status = Status.DONE
) -> bytes | None:
    """Give the keys that type a prompt into a living session; None if it takes none.

    None too while the agent waits for an answer, and while it works unless it tells
    of every dialog. Control characters are left out: they would be keys.
    """
    # Invariant: the key that submits a prompt never answers a permission dialog
    # (tests/agents/test_invocation.py).
    at_rest = status is Status.DONE
    working = status is Status.WORKING and definition.typing.while_working
    if not definition.takes_typing or not (at_rest or working):
        return None
    typing = definition.typing
    text = _KEYS.sub("", prompt.replace("\r\n", "\n").replace("\r", "\n"))
    if typing.bracketed:
        text = f"\x1b[200~{text}\x1b[201~"
    return (text + typing.submit).encode("utf-8", "surrogateescape")


def prompt_pieces(definition: Definition, keys: bytes) -> tuple[bytes, ...]:
    """Part what `typed_prompt` gave where the program is to show the text first."""
    submit = definition.typing.submit.encode("utf-8", "surrogateescape")
    if not definition.typing.apart or not submit:
        return (keys,)
    return keys[: -len(submit)], submit


def _invocation(
    definition: Definition,
    run: Run,
    *,
    arguments: tuple[str, ...],
    conversation: str | None,
) -> Invocation:
    allowed = (definition.approval or run.approval).at_most(run.approval_max)
    mode = _mode(definition, allowed)
    trusted = definition.trusted if run.trusted else None
    put_in = {"{approval}": mode.args, "{trusted}": trusted.args if trusted else ()}
    known = {
        "hook": shlex.join(run.hook.argv),
        "hook_array": json.dumps(list(run.hook.argv), ensure_ascii=False),
        "main_root": str(run.main_root),
        "private": str(run.private),
        "prompt": run.prompt,
        "prompt_file": str(run.private / PROMPT_FILE),
        "session_id": conversation or "",
        "worktree": str(run.worktree),
    }
    argv = [definition.program]
    for argument in arguments:
        argv += [_filled(one, known) for one in put_in.get(argument, (argument,))]
    if any(len(one.encode("utf-8", "surrogateescape")) > ARGUMENT_MAX for one in argv):
        raise InvalidParams(
            f"The prompt is too long for {definition.name}, which takes it as an"
            f" argument of at most {ARGUMENT_MAX:,} bytes; nothing was started.",
            hint="Put the long part into a file and name the file in the prompt.",
        )
    given = (*arguments, json.dumps(dict(definition.files)))
    types = not any("{prompt}" in one or "{prompt_file}" in one for one in given)
    files = [
        (name, _file_text(_filled_tree(content, known)))
        for name, content in definition.files.items()
    ]
    if any("{prompt_file}" in argument for argument in arguments):
        end = "" if run.prompt.endswith("\n") else "\n"
        files.append((PROMPT_FILE, run.prompt + end))
    own = {
        "AGENTLS_SESSION": run.hook.session,
        "AGENTLS_EVENTS": str(run.hook.events),
        "AGENTLS_STATE_DIR": str(run.hook.state),
    }
    return Invocation(
        argv=tuple(argv),
        env={
            name: _filled(value, known)
            for name, value in {
                **definition.env,
                **mode.env,
                **(trusted.env if trusted else {}),
            }.items()
        }
        | own,
        files=tuple(files),
        typed=typed_prompt(definition, run.prompt) if types else None,
        conversation=conversation,
    )


def _mode(definition: Definition, approval: Approval) -> Mode:
    """Give the mode, or the nearest that allows less."""
    below = _APPROVALS[: _APPROVALS.index(approval) + 1]
    for one in reversed(below):
        if one in definition.modes:
            return definition.modes[one]
    return Mode()


def _filled(text: str, known: Mapping[str, str]) -> str:
    # One pass: braces in what is put in stay as they are.
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)


def _file_text(content: object) -> str:
    if isinstance(content, str):
        return content
    return json.dumps(content, indent=2, ensure_ascii=False)


def _filled_tree(value: object, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, known)
    if isinstance(value, list):
        return [_filled_tree(one, known) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return {name: _filled_tree(one, known) for name, one in table.items()}
    return value
