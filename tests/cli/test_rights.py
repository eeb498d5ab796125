"""`agentls` within a session: an agent asks, and not a person."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

_AGENTLS = f"{shlex.quote(sys.executable)} -m agentls"


@pytest.fixture
def agents_may(user: Any):
    """Write what the user allows agents."""

    def write(text: str) -> None:
        (user.folder / "config" / "config.toml").write_text(text)

    write('[mcp]\nagents = ["shell"]\n')
    return write


def _session(user: Any, *commands: str) -> tuple[str, Path]:
    """Have an agent run commands of `agentls`; what each printed is in a file."""
    lines = [
        f"{_AGENTLS} {command} > {number}.out 2> {number}.err || true"
        for number, command in enumerate(commands)
    ]
    task = user.task("\n".join(lines), "--title", "The parent")
    return task, user.worktree(task)


@pytest.mark.full
@pytest.mark.usefixtures("agents_may")
def test_what_an_agent_asks_for_is_listed_below_its_task(user: Any, wait_until):
    before = user.task("true", "--title", "Before")
    parent, folder = _session(user, "run --agent shell --title Child --json true")
    after = user.task("true", "--title", "After")
    child = json.loads((folder / "0.out").read_text())["task"]["id"]
    wait_until(lambda: user.state(child) == "review")
    lines = user.call("ls").splitlines()[1:]
    assert [line.split()[0] for line in lines] == [before, parent, child, after]
    assert "  The parent" in lines[1]
    assert "  └ Child" in lines[2]
    said = user.call("show", child)
    assert f"Parent:     {parent}" in said
    assert "Approval:   ask at most" in said
    user.call("discard", parent)
    assert "  Child" in user.call("ls").splitlines()[2]


@pytest.mark.usefixtures("agents_may")
def test_an_agent_is_refused_what_is_left_to_persons(user: Any):
    own = user.task("echo mine > mine")
    (user.repository / ".agentls.toml").write_text('setup = "true"\n')
    commands = (
        f"merge {own}",
        f"send {own} true",
        "trust --allow",
        f"stop {own}",
        f"discard {own}",
        "race --agent shell --tries 2 true",
        "queue pause",
    )
    user.call("trust", "--allow")
    _, folder = _session(user, *commands)
    for number, command in enumerate(commands):
        said = (folder / f"{number}.err").read_text()
        assert "nothing was done" in said, (command, said)
        assert "A person does that" in said
    assert user.state(own) == "review"
    assert "mine" not in user.git("ls-tree", "--name-only", "main")


@pytest.mark.full
def test_what_agents_may_is_told(user: Any, agents_may):
    said = user.call("rights")
    assert "list, show, create, send, stop\n" in said
    assert "shell" in said
    assert "ask at most" in said
    agents_may('[mcp]\nallow = ["list"]\n[limits]\nmax_depth = 0\n')
    told = user.json("rights")
    assert told["allow"] == ["list"]
    assert "shell" not in told["agents"]
    assert told["depth"] > told["maxDepth"]
    task, folder = _session(user, "rights --json", "show b")
    assert json.loads((folder / "0.out").read_text())["task"] == task
    assert "`mcp.allow`" in (folder / "1.err").read_text()


@pytest.mark.full
def test_a_person_puts_a_task_below_another_one(user: Any):
    parent = user.task("true")
    child = user.task("true", "--parent", parent)
    assert user.json("show", child)["task"]["parent"] == parent
    assert "approval" not in user.json("show", child)["task"]
