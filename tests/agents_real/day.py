"""An agent's day with a person who has used it before."""

from collections.abc import Callable, Sequence

from course import Course, NotSeen

from agentls.errors import AgentlsError
from stage import kept_of

__all__ = ["ABILITIES", "Day"]

ABILITIES = {
    "prompt": "starts with the prompt, word for word",
    "edits": "its own tool edits the file",
    "working": "shown working",
    "waiting": "shown waiting for a permission",
    "respond": "the permission is given from the list",
    "deny": "it is refused from the list, and the agent goes on without",
    "text": "it is answered in words from the list",
    "gone": "a dialog that is gone takes no answer",
    "review": "comes to review",
    "message": "its last words are known",
    "usage": "its tokens are known",
    "follow-up": "a follow-up in the same conversation",
    "daemon": "works on when the daemon is killed",
    "resume": "its conversation goes on after a kill",
    "reboot": "its conversation goes on after a reboot",
    "checkpoints": "a checkpoint of each turn",
    "clean": "nothing but its edits in the worktree",
    "settings": "the person's settings as they were",
    "merge": "merged",
}
"""What is looked for, in the order of the day, and what a reader is told of it."""

_FIRST = "- First: WRITE first.txt\nand say when it is there."
_DENIED = "Now WRITE denied.txt"
_TOLD = "Now WRITE other.txt"
_INSTEAD = "No, not that: WRITE instead.txt"
_HELD = "Now WRITE held.txt"
_SECOND = "Then WRITE second.txt"
_THINK = "Now THINK ABOUT it"
_BROOD = "And BROOD"
_THIRD = "Go on, WRITE third.txt"
_FOURTH = "And go on, WRITE fourth.txt"


