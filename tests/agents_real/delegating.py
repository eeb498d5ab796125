"""An agent that hands out a task by `agentls mcp`, and one that may not any more."""

from collections.abc import Callable, Sequence
from typing import Any

from course import Course, NotSeen

__all__ = ["ABILITIES", "Delegating"]

ABILITIES = {
    "asked": "asks whether it may hand out a task, and says which",
    "child": "hands it out by `agentls mcp`, and it stands below its own",
    "depth": "what was handed out is refused to hand out more, and is told why",
}
"""What is looked for, and what a reader is told of it."""

_DEEP = "WRITE deep.txt"
_HANDED_OUT = f"HAND OUT: {_DEEP}"
_FIRST = f"HAND OUT: {_HANDED_OUT}"


class Delegating(Course):
    """A task, the one that its agent hands out, and the one that that one may not."""

    @property
    def steps(self) -> Sequence[Callable[[], None]]:
        """What is gone through, in its order."""
        return (self._hand_out, self._go_deeper)

    def _hand_out(self) -> None:
        person = self.person
        self.create(_FIRST)
        person.follow(person.task["id"])
        self.rest()
        said = f"It wants to hand out a task: {_HANDED_OUT}"
        self.note("asked", said in person.reasons, f"{person.reasons}")
        below = self._below(person.task["id"])
        wrong = self.at_review() or ("" if len(below) == 1 else f"handed out {below}")
        self.note("child", not wrong, wrong)
        if wrong:
            raise NotSeen(wrong)
        person.follow(below[0]["id"])

    def _go_deeper(self) -> None:
        self.rest()
        told = [
            one.question.result or ""
            for one in self.stage.model.exchanges
            if "limits.max_depth is 1" in (one.question.result or "")
        ]
        wrong = self.at_review() or ("" if told else "its model was told of no limit")
        below = self._below(self.person.task["id"])
        wrong = wrong or (f"handed out {below}" if below else "")
        wrong = wrong or ("it was done all the same" if self.holds("deep.txt") else "")
        self.note("depth", not wrong, wrong)

    def _below(self, parent: str) -> list[dict[str, Any]]:
        tasks = self.person.execute("listTasks")["tasks"]
        return [one for one in tasks if one.get("parent") == parent]
