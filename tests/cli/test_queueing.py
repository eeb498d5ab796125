"""`run --after`, `queue`, `priority`, `start`, `rename`, `edit`."""

from typing import Any


def test_a_paused_queue_is_shown_in_its_order_and_goes_on(user: Any):
    user.call("queue", "pause")
    said = user.call("run", "--agent", "shell", "--title", "held", "true")
    assert "The queue is paused." in said
    user.call("discard", said.split()[0])
    first = user.begin("echo first > first")
    second = user.begin("echo old > said")
    after = user.json("run", "--agent", "shell", "--after", first, "true")
    assert after["task"]["after"] == [first]
    user.call("priority", second, "7")
    user.call("rename", second, "The second")
    user.call("edit", second, "echo new > said")
    listed = user.json("queue")
    assert listed["paused"]
    shown = user.raw("queue")
    assert shown.stdout.decode().splitlines()[0].startswith(f"{second}  The second")
    assert "3 queued; the queue is paused" in shown.stderr.decode()
    user.call("start", second)
    user.call("wait", second)
    assert (user.worktree(second) / "said").read_text() == "new\n"
    assert user.state(first) == "queued"
    assert "is paused" not in user.call("queue", "resume")
    user.call("wait", first)
    user.call("merge", first)
    user.call("wait", after["task"]["id"])
    assert user.state(after["task"]["id"]) == "review"


def test_a_priority_out_of_range_is_refused(user: Any):
    task = user.task("true")
    assert "-1000 to 1000" in user.call("priority", task, "1001", status=1)
