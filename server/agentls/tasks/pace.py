"""How fast tasks come to a person's review, and how fast the person clears them."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from agentls.model import State, Task, TaskId
from agentls.store.history import Move

__all__ = ["WINDOW", "Pace", "ReviewPace"]

WINDOW = 3600.0
"""Seconds that are looked back upon."""

_BY_A_PERSON = frozenset({None, State.MERGED, State.DISCARDED})
"""Who comes to review from there was brought by a person: adopted, restored, undone."""


@attrs.frozen(kw_only=True)
class Pace:
    """What was in the last hour."""

    came: int = 0
    """How often a task came to review."""
    cleared: int = 0
    """How often one left it: merged, discarded or sent back."""

    def is_ahead(self, most: int) -> bool:
        """Tell whether so many more came than were cleared; 0 is never too many."""
        return bool(most) and self.came - self.cleared >= most


class ReviewPace:
    """Counts by looking at the tasks whenever something may have changed.

    `clock` gives seconds and never goes back, as the event loop's does.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states: dict[TaskId, State] = {}
        self._moves: deque[tuple[float, str]] = deque()

    def load(
        self, tasks: Sequence[Task], moves: Sequence[Move], *, now: datetime
    ) -> None:
        """Begin with how the tasks are, and with what was before this daemon."""
        present = self._clock()
        self._states = {task.id: task.state for task in tasks}
        for move in sorted(moves, key=lambda one: one.at):
            age = max(0.0, (now - move.at).total_seconds())  # a clock may be set back
            self._count(move.before, move.state, at=present - age)

    def look(self, tasks: Sequence[Task]) -> Pace:
        """Take up how the tasks are now, discarded ones too, and give the pace."""
        present = self._clock()
        for task in tasks:
            before = self._states.get(task.id)
            if before is not task.state:
                self._states[task.id] = task.state
                self._count(before, task.state, at=present)
        while self._moves and self._moves[0][0] <= present - WINDOW:
            self._moves.popleft()
        counted = Counter(what for _, what in self._moves)
        return Pace(came=counted["came"], cleared=counted["cleared"])

    def _count(self, before: State | None, state: State, *, at: float) -> None:
        if state is State.REVIEW and before not in _BY_A_PERSON:
            self._moves.append((at, "came"))
        elif before is State.REVIEW:
            self._moves.append((at, "cleared"))
