"""What is gone through with one agent, step by step, and what was seen of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
from person import SECONDS, Person

from agentls.errors import AgentlsError
from stage import Stage

__all__ = ["AT_REST", "PRESSES", "Course", "Found", "NotSeen"]

AT_REST = frozenset({"review", "failed", "interrupted", "merged", "discarded"})
_AGAIN_SECONDS = 0.5
PRESSES = 4
_DONE = {"written", "thought"}


class NotSeen(Exception):
    """What was looked for didn't happen."""


@attrs.frozen(kw_only=True)
class Found:
    """What came of one ability."""

    seen: bool
    why: str = ""
    """Why not, for who runs this."""


class Course:
    """Steps that build on each other, for one agent."""

    def __init__(
        self,
        agent: str,
        *,
        stage: Stage,
        person: Person,
        setting: Mapping[str, Any],
        say: Callable[[str], None],
        show: Callable[[str], None],
    ) -> None:
        self.agent = agent
        self.stage = stage
        self.person = person
        self.setting = setting
        self.say = say
        self._print = show
        self.responded: list[str] = []
        """What was answered from the list."""
        self._watched: list[str] = []
        self._found: dict[str, Found] = {}

    @property
    def steps(self) -> Sequence[Callable[[], None]]:
        """What is gone through, in its order."""
        raise NotImplementedError

    def run(self) -> Mapping[str, Found]:
        """Go through all of it; what can't be tried after a failure isn't found."""
        for step in self.steps:
            try:
                step()
            except NotSeen as failure:
                self.say(f"  {step.__name__[1:]}: {failure}")
                self.say(indented(self.screen()))
                break
            except AgentlsError as failure:
                self.say(f"  {step.__name__[1:]}: {failure.message} {failure.hint}")
                break
        return self._found

    def note(self, ability: str, seen: bool, why: str) -> None:  # noqa: FBT001 - what is noted
        """Note whether an ability was seen, and why if not."""
        self._found[ability] = Found(seen=seen, why="" if seen else why)

    @property
    def worktree(self) -> Path:
        """The task's."""
        return Path(unquote(urlsplit(self.person.task["worktree"]).path))

    def holds(self, name: str) -> bool:
        """Tell whether the worktree has the file that the model had written."""
        file = self.worktree / name
        return file.is_file() and file.read_text().strip() in _DONE

    def create(self, prompt: str) -> None:
        """Ask for the task."""
        self.person.execute(
            "createTask",
            prompt=prompt,
            agent=self.agent,
            uri=self.stage.repository.as_uri(),
        )

    @property
    def asked(self) -> int:
        """How often the model was asked so far."""
        return len(self.stage.model.exchanges)

    def heard(self, prompt: str, *, after: int = 0) -> str:
        """Give all that the model heard together with a prompt; empty if it didn't."""
        questions = [one.question for one in self.stage.model.exchanges[after:]]
        # What answers a dialog reaches it as the result of the tool that asked.
        said = [(*one.heard, one.result or "") for one in questions]
        return "\n".join("\n".join(one) for one in said if prompt in "\n".join(one))

    def unlike(self, prompt: str, *, after: int, file: str) -> str:
        """Say what is wrong about a turn that should have gone on with what was."""
        heard = self.heard(prompt, after=after)
        if not heard:
            return "the model never heard it"
        if "first.txt" not in heard:
            return "the model heard it without what was said before"
        if not self.holds(file):
            return f"no {file}"
        return self.at_review()

    def at_review(self) -> str:
        """Say where the task stands if it isn't at review."""
        state = self.person.task["state"]
        return "" if state == "review" else f"{state}: {self.person.reasons[-1:]}"

    def until(self, true: Callable[[], bool], *, seconds: float = SECONDS) -> bool:
        """Wait for news that make it true, before the present session's terminal."""
        person = self.person

        def watched() -> bool:
            if person.sessions and person.sessions[-1] not in self._watched:
                self._watched.append(person.sessions[-1])
                if not self.rests():
                    person.watch()
            return true()

        return person.until(watched, seconds=seconds)

    def until_asked(self, prompt: str, *, after: int) -> None:
        """Wait until the model is asked that."""
        question = self.stage.model.until_asked(
            lambda one: prompt in one.said, after=after, seconds=SECONDS
        )
        if question is None:
            raise NotSeen(f"the model never heard {prompt!r}")

    def press(self, keys: str, *, after: int) -> None:
        """Answer in its terminal, until its tool was used or it rests.

        Some programs take no keys in the moment in which they have drawn a dialog.
        """

        def used() -> bool:
            new = self.stage.model.exchanges[after:]
            return any(one.question.result is not None for one in new) or self.rests()

        for _ in range(PRESSES):
            self.person.type(keys)
            if self.until(used, seconds=SECONDS / PRESSES):
                return
        raise NotSeen("it never used its tool")

    def rest(self) -> None:
        """Wait for the turn's end, and give the permissions that it asks for."""
        while self.until_offered("allow"):
            try:
                self.person.ask("respond", choice="allow")
            except AgentlsError as refusal:  # it shows another one by now
                self.show(refusal.message)
                self.person.until(self.rests, seconds=_AGAIN_SECONDS)
            else:
                self.responded.append("allow")
        if not self.rests():
            raise NotSeen(f"it asks what can't be allowed: {self.person.reasons[-1:]}")

    def until_offered(self, answer: str) -> bool:
        """Wait until it asks, and tell whether that can be answered so from the list.

        `answer` is a choice, or `text`. False too when it rests and has asked nothing.
        """

        def offered() -> Sequence[str]:
            asked = self.person.task.get("asked") or {}
            return [*asked.get("choices", ()), *["text"] * asked.get("takesText", 0)]

        if not self.until(lambda: bool(offered()) or self.rests()):
            raise NotSeen(f"nothing was asked within {SECONDS:.0f} s, nor was it over")
        if offered():
            self.show(self.screen())
        return answer in offered()

    def show(self, screen: str) -> None:
        """Print a screen, for who wants to see the dialogs."""
        self._print(indented(screen))

    def screen(self) -> str:
        """What is on its terminal now."""
        try:
            return self.person.screen()
        except (AgentlsError, KeyError) as failure:
            return f"(no screen: {failure})"

    def rests(self) -> bool:
        """Tell whether its turn is over."""
        return self.person.task["state"] in AT_REST


def indented(text: str) -> str:
    """Set a screen off from what is said."""
    return "\n".join(f"    | {line}" for line in text.splitlines() if line.strip())
