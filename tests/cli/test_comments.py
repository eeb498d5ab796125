"""`agentls comment`, `comments` and `send-review`."""

from typing import Any


def test_comments_are_written_listed_and_resolved(user: Any):
    task = user.task("printf 'one\\ntwo\\nthree\\n' > new.txt")
    assert "Comment 1 on new.txt:2-3." in user.call(
        "comment", task, "new.txt:2-3", "Why two?"
    )
    user.call("comment", task, "Too much")
    user.call("comment", task, "--reply", "1", "Or three?")
    said = user.call("comments", task)
    assert said.splitlines() == [
        "the whole change",
        "  2. Too much  [open]",
        "new.txt:2-3",
        "    | two",
        "    | three",
        "  1. Why two?  [open]",
        "  3. Or three?  [open]",
    ]
    assert "Why two?" not in user.call("comments", task, "--resolve", "1")
    assert "Why two?" in user.call("comments", task, "--reopen", "1")
    assert user.call("comments", task, "--delete", "1") == said[: said.index("new")]


def test_what_is_wrong_is_said(user: Any):
    task = user.task("echo x > new.txt")
    assert "has 1 line," in user.call("comment", task, "new.txt:9", "x", status=1)
    user.call("comment", task, "a", "b", "c", status=2)
    user.call("comment", task, "new.txt", "--reply", "1", "c", status=2)
    assert "takes no review" in user.call("send-review", task, status=1)
