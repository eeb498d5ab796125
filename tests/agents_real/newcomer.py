"""An agent's first day: nobody has told it yet that it may trust the repository."""

from collections.abc import Callable, Sequence
from typing import Any

from course import PRESSES, Course, NotSeen
from person import SECONDS

from agentls.errors import AgentlsError
from stage import kept_of

__all__ = ["ABILITIES", "Newcomer"]

ABILITIES = {
    "trust": "a repository that it doesn't trust: it works, or waits and says for what",
    "once": "a person answers that once, and further tasks begin",
    "own": "agentls adds nothing to its settings then",
}
"""What is looked for, and what a reader is told of it."""

_FIRST = "Please WRITE first.txt"
_SECOND = "Please WRITE second.txt"


class Newcomer(Course):
    """Two tasks in a repository that the agent has never seen."""

    @property
    def steps(self) -> Sequence[Callable[[], None]]:
        """What is gone through, in its order."""
        return (self._come, self._come_again, self._leave)

    def _come(self) -> None:
        self.create(_FIRST)
        asks = self._until_begun()
        refused = self._answer() if asks else "invalidState"
        self.rest()
        wrong = "" if refused == "invalidState" else f"agentls answered it ({refused})"
        wrong = wrong or self.at_review()
        wrong = wrong or ("" if self.holds("first.txt") else "no first.txt")
        self.note("trust", not wrong, wrong)
        self.say(f"  {'asks' if asks else 'asks nothing'} about trust")

    def _come_again(self) -> None:
        self.create(_SECOND)
        asks = self._until_begun()
        if asks:
            self.note("once", False, "it asks again")
            raise NotSeen("it asks again about trust")
        self.rest()
        wrong = self.at_review()
        wrong = wrong or ("" if self.holds("second.txt") else "no second.txt")
        self.note("once", not wrong, wrong)

    def _leave(self) -> None:
        gone = kept_of(self.stage, self.setting)
        self.note("own", not gone, f"no longer there: {', '.join(gone)}")

    def _until_begun(self) -> bool:
        """Wait until it asks about trust; False if the model is asked or it rests."""
        after = self.asked
        if not self.until(
            lambda: self._asks_trust() or self.asked > after or self.rests()
        ):
            raise NotSeen("it neither asked nor began")
        return self._asks_trust()

    def _asks_trust(self) -> bool:
        asked: dict[str, Any] = self.person.task.get("asked") or {}
        return asked.get("kind") == "trust"

    def _answer(self) -> str:
        """Answer it in its terminal; and say how agentls refused to."""
        self.show(self.screen())
        refused = ""
        try:
            self.person.ask("respond", choice="allow")
        except AgentlsError as error:
            refused = error.kind
        for _ in range(PRESSES):  # an agent that has only begun may miss a key
            self.person.type(self.setting["trust"])
            if self.until(lambda: not self._asks_trust(), seconds=SECONDS / PRESSES):
                return refused
        raise NotSeen("it asks about trust still")
