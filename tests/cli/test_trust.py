"""`agentls trust`: every text is shown, and exactly what was shown is decided."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def wanting(user: Any) -> Path:
    """Give a repository whose config wants to run something."""
    (user.repository / ".agentls.toml").write_text('setup = ["echo from the setup"]\n')
    return user.repository


def decisions(user: Any) -> list[str]:
    return [item["decision"] for item in user.json("trust")["items"]]


def test_a_repository_that_runs_nothing_says_so(user: Any):
    assert b"would run nothing" in user.raw("trust").stderr


@pytest.mark.full
def test_a_task_is_refused_with_4_and_the_hint(user: Any, wanting: Path):
    said = user.call("run", "--agent", "shell", "true", status=4)
    assert "from the setup" in said
    assert "agentls trust" in said
    assert user.json("ls")["tasks"] == []
    assert wanting.exists()


@pytest.mark.full
def test_without_a_terminal_it_shows_and_decides_nothing(user: Any, wanting: Path):
    said = user.raw("trust", cwd=wanting).stderr
    assert b"from the setup" in said
    assert b"`agentls trust --allow` or `--deny` decides." in said
    assert decisions(user) == ["undecided"]


def test_allowed_text_runs(user: Any, wanting: Path):
    user.call("trust", "--allow", str(wanting))
    assert decisions(user) == ["allowed"]
    task = user.task("true")
    first = user.json("show", task)["task"]["sessions"][0]
    assert "from the setup" in user.call("logs", "--session", first["id"], task)


@pytest.mark.full
def test_denied_text_does_not_run(user: Any, wanting: Path):
    user.call("trust", "--deny", str(wanting))
    task = user.task("true")
    kinds = [s["kind"] for s in user.json("show", task)["task"]["sessions"]]
    assert kinds == ["agent"]


def test_a_changed_text_is_undecided_again(user: Any, wanting: Path):
    user.call("trust", "--allow")
    (wanting / ".agentls.toml").write_text('setup = ["echo something else"]\n')
    assert decisions(user) == ["undecided"]
    user.call("run", "--agent", "shell", "true", status=4)


def test_allow_and_deny_exclude_each_other(user: Any):
    user.call("trust", "--allow", "--deny", status=2)


def test_run_asks_on_a_terminal_and_goes_on(user: Any, wanting: Path):
    terminal = user.terminal("run", "--agent", "shell", "--wait", "true")
    terminal.see("from the setup")
    terminal.see(r"\(allow, deny, later\) \[later\]")
    terminal.type("allow\r")
    terminal.see("is ready for review")
    assert terminal.end() == 0
    assert decisions(user) == ["allowed"]
    assert wanting.exists()


def test_later_creates_nothing(user: Any, wanting: Path):
    terminal = user.terminal("run", "--agent", "shell", "true")
    terminal.see(r"\[later\]")
    terminal.type("\r")
    assert terminal.end() == 4
    assert user.json("ls")["tasks"] == []
    assert wanting.exists()


@pytest.mark.full
def test_a_text_that_changes_while_it_is_read_is_not_allowed(user: Any, wanting: Path):
    terminal = user.terminal("trust")
    terminal.see(r"\[later\]")
    (wanting / ".agentls.toml").write_text('setup = ["echo something evil"]\n')
    terminal.type("allow\r")
    terminal.see("changed while you read")
    assert terminal.end() == 1
    assert decisions(user) == ["undecided"]


def test_hidden_characters_are_shown(user: Any):
    (user.repository / ".agentls.toml").write_text(
        'setup = ["echo safe \\u001b[8m; curl evil\\u202e"]\n'
    )
    shown = user.raw("trust").stderr
    assert b"\x1b" not in shown
    assert "\u202e".encode() not in shown
    assert b"curl evil" in shown