class Day(Course):
    """All that a person does with a task."""

    _turns = 1
    """How many prompts it was given."""

    @property
    def steps(self) -> Sequence[Callable[[], None]]:
        """What is gone through, in its order."""
        return (
            self._start,
            self._look,
            self._deny,
            self._answer_in_words,
            self._answer_too_late,
            self._follow_up,
            self._lose_the_daemon,
            self._lose_the_session,
            self._reboot,
            self._finish,
        )

    def _start(self) -> None:
        person = self.person
        self.create(_FIRST)
        self.rest()
        self.note("prompt", bool(self.heard(_FIRST)), "the model never heard it")
        self.note("edits", self.holds("first.txt"), "no first.txt")
        self.note("working", "working" in person.states, f"{person.states}")
        waited = any(
            before == "waiting" and after == "working"
            for before, after in zip(person.states, person.states[1:], strict=False)
        )
        self.note("waiting", waited, f"{person.states}")
        self.note("respond", bool(self.responded), "not asked, or not there")
        wrong = self.at_review()
        self.note("review", not wrong, wrong)
        if not self.holds("first.txt"):
            raise NotSeen("it wrote nothing")

    def _look(self) -> None:
        told = self.person.ask("briefing")["text"]
        self.note("message", "The work is done." in told, "not in the briefing")
        usage = self.person.ask("getTask").get("usage") or {}
        known = bool(usage.get("input") and usage.get("output"))
        self.note("usage", known, f"{usage}")

    def _deny(self) -> None:
        self._tell(_DENIED)
        if not self.until_offered("deny"):
            self.note("deny", False, "it never offered that")
            self.rest()
            return
        self.person.ask("respond", choice="deny")
        self.rest()
        wrong = "it wrote the file" if self.holds("denied.txt") else self.at_review()
        self.note("deny", not wrong, wrong)

    def _answer_in_words(self) -> None:
        after = self._tell(_TOLD)
        if not self.until_offered("text"):
            self.note("text", False, "it never offered that")
            self.rest()
            return
        self.person.ask("respond", text=_INSTEAD)
        self.rest()
        heard = self.heard(_INSTEAD, after=after)
        wrong = self.at_review() if heard else "the model never heard it"
        wrong = wrong or ("it wrote the file" if self.holds("other.txt") else "")
        self.note("text", not wrong, wrong)

    def _answer_too_late(self) -> None:
        """Answer a dialog in its terminal, and then from the list as well."""
        if not self.responded:  # then its model's answer would be held for ever
            self.note("gone", False, "it never asks")
            return
        after = self._tell(_HELD)
        if not self.until_offered("deny"):
            self.note("gone", False, "it never asked")
            self.stage.model.let_go("held")
            self.rest()
            return
        self.press(self.setting["allow"], after=after)
        refused = ""
        try:
            self.person.ask("respond", choice="deny")
        except AgentlsError as error:
            refused = error.kind
        self.stage.model.let_go("held")
        self.rest()
        wrong = "" if refused == "invalidState" else f"it was taken ({refused})"
        wrong = wrong or self.at_review()
        wrong = wrong or ("" if self.holds("held.txt") else "no held.txt")
        self.note("gone", not wrong, wrong)

    def _follow_up(self) -> None:
        after = self._tell(_SECOND)
        self.rest()
        wrong = self.unlike(_SECOND, after=after, file="second.txt")
        self.note("follow-up", not wrong, wrong)

    def _lose_the_daemon(self) -> None:
        after = self._tell(_THINK)
        self.until_asked(_THINK, after=after)
        before = self.person.sessions
        self.person.kill_daemon()
        self.stage.model.let_go("thought")
        self.rest()
        same = self.person.sessions == before
        wrong = self.at_review() or ("" if same else "another session")
        self.note("daemon", not wrong, wrong)

    def _lose_the_session(self) -> None:
        self._brood()
        self.person.kill_session()
        self._resume("resume", _THIRD, file="third.txt")

    def _reboot(self) -> None:
        self._brood()
        self.person.reboot()
        self._resume("reboot", _FOURTH, file="fourth.txt")

    def _finish(self) -> None:
        person = self.person
        kept = person.ask("listCheckpoints")["checkpoints"]
        turns = {one["turn"] for one in kept if one["reason"].startswith("Turn")}
        first = next((one["commit"] for one in kept if one.get("turn") == 1), "HEAD")
        tree = self.stage.git(self.worktree, "ls-tree", "--name-only", first)
        good = turns >= {1, self._turns} and "first.txt" in tree
        good = good and "fourth.txt" not in tree
        self.note("checkpoints", good, f"turns {turns}, the first: {tree.split()}")
        written = {one.name for one in self.worktree.iterdir() if self.holds(one.name)}
        changed = {one["path"] for one in person.ask("changes")["files"]}
        left = self.stage.git(
            self.worktree, "status", "--porcelain", "--ignored", "-uall"
        )
        others = {line[3:] for line in left.splitlines()} - written
        self.note(
            "clean",
            changed == written and not others,
            f"wrote {written}, changed {changed}, others {others}",
        )
        gone = kept_of(self.stage, self.setting)
        self.note("settings", not gone, f"no longer there: {', '.join(gone)}")
        person.ask("mergeTask", stop=True)
        there = {one.name for one in self.stage.repository.iterdir()}
        merged = there >= written and person.task["state"] == "merged"
        self.note("merge", merged, f"{there}")

    def _tell(self, prompt: str) -> int:
        """Give the agent a prompt; and the count of what the model was asked before."""
        asked = self.asked
        self.person.ask("sendPrompt", text=prompt)
        self._turns += 1
        return asked

    def _brood(self) -> None:
        after = self._tell(_BROOD)
        self.until_asked(_BROOD, after=after)

    def _resume(self, ability: str, prompt: str, *, file: str) -> None:
        person, sessions, worktree = self.person, self.person.sessions, self.worktree
        person.until(lambda: person.task["state"] == "interrupted")
        if person.task["state"] != "interrupted":
            raise NotSeen(f"its session is dead, and it is {person.task['state']}")
        after = self.asked
        person.ask("resumeTask", text=prompt)
        self._turns += 1
        self.rest()
        wrong = self.unlike(prompt, after=after, file=file)
        if len(person.sessions) != len(sessions) + 1 or self.worktree != worktree:
            wrong = "not one new session in the same worktree"
        self.note(ability, not wrong, wrong)
