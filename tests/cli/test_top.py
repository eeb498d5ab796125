"""`agentls top` in a real terminal: what it shows, and what its keys do."""

import os
import re
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from agentls.cli.top.feed import Rates, rates_between

_ASKER = """
[agents.asker]
command = ["/bin/sh", "-c", "stty -icanon -echo; echo 'Run make?'; read -r answer; \
clear; echo \\"$answer\\" >answer", "asker", "{prompt}"]
[agents.asker.dialogs.run]
match = 'Run (?P<command>.+)\\?'
kind = "permission"
choices.allow = { keys = "yes\\r" }
choices.deny = { keys = "no\\r" }
"""


class Screen:
    """A terminal of tmux' with `agentls top` in it."""

    def __init__(self, user: Any, wait: Callable[..., None], *, variables: str) -> None:
        self._socket = user.runtime / "tmux"
        self._environment = user.environment
        self._wait = wait
        program = " ".join(user.argv("top"))
        self.tmux(
            *("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24"),
            f"cd '{user.repository}'; {variables} {program}; echo ended $?; cat",
        )

    def tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, *arguments],
            env=self._environment,
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def text(self, *, raw: bool = False) -> str:
        return self.tmux("capture-pane", "-p", *(["-e"] if raw else []))

    def see(self, *patterns: str, without: str = "") -> str:
        """Wait until all of them are on the screen, and give it."""
        shown = ""

        def there() -> bool:
            nonlocal shown
            shown = self.text()
            seen = all(re.search(one, shown) for one in patterns)
            return seen and not (without and re.search(without, shown))

        try:
            self._wait(there)
        except AssertionError:
            pytest.fail(f"{patterns} without {without!r} didn't come:\n{shown}")
        return shown

    def resize(self, *, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))


@pytest.fixture
def open_top(user, wait_until) -> Generator[Callable[..., Screen]]:
    """Open it in a terminal of 80 columns and 24 rows."""
    opened: list[Screen] = []

    def open_one(variables: str = "") -> Screen:
        opened.append(Screen(user, wait_until, variables=variables))
        return opened[-1]

    yield open_one
    for screen in opened:
        screen.tmux("kill-server")


def _gate(user: Any, name: str) -> Path:
    path = user.folder / name
    os.mkfifo(path)
    return path


@pytest.mark.needs("tmux")
def test_attach_and_back_and_resize_and_merge(user, open_top):
    done = user.task("echo work > work.txt", "--title", "Done already")
    busy = user.begin('read line; echo "$line" > got.txt; read more')
    top = open_top()
    top.see(rf"{done} +ready .*Done already", rf"{busy} +working", "1 ready  1 at work")
    top.keys("Down")
    top.see(r"working, shell, into main")
    top.keys("Enter")
    top.see("", without="TASK")
    top.resize(columns=130, rows=30)
    top.keys("-l", "hello")
    top.keys("Enter")
    top.see("hello")
    top.keys("C-b", "d")
    # It came back in the size that the terminal has by now, with the same choice.
    shown = top.see("TASK", "AGENT", "CHANGE", "target yours", "working, shell, into")
    assert len(max(shown.splitlines(), key=len)) <= 130
    assert (user.worktree(busy) / "got.txt").read_text() == "hello\n"
    assert user.state(busy) == "working"
    top.resize(columns=80, rows=24)
    top.see("TASK", without="CHANGE")
    top.keys("Up")
    top.see("ready, shell, .1 -0")
    top.keys("m")
    top.see(rf"Merge {done} \(Done already\) into main\?", "1 file, squash")
    top.keys("n")
    top.see("TASK", without="Merge .* into main")
    assert user.state(done) == "review"
    top.keys("m")
    top.see("1 file, squash")
    top.keys("y")
    top.see(f"{done} merged", without=rf"{done} +ready")
    assert "Done already" in user.git("log", "-1", "--format=%s")
    top.keys("c")
    top.see(rf"{done} +merged")
    top.keys("q")
    top.see("ended 0")
    assert user.state(busy) == "working"


