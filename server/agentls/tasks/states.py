"""The states of a task: the one table of what may lead where."""

from collections.abc import Mapping

from agentls.errors import InvalidState
from agentls.model import State, Task

__all__ = [
    "HOLDS_A_PLACE",
    "ON_THEIR_WAY",
    "OVER",
    "TRANSITIONS",
    "needs_a_person",
    "require_state",
    "require_transition",
]

_S = State

TRANSITIONS: Mapping[State, frozenset[State]] = {
    _S.QUEUED: frozenset({_S.PREPARING, _S.DISCARDED}),
    _S.PREPARING: frozenset({_S.WORKING, _S.FAILED, _S.INTERRUPTED, _S.DISCARDED}),
    _S.WORKING: frozenset(
        {
            _S.WAITING,
            _S.CHECKING,
            _S.REVIEW,
            _S.FAILED,
            _S.INTERRUPTED,
            _S.DISCARDED,
        }
    ),
    _S.WAITING: frozenset(
        {
            _S.WORKING,
            _S.CHECKING,
            _S.REVIEW,
            _S.FAILED,
            _S.INTERRUPTED,
            _S.DISCARDED,
        }
    ),
    _S.CHECKING: frozenset(
        {_S.REVIEW, _S.WORKING, _S.FAILED, _S.INTERRUPTED, _S.DISCARDED}
    ),
    _S.REVIEW: frozenset({_S.WORKING, _S.CHECKING, _S.MERGED, _S.DISCARDED}),
    _S.FAILED: frozenset({_S.PREPARING, _S.WORKING, _S.REVIEW, _S.DISCARDED}),
    _S.INTERRUPTED: frozenset({_S.PREPARING, _S.WORKING, _S.REVIEW, _S.DISCARDED}),
    _S.MERGED: frozenset({_S.REVIEW, _S.DISCARDED}),
    # Queued: a task that was discarded before it began waits again when restored.
    _S.DISCARDED: frozenset({_S.REVIEW, _S.QUEUED, _S.MERGED}),
}

HOLDS_A_PLACE = frozenset({_S.PREPARING, _S.WORKING, _S.WAITING, _S.CHECKING})
"""The states that count against `limits.max_parallel`."""

OVER = frozenset({_S.MERGED, _S.DISCARDED})
"""The states of a task that has nothing of its own any more, such as ports."""
ON_THEIR_WAY = HOLDS_A_PLACE | {_S.QUEUED}
"""The states from which a task is still to come to a rest."""


_NEEDS_A_PERSON = frozenset({_S.WAITING, _S.REVIEW, _S.FAILED, _S.INTERRUPTED})


def needs_a_person(task: Task) -> bool:
    """Tell whether a person is told of a task that comes to this state by itself."""
    if task.state is _S.QUEUED:
        return bool(task.why)  # `keep_reason` says whether it comes by itself
    return task.state in _NEEDS_A_PERSON


def require_transition(task: Task, to: State) -> None:
    """Refuse what the table doesn't hold; staying in a state is always allowed."""
    if to != task.state and to not in TRANSITIONS[task.state]:
        raise InvalidState(
            f"Task {task.id} is {task.state} and can't become {to}.",
            hint=_hint(task),
        )


def require_state(task: Task, *allowed: State, to: str) -> None:
    """Refuse an operation in other states; `to` says what was wanted."""
    if task.state not in allowed:
        raise InvalidState(
            f"Task {task.id} {_SAID.get(task.state, f'is {task.state}')}:"
            f" nothing there to {to}.",
            hint=_hint(task),
        )


def _hint(task: Task) -> str:
    return _HINTS[task.state].format(id=task.id)


_SAID: Mapping[State, str] = {
    _S.REVIEW: "is ready for review",
    _S.FAILED: "failed",
    _S.INTERRUPTED: "was interrupted",
}
"""States that make no sentence by their name."""

_HINTS: Mapping[State, str] = {
    _S.QUEUED: "It begins when a place is free; `agentls discard {id}` takes it back.",
    _S.PREPARING: "Wait until its agent runs, or discard it.",
    _S.WORKING: "Wait until its agent is done, or stop it first.",
    _S.WAITING: "Its agent waits for an answer: `agentls show {id}` says what answers,"
    " `agentls attach {id}` shows its terminal; or stop it first.",
    _S.CHECKING: "Wait until its checks are done, or stop it first.",
    _S.REVIEW: 'Merge it, discard it, or give its agent more: `agentls send {id} "…"`.',
    _S.FAILED: "`agentls logs {id}` shows its output; then retry or discard it.",
    _S.INTERRUPTED: "`agentls resume {id}` goes on with its agent's conversation,"
    " `agentls retry {id}` begins again in the same worktree.",
    _S.MERGED: "Its work is in the target already; `agentls undo {id}` takes it back.",
    _S.DISCARDED: "Bring it back with `agentls restore {id}`.",
}
