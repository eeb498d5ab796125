"""`agentls run --template`: fields as options, or asked for on a terminal."""

from typing import Any

import pytest

CONFIG = """\
[templates.say]
prompt = "echo {what} > said"
agent = "shell"

[templates.say.fields]
what = { ask = "Say what?" }
"""


@pytest.fixture(autouse=True)
def _configured(user: Any) -> None:
    (user.folder / "config" / "config.toml").write_text(CONFIG)


def test_fields_are_given_as_options(user: Any):
    told = user.json("run", "--template", "say", "--field", "what=a=b", "--wait")
    worktree = user.worktree(told["task"]["id"])
    assert (worktree / "said").read_text() == "a=b\n"


def test_a_terminal_asks_for_what_is_missing(user: Any):
    terminal = user.terminal("run", "--template", "say")
    terminal.see(r"Say what\?")
    terminal.type("typed\r")
    terminal.see("echo typed")
    assert terminal.end() == 0


def test_what_is_missing_is_named_where_nobody_can_be_asked(user: Any):
    said = user.call("run", "--template", "say", status=1)
    assert "lacks a value for what" in said
    assert "--field goes with" in user.call("run", "--field", "a=b", "true", status=2)
