"""What every agent has to do with agentls, one after the other, and what was seen."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
from person import SECONDS, Person

from agentls.errors import AgentlsError
from stage import Stage

ABILITIES = {
    "prompt": "starts with the prompt, word for word",
    "edits": "its own tool edits the file",
    "working": "shown working",
    "waiting": "shown waiting for a permission",
    "respond": "the permission is given from the list",
    "review": "comes to review",
    "message": "its last words are known",
    "usage": "its tokens are known",
    "follow-up": "a follow-up in the same conversation",
    "daemon": "works on when the daemon is killed",
    "resume": "its conversation goes on after a kill",
    "checkpoints": "a checkpoint of each turn",
    "clean": "nothing but its edits in the worktree",
    "merge": "merged",
}
"""What is looked for, in the order of the day, and what a reader is told of it."""

_FIRST = "- First: WRITE first.txt\nand say when it is there."
_SECOND = "Then WRITE second.txt"
_THINK = "Now THINK ABOUT it"
_BROOD = "And BROOD"
_THIRD = "Go on, WRITE third.txt"
_WRITTEN = {"first.txt", "second.txt", "third.txt"}
_AT_REST = frozenset({"review", "failed", "interrupted", "merged", "discarded"})


class NotSeen(Exception):
    """What was looked for didn't happen."""


@attrs.frozen(kw_only=True)
class Found:
    """What came of one ability."""

    seen: bool
    why: str = ""
    """Why not, for who runs this."""


