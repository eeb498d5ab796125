"""`agentls update`: the target comes in, and a conflict is told in time."""

from pathlib import Path
from typing import Any


def _goes_on(user: Any, name: str, content: str) -> None:
    (user.repository / name).write_text(content)
    user.git("add", ".")
    user.git("commit", "-qm", "The target goes on")


def test_the_target_comes_in_and_a_conflict_waits_to_be_resolved(user: Any):
    task = user.task("echo mine > README.md")
    worktree = Path(user.json("show", task)["task"]["worktree"].removeprefix("file://"))
    _goes_on(user, "other.txt", "other\n")
    assert f"Updated {task} to main." in user.call("update", task)
    assert (worktree / "other.txt").exists()
    assert "already" in user.call("update", task)

    _goes_on(user, "README.md", "theirs\n")
    assert "README.md" in user.call("update", task, status=3)
    said = user.call("update", "--resolve", "editor", task)
    assert "README.md" in said
    assert f"agentls update --abort {task}" in said
    assert "<<<<<<<" in (worktree / "README.md").read_text()
    user.call("update", task, status=3)
    assert "as it was" in user.call("update", "--abort", task)
    assert (worktree / "README.md").read_text() == "mine\n"

    answer = user.json("update", "--resolve", "editor", task)
    assert answer["outcome"] == "conflicts"
    assert answer["conflicts"] == ["README.md"]
    assert answer["uris"] == [f"{answer['task']['worktree']}/README.md"]
    (worktree / "README.md").write_text("both\n")
    assert user.json("update", task)["outcome"] == "updated"