@pytest.mark.full
@pytest.mark.needs("tmux")
def test_an_agent_is_answered_and_stopped_after_a_question(user, open_top):
    config = Path(user.environment["AGENTLS_CONFIG_DIR"]) / "config.toml"
    config.write_text(_ASKER)
    asker = user.json("run", "--agent", "asker", "do it")["task"]["id"]
    user.call("wait", asker, "--until", "waiting")
    busy = user.begin("read line")
    top = open_top()
    top.see(rf"{asker} +asks you", "permission: agentls respond")
    top.keys("a")
    top.see("allow", "deny", "enter answer")
    top.keys("Enter")
    top.see(f"{asker} answered", rf"{asker} +ready")
    assert (user.worktree(asker) / "answer").read_text() == "yes\n"
    top.keys("Down")
    top.see("working, shell")
    top.keys("s")
    top.see(rf"Stop {busy}")
    top.keys("y")
    top.see(rf"{busy} stopped", rf"{busy} +ready")
    assert user.state(busy) == "review"


@pytest.mark.full
@pytest.mark.needs("tmux")
def test_it_goes_on_with_the_next_daemon_and_shows_what_is_new(user, open_top):
    first = user.begin("read line")
    top = open_top()
    top.see(rf"{first} +working")
    user.kill_daemon()
    second = user.task("echo more > more", "--title", "After the kill")
    top.see(rf"{first} +working", rf"{second} +ready")
    user.call("queue", "pause")
    top.see("queue paused")
    third = user.begin("true")
    top.see(rf"{third} +queued 1", "The queue is paused")
    top.keys("p")
    top.see("The queue goes on", rf"{third} +ready", without="queue paused")
    top.keys("-l", "/after kill")  # at once, as a quick typist does
    top.see(second, without=first)
    top.keys("Escape")
    top.see(first, second)


@pytest.mark.needs("tmux")
def test_what_is_used_is_shown(user, open_top):
    user.begin("while :; do echo 0123456789012345678901234567890123456789; done")
    top = open_top()
    top.see(r"working +\S+ +\d+% +[\d.]+[KM] +[\d.]+[KM] ", r"cpu \d+%  mem \S+ \(")


@pytest.mark.needs("tmux")
def test_colours_are_left_out_when_nobody_wants_them(user, open_top):
    user.task("echo work > work")
    coloured = re.compile(r"\x1b\[[\d;]*\b(3[0-7]|4[0-7]|9[0-7]|38;|48;)")
    top = open_top("NO_COLOR=1")
    top.see("ready", "Filter")
    assert not coloured.search(top.text(raw=True))
    top.keys("q")
    top.see("ended 0")


@pytest.mark.full
@pytest.mark.needs("tmux")
def test_hostile_titles_are_text(user, open_top):
    title = "[red]not red[/] \x1b[2J\u202eleft"
    user.task("true", "--title", title)
    top = open_top()
    top.see(r"\[red\]not red\[/\] \\x1b\[2J")


def test_without_its_library_it_says_what_to_install(user):
    blocked = user.folder / "blocked" / "textual"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text(
        "raise ModuleNotFoundError('no', name='textual')\n"
    )
    terminal = user.terminal("top", PYTHONPATH=str(blocked.parent))
    terminal.see(r"needs Textual.*[\r\n]+.*hint:.* pip install 'agentls\[top\]'")
    assert terminal.end() == 1


def test_without_a_terminal_it_names_another_way(user):
    assert "agentls ls" in user.call("top", status=1)
    busy = user.begin("echo hello; read line")
    (session,) = user.json("top")["sessions"]
    assert (session["task"], session["processes"]) == (busy, 1)


def test_rates_are_made_of_two_answers():
    def answer(at: float, *sessions: tuple[str, float, int]) -> dict[str, Any]:
        return {
            "at": at,
            "sessions": [
                {
                    "session": name,
                    "task": name.partition("-")[0],
                    "memory": 100,
                    "processes": 1,
                    "cpu": cpu,
                    "output": output,
                }
                for name, cpu, output in sessions
            ],
        }

    before = answer(10, ("a-1", 1.0, 0), ("a-2", 1.0, 0))
    after = answer(12, ("a-1", 2.0, 50), ("a-2", 0.5, 50), ("b-1", 9.0, 9))
    assert rates_between(before, after) == {
        "a": Rates(memory=200, processes=2, cpu=0.5, output=50),
        "b": Rates(memory=100, processes=1),
    }
    assert rates_between(None, after)["a"] == Rates(memory=200, processes=2)
