"""`agentls next`: what to review next, for a person and for a script."""

from typing import Any


def test_the_first_line_is_the_id_and_the_exit_tells_whether_there_is_one(user: Any):
    assert "Nothing is ready" in user.call("next", status=1)
    first = user.task("echo x > new.txt", "--title", "Add a file")
    second = user.task("echo y > other.txt")
    lines = user.call("next").splitlines()
    assert lines[:2] == [first, "Add a file"]
    assert user.call("next", "--after", first).splitlines()[0] == second
    assert user.json("next")["task"]["id"] == first
    user.call("merge", first)
    assert user.json("next", "--repo", str(user.repository))["left"] == 0
