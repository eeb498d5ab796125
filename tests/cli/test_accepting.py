"""`agentls accept` and `agentls refuse`."""

from typing import Any

import pytest

_SCRIPT = "mkdir src; echo a > src/a; echo b > b; sed -i s/two/TWO/ README.md"


def test_a_part_is_taken_and_a_part_is_refused(user: Any):
    task = user.task(_SCRIPT)
    told = user.call("accept", task, "src", "-m", "Only this")
    assert told.startswith(f"Took 1 hunk of {task} (")
    assert "; 2 left.\n" in told
    assert user.git("log", "-1", "--format=%s") == "Only this"
    assert (user.repository / "src" / "a").read_text() == "a\n"
    assert not (user.repository / "b").exists()
    told = user.call("refuse", task, "b")
    assert told.startswith(f"Put 1 hunk of {task} (")
    number = told.split()[-1]
    assert not (user.worktree(task) / "b").exists()
    user.call("rewind", task, number)
    assert (user.worktree(task) / "b").read_text() == "b\n"
    assert user.state(task) == "review"


@pytest.mark.full
def test_a_hunk_is_named_by_its_id(user: Any):
    task = user.task(_SCRIPT)
    files = user.json("diff", task)["files"]
    (hunk,) = next(file for file in files if file["path"] == "README.md")["hunks"]
    answer = user.json("accept", task, "--hunk", hunk["id"])
    assert (answer["taken"], answer["left"]) == (1, 2)
    assert (user.repository / "README.md").read_text() == "one\nTWO\nthree\n"


@pytest.mark.full
def test_what_is_meant_must_be_said(user: Any):
    task = user.task(_SCRIPT)
    assert "which hunks or files" in user.call("accept", task, status=1)
    assert "no change in nowhere" in user.call("refuse", task, "nowhere", status=1)
    assert "Is it `refuse`?" in user.call("reject", task, status=2)
