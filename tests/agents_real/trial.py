"""`agentls agents test`, and whether it says the same as the day."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course import Course, Found

__all__ = ["ABILITIES", "Trial"]

ABILITIES = {"trial": "`agentls agents test` sees the same"}
"""What is looked for, and what a reader is told of it."""

_SAME = {
    "start": "edits",
    "working": "working",
    "waiting": "waiting",
    "answer": "respond",
    "done": "review",
    "message": "message",
    "usage": "usage",
    "followUp": "follow-up",
    "resume": "resume",
}
"""What a trial and a day call the same; a day knows of no conversation's id."""
_SECONDS = 300.0


class Trial(Course):
    """An agent tried as a person tries one, compared with what its day was like."""

    def __init__(self, *args: Any, day: Mapping[str, Found], **named: Any) -> None:
        super().__init__(*args, **named)
        self._day = day

    @property
    def steps(self) -> Sequence[Callable[[], None]]:
        """What is gone through, in its order."""
        return (self._try,)

    def _try(self) -> None:
        told = self.person.execute(
            "testAgent", within=2 * _SECONDS, agent=self.agent, seconds=_SECONDS
        )
        wrong: list[str] = []
        for one in told["abilities"]:
            name, seen = one["name"], one["seen"]
            known = self._day.get(_SAME.get(name, ""))
            same = known is None or known.seen == seen
            if not seen or not same:
                wrong.append(f"{name}: {one.get('detail') or 'not seen'}")
        self.note("trial", not wrong, "; ".join(wrong))
