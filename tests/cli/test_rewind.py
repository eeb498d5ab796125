"""`agentls rewind`: back to a checkpoint, and back again."""

from pathlib import Path
from typing import Any


def test_a_task_is_brought_back_and_back_again(user: Any):
    task = user.task("echo one > new.txt")
    worktree = Path(user.json("show", task)["task"]["worktree"].removeprefix("file://"))
    (worktree / "new.txt").write_text("two\n")
    said = user.call("rewind", task, "1")
    assert (worktree / "new.txt").read_text() == "one\n"
    assert f"agentls rewind {task} 2" in said
    answer = user.json("rewind", task, "2")
    assert answer["checkpoint"]["number"] == 2
    assert (worktree / "new.txt").read_text() == "two\n"
    assert "no checkpoint 99" in user.call("rewind", task, "99", status=1)
