"""Where no daemon can be had, a session can be watched, typed to and read."""

import os
import signal
from typing import Any

import pytest

ECHO = 'stty -echo; while read -r line; do echo "got <$line>"; done'


@pytest.fixture
def echoing(user: Any) -> str:
    """Give a task whose agent answers what is typed."""
    task = user.begin(f"echo ready; {ECHO}")
    user.terminal("attach", task).see("ready")
    return task


def test_attach_shows_types_resizes_and_leaves(user: Any, echoing: str):
    with user.no_daemon():
        terminal = user.terminal("attach", echoing)
        terminal.see("without the daemon")
        terminal.see("ready")
        terminal.type("hello there\r")
        terminal.see("got <hello there>")
        terminal.type("\x02d")
        terminal.see("left; it goes on")
        assert terminal.end() == 0
        assert terminal.attributes() == terminal.before


@pytest.mark.full
def test_the_terminals_size_is_followed(user: Any):
    task = user.begin(
        "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.02; done"
    )
    user.terminal("attach", "--read-only", task).see("ready")
    with user.no_daemon():
        terminal = user.terminal("attach", task)
        terminal.see("33 77\r\n")
        terminal.resize(rows=31, columns=101)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.see("31 101\r\n")


@pytest.mark.full
def test_the_end_ends_it_and_is_told(user: Any):
    task = user.begin("echo ready; read -r x; echo bye; exit 3")
    user.terminal("attach", "--read-only", task).see("ready")
    with user.no_daemon():
        terminal = user.terminal("attach", task)
        terminal.see("ready")
        terminal.type("\r")
        terminal.see("bye")
        terminal.see("the session ended with status 3")
        assert terminal.end() == 0
        assert terminal.attributes() == terminal.before


@pytest.mark.full
def test_a_shim_that_vanishes_ends_it(user: Any, echoing: str):
    with user.no_daemon():
        terminal = user.terminal("attach", echoing)
        terminal.see("ready")
        folder = user.folder / "state" / "sessions" / f"{echoing}-1"
        meta = (folder / "meta").read_text()
        os.kill(int(meta.split("shim ")[1].split()[0]), signal.SIGKILL)
        terminal.see("nobody knows how")
        assert terminal.end() == 0


def test_it_goes_on_when_the_daemon_dies_meanwhile_and_when_one_is_back(
    user: Any, echoing: str
):
    terminal = user.terminal("attach", echoing)
    terminal.see("ready")
    terminal.type("first\r")
    terminal.see("got <first>")
    with user.no_daemon():
        terminal.type("alone\r")
        terminal.see("got <alone>")
    user.call("ls")
    terminal.type("back\r")
    terminal.see("got <back>")
    assert "got" not in terminal.output.decode()


def test_no_byte_is_lost_or_doubled_when_output_goes_on(user: Any):
    gate = user.folder / "gate"
    task = user.begin(
        f"echo first; until [ -e {gate} ]; do sleep 0.02; done;"
        " i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; echo over;"
        " read -r x"
    )
    terminal = user.terminal("attach", task)
    terminal.see("first")
    gate.touch()
    terminal.see("line 1\r\n")
    with user.no_daemon():
        over = terminal.see(r"over\r\n")
    said = over.string[: over.start()]
    assert said == "".join(f"line {n}\r\n" for n in range(2, 20001))
    terminal.type("\r")
    terminal.see("the session ended")


@pytest.mark.full
def test_one_types_and_the_others_watch(user: Any, echoing: str):
    with user.no_daemon():
        first = user.terminal("attach", echoing)
        first.see("ready")
        watching = user.terminal("attach", "--read-only", echoing)
        watching.see("ready")
        second = user.terminal("attach", echoing)
        second.see("ready")
        second.type("second\r")
        second.see("got <second>")
        first.see("got <second>")
        watching.type("ignored\r")
        first.type("\x1b[?62;1c")  # its terminal's answer, which nobody is to get
        first.type("first\r")
        assert second.see("got <(.*)>")[1] == "first"
        assert watching.see("got <first>")


@pytest.mark.full
def test_a_screen_is_drawn_for_who_comes_late(user: Any):
    task = user.begin(
        r"printf '\033[?1049h\033[2J\033[5;5Hfive\033[1;1Hone\033[7;7H';"
        " read -r x; while :; do sleep 1; done"
    )
    user.terminal("attach", "--read-only", task).see("one")
    with user.no_daemon():
        late = user.terminal("attach", "--read-only", task)
        late.see(r"\x1b\[\?1049h")
        late.see("one")
        late.see("five")


@pytest.mark.full
def test_logs_are_read_and_followed(user: Any):
    gate = user.folder / "gate"
    ended = user.task("echo one; echo two")
    task = user.begin(
        f"echo first; until [ -e {gate} ]; do sleep 0.02; done; echo last"
    )
    user.terminal("attach", "--read-only", task).see("first")
    with user.no_daemon():
        assert user.call("logs", ended) == "one\ntwo\n"
        follow = user.popen("logs", "-f", task)
        assert follow.stdout.readline() == b"first\n"
        gate.touch()
        assert follow.communicate(timeout=60)[0] == b"last\n"


@pytest.mark.full
def test_what_isnt_there_is_refused(user: Any, echoing: str):
    with user.no_daemon():
        assert "No session of a task" in user.call("logs", "zzzz", status=6)
        ended = user.terminal("attach", "--session", "../x", echoing)
        ended.see("no session")
        assert ended.end() == 1
