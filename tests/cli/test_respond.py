"""`agentls respond`, `stats` and `agents suggest`."""

import json
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
[agents.asker]
command = ["/bin/sh", "-c", "stty -icanon -echo; echo 'Run make?'; read -r answer; \
clear; echo \\"$answer\\" >answer", "asker", "{prompt}"]
[agents.asker.dialogs.run]
match = 'Run (?P<command>.+)\\?'
kind = "permission"
tool = "shell"
reason = "It wants to run {command}"
choices.allow = { keys = "yes\\r" }
text = { keys = "{text}\\r" }
"""


@pytest.fixture
def asker(user: Any):
    config = Path(user.environment["AGENTLS_CONFIG_DIR"])
    config.mkdir(exist_ok=True)
    (config / "config.toml").write_text(CONFIG)
    return "asker"


@pytest.mark.parametrize(
    ("answer", "typed"), [("allow", "yes\n"), ("why so?", "why so?\n")]
)
def test_an_answer_is_a_choice_or_a_text(user: Any, asker, answer, typed):
    said = user.call("run", "--agent", asker, "--json", "do it")
    task = json.loads(said)["task"]["id"]
    user.call("wait", task, "--until", "waiting")
    shown = user.call("show", task)
    assert "waiting" in shown
    assert "told by its screen" in shown
    assert f"permission for shell: agentls respond {task} allow|TEXT" in shown
    assert "It wants to run make" in user.call("ls")
    assert user.call("respond", task, answer) == f"Answered {task}.\n"
    user.call("wait", task, "--until", "review")
    assert (user.worktree(task) / "answer").read_text() == typed
    assert "1 turn, worked" in user.call("show", task)
    refused = user.raw("respond", task, answer)
    assert refused.returncode == 1


@pytest.mark.full
@pytest.mark.usefixtures("asker")
def test_stats_and_suggestions_are_told(user: Any):
    task = user.task("echo x > x")
    user.call("merge", task)
    lines = user.call("stats").splitlines()
    assert lines[0].startswith("AGENT")
    assert lines[1].split()[:5] == ["shell", "1", "1", "(100%)", "0"]
    (agent,) = json.loads(user.call("stats", "--json", "--days", "1"))["agents"]
    assert (agent["agent"], agent["merged"], agent["turnsToMerge"]) == ("shell", 1, 1.0)
    assert "suggest" in user.call("agents", "--help")
    suggested = json.loads(user.call("agents", "suggest", "do it", "--json"))
    assert "asker" in [one["agent"] for one in suggested["candidates"]]
