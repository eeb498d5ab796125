"""`agentls attach`: a session in this terminal, which is as before afterwards."""

import signal
from typing import Any

import pytest

ECHO = 'stty -echo; while read -r line; do echo "got <$line>"; done'
"""An agent that answers each line."""


@pytest.fixture
def echoing(user: Any) -> str:
    """Give a task whose agent answers what is typed."""
    return user.begin(f"echo ready; {ECHO}")


def test_output_comes_and_what_is_typed_arrives(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing)
    terminal.see("ready")
    terminal.type("hello there\r")
    terminal.see("got <hello there>")
    terminal.type("naïve 猫\r")
    terminal.see("got <naïve 猫>")


def test_the_detach_keys_leave_and_the_agent_goes_on(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing)
    terminal.see("ready")
    terminal.type("\x02d")
    terminal.see("left; it goes on")
    assert terminal.end() == 0
    assert terminal.attributes() == terminal.before
    assert user.state(echoing) == "working"
    again = user.terminal("attach", echoing)
    again.see("ready")  # what was written before is shown
    again.type("back\r")
    again.see("got <back>")


def test_other_detach_keys_can_be_set(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing, AGENTLS_DETACH_KEYS="ctrl-\\")
    terminal.see("ready")
    terminal.type("\x02d\r")
    terminal.see("got <\x02d>")
    terminal.type("\x1c")
    terminal.see("left; it goes on")
    assert terminal.end() == 0


def test_the_session_has_the_terminals_size_and_follows_it(user: Any):
    task = user.begin(
        "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.02; done"
    )
    terminal = user.terminal("attach", task)
    terminal.see("33 77")  # its own way to see it: at its start, or by the signal
    terminal.resize(rows=31, columns=101)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.see("31 101")


def test_read_only_types_and_resizes_nothing(user: Any, echoing: str):
    watching = user.terminal("attach", "--read-only", echoing)
    watching.see("ready")
    watching.type("ignored\r")
    typing = user.terminal("attach", echoing)
    typing.see("ready")
    typing.type("heard\r")
    assert "ignored" not in watching.see("got <(.*)>")[1]
    watching.type("\x02d")
    watching.see("left; it goes on")


def test_the_last_to_attach_types_and_the_first_gets_it_back_by_typing(
    user: Any, echoing: str
):
    first = user.terminal("attach", echoing)
    first.see("ready")
    second = user.terminal("attach", echoing)
    second.see("ready")
    second.type("second\r")
    first.see("got <second>")
    first.type("first\r")
    second.see("got <first>")


def test_an_agents_end_ends_the_attach(user: Any):
    task = user.begin("echo ready; read -r x; echo bye")
    terminal = user.terminal("attach", task)
    terminal.see("ready")
    terminal.type("\r")
    terminal.see("bye")
    terminal.see("the session ended")
    assert terminal.end() == 0
    assert terminal.attributes() == terminal.before


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(
    user: Any, echoing: str, number: signal.Signals
):
    terminal = user.terminal("attach", echoing)
    terminal.see("ready")
    terminal.type("raw\r")
    terminal.see("got <raw>")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert terminal.attributes() == terminal.before


def test_modes_that_a_program_set_are_undone(user: Any):
    task = user.begin(
        r"printf '\033[?1049h\033[?1000h\033[?25lready'; while read -r x; do :; done"
    )
    terminal = user.terminal("attach", task)
    terminal.see("ready")
    terminal.type("\x02d")
    terminal.see(r"\x1b\[\?1000l")
    terminal.see(r"\x1b\[\?25h")
    terminal.see(r"\x1b\[\?1049l")
    terminal.see("left")


@pytest.mark.full
def test_the_daemons_death_is_not_noticed(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing)
    terminal.see("ready")
    user.kill_daemon()
    terminal.type("after\r")
    terminal.see("got <after>")
    user.kill_daemon()
    terminal.type("again\r")
    terminal.see("got <again>")
    assert "got <after>" not in terminal.output.decode()


@pytest.mark.full
def test_old_questions_are_not_asked_again(user: Any):
    task = user.begin(
        r"printf 'a\033[6n\033[cb\n'; echo ready; while read -r x; do :; done"
    )
    user.terminal("attach", task).see("ready")
    late = user.terminal("attach", task)
    found = late.see(r"a(.*)b\r\n")
    assert found[1] == ""


@pytest.mark.full
def test_without_a_terminal_it_is_refused_with_a_hint(user: Any, echoing: str):
    said = user.call("attach", echoing, status=1)
    assert f"agentls logs -f {echoing}" in said


@pytest.mark.full
def test_an_ended_session_is_refused_with_a_hint(user: Any):
    task = user.task("echo done")
    terminal = user.terminal("attach", task)
    terminal.see("has ended")
    terminal.see("agentls logs")
    assert terminal.end() == 1


@pytest.mark.full
def test_keys_that_mean_nothing_are_refused(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing, "--detach-keys", "hyper-x")
    terminal.see("names no keys")
    assert terminal.end() == 1


@pytest.mark.full
def test_run_can_attach_at_once(user: Any):
    terminal = user.terminal(
        "run", "--agent", "shell", "--attach", f"echo ready; {ECHO}"
    )
    terminal.see("ready")
    terminal.see("ready")  # first the title, then the output
    terminal.type("hi\r")
    terminal.see("got <hi>")


@pytest.mark.full
def test_what_was_on_the_screen_can_be_scrolled_back_to(user: Any, echoing: str):
    terminal = user.terminal("attach", echoing)
    terminal.see(r"^(\r\n){33}[^\n]*\x1b\[2J[^\n]*ready")
