"""`agentls checkpoints`, `checkpoint`: what was saved, in a table."""

from typing import Any


def test_each_turn_and_each_wish_is_a_line(user: Any):
    task = user.task("printf 'a\\nb\\n' > new.txt")
    said = user.call("checkpoints", task)
    assert "Turn 1" in said
    assert "+2 -0 in 1" in said
    assert "printf" in said
    assert "Checkpoint 1" in user.call("checkpoint", task)
    (worktree,) = (user.json("show", task)["task"]["worktree"],)
    with open(worktree.removeprefix("file://") + "/more.txt", "w") as file:  # noqa: PTH123
        file.write("c\n")
    taken = user.json("checkpoint", task)
    assert taken["checkpoint"]["number"] == 2
    assert (taken["task"]["files"], taken["task"]["added"]) == (2, 3)
    listed = user.json("checkpoints", task)
    assert [one["reason"] for one in listed["checkpoints"]] == ["Turn 1", "On demand"]
    assert [one["source"] for one in listed["turns"]] == ["create"]