class Course:
    """One agent's day."""

    def __init__(
        self,
        agent: str,
        *,
        stage: Stage,
        person: Person,
        setting: Mapping[str, Any],
        show: Callable[[str], None],
    ) -> None:
        self._agent = agent
        self._stage = stage
        self._person = person
        self._dialog = re.compile(setting.get("dialog", r"(?!)"))
        self._allow = setting.get("allow", "")
        self._show = show
        self._responded: list[str] = []
        self._found: dict[str, Found] = {}

    def run(self, say: Callable[[str], None]) -> dict[str, Found]:
        """Go through all of it; what can't be tried after a failure isn't seen."""
        steps = (
            self._start,
            self._look,
            self._follow_up,
            self._lose_the_daemon,
            self._lose_the_session,
            self._finish,
        )
        for step in steps:
            try:
                step()
            except NotSeen as failure:
                say(f"  {step.__name__[1:]}: {failure}")
                say(_indented(self._screen()))
                break
            except AgentlsError as failure:
                say(f"  {step.__name__[1:]}: {failure.message} {failure.hint}")
                break
        missing = Found(seen=False, why="not reached")
        return {ability: self._found.get(ability, missing) for ability in ABILITIES}

    def _start(self) -> None:
        person = self._person
        person.execute(
            "createTask",
            prompt=_FIRST,
            agent=self._agent,
            uri=self._stage.repository.as_uri(),
        )
        self._rest()
        model = self._stage.model
        heard = any(
            _FIRST in said for one in model.exchanges for said in one.question.heard
        )
        self._note("prompt", heard, "the model never heard it")
        self._note("edits", self._holds("first.txt"), "no first.txt")
        self._note("working", "working" in person.states, f"{person.states}")
        waited = any(
            before == "waiting" and after == "working"
            for before, after in zip(person.states, person.states[1:], strict=False)
        )
        self._note("waiting", waited, f"{person.states}")
        self._note("respond", "respond" in self._responded, "not asked, or not there")
        at_review = person.task["state"] == "review"
        self._note("review", at_review, f"{person.task['state']}: {person.reasons}")
        if not self._holds("first.txt"):
            raise NotSeen("it wrote nothing")

    def _look(self) -> None:
        told = self._person.ask("briefing")["text"]
        self._note("message", "The work is done." in told, "not in the briefing")
        usage = self._person.ask("getTask").get("usage") or {}
        known = bool(usage.get("input") and usage.get("output"))
        self._note("usage", known, f"{usage}")

    def _follow_up(self) -> None:
        asked = len(self._stage.model.exchanges)
        self._person.ask("sendPrompt", text=_SECOND)
        self._rest()
        why = self._unlike(_SECOND, after=asked, file="second.txt")
        self._note("follow-up", not why, why)

    def _lose_the_daemon(self) -> None:
        person, model = self._person, self._stage.model
        asked = len(model.exchanges)
        person.ask("sendPrompt", text=_THINK)
        self._until_asked(_THINK, after=asked)
        before = person.sessions
        person.kill_daemon()
        model.let_go("thought")
        self._rest()
        same = person.sessions == before and person.task["state"] == "review"
        self._note("daemon", same, f"{person.task['state']}: {person.reasons[-1:]}")

    def _lose_the_session(self) -> None:
        person = self._person
        asked = len(self._stage.model.exchanges)
        person.ask("sendPrompt", text=_BROOD)
        self._until_asked(_BROOD, after=asked)
        person.kill_session()
        person.until(lambda: person.task["state"] == "interrupted")
        if person.task["state"] != "interrupted":
            raise NotSeen(f"its session is dead, and it is {person.task['state']}")
        asked = len(self._stage.model.exchanges)
        person.ask("resumeTask", text=_THIRD)
        self._rest()
        why = self._unlike(_THIRD, after=asked, file="third.txt")
        self._note("resume", not why, why)

    def _finish(self) -> None:
        person = self._person
        kept = person.ask("listCheckpoints")["checkpoints"]
        turns = {one["turn"] for one in kept if one["reason"].startswith("Turn")}
        first = next((one["commit"] for one in kept if one.get("turn") == 1), "HEAD")
        tree = self._stage.git(self._worktree, "ls-tree", "--name-only", first)
        # Those that changed something: the first, the second and the last one.
        good = turns >= {1, 2, 5} and "first.txt" in tree and "second.txt" not in tree
        self._note("checkpoints", good, f"turns {turns}, the first: {tree.split()}")
        changed = {one["path"] for one in person.ask("changes")["files"]}
        left = self._stage.git(
            self._worktree, "status", "--porcelain", "--ignored", "-uall"
        )
        others = {line[3:] for line in left.splitlines()} - _WRITTEN
        clean = changed == _WRITTEN and not others
        self._note("clean", clean, f"changed {changed}, others {others}")
        person.ask("mergeTask", stop=True)
        there = {one.name for one in self._stage.repository.iterdir()}
        merged = there >= _WRITTEN and person.task["state"] == "merged"
        self._note("merge", merged, f"{there}")

    def _note(self, ability: str, seen: bool, why: str) -> None:  # noqa: FBT001 - what is noted
        self._found[ability] = Found(seen=seen, why="" if seen else why)

    @property
    def _worktree(self) -> Path:
        return Path(unquote(urlsplit(self._person.task["worktree"]).path))

    def _holds(self, name: str) -> bool:
        file = self._worktree / name
        return file.is_file() and file.read_text().strip() in {"written", "thought"}

    def _unlike(self, prompt: str, *, after: int, file: str) -> str:
        """Say what is wrong about a turn that should have gone on with what was."""
        said = [one.question.heard for one in self._stage.model.exchanges[after:]]
        mine = [one for one in said if any(prompt in text for text in one)]
        if not mine:
            return "the model never heard it"
        if not any("first.txt" in "\n".join(one) for one in mine):
            return "the model heard it without what was said before"
        if not self._holds(file):
            return f"no {file}"
        state = self._person.task["state"]
        return "" if state == "review" else f"{state}: {self._person.reasons[-1:]}"

    def _until_asked(self, prompt: str, *, after: int) -> None:
        asked = self._stage.model.until_asked(
            lambda one: prompt in one.said, after=after, seconds=SECONDS
        )
        if asked is None:
            raise NotSeen(f"the model never heard {prompt!r}")

    def _rest(self) -> None:
        """Wait for the turn's end, and give the permissions that it asks for."""
        person = self._person
        watched: list[str] = []

        def rests() -> bool:
            if person.sessions and person.sessions[-1] not in watched:
                watched.append(person.sessions[-1])
                if person.task["state"] not in _AT_REST:
                    person.watch()
            return person.task["state"] in _AT_REST

        if not person.until(rests, at_rest=self._allow_it):
            raise NotSeen(f"still {person.task['state']} after {SECONDS:.0f} s")

    def _allow_it(self) -> None:
        if self._person.task["state"] in _AT_REST:
            return
        if not self._dialog.search(screen := self._screen()):
            return
        self._show(_indented(screen))
        try:
            self._person.ask("respond", choice="allow")
        except AgentlsError as refusal:
            self._show(f"    {refusal.message}")
            self._person.type(self._allow)
        else:
            self._responded.append("respond")

    def _screen(self) -> str:
        try:
            return self._person.screen()
        except (AgentlsError, KeyError) as failure:
            return f"(no screen: {failure})"


def _indented(text: str) -> str:
    return "\n".join(f"    | {line}" for line in text.splitlines() if line.strip())
