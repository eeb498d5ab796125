"""`agentls viewed`, and the paths of `agentls diff`."""

from typing import Any

import pytest

_SCRIPT = "mkdir src; echo a > src/a; echo b > src/b; echo TWO > README.md"


@pytest.mark.full
def test_files_and_hunks_are_marked_and_unmarked(user: Any):
    task = user.task(_SCRIPT)
    told = user.call("viewed", task, "src/")
    assert told == f"2 of 3 files of {task} are viewed.\n"
    files = {file["path"]: file for file in user.json("diff", task)["files"]}
    assert [files[name]["viewed"] for name in ("README.md", "src/a")] == [False, True]
    (hunk,) = files["README.md"]["hunks"]
    assert user.json("viewed", task, "--hunk", hunk["id"])["viewed"] == 3
    assert user.json("viewed", task, "--undo", "src/a")["viewed"] == 2
    assert user.json("viewed", task, "--undo")["viewed"] == 0
    assert user.json("viewed", task)["viewed"] == 3
    assert "no part of task" in user.call("viewed", task, "--hunk", "0", status=1)


@pytest.mark.full
def test_a_part_of_a_change_is_shown(user: Any):
    task = user.task(_SCRIPT)
    assert user.call("diff", "--name-only", task, "src") == "src/a\nsrc/b\n"
    patch = user.call("diff", task, "src/b", "README.md")
    assert patch.count("diff --git") == 2
    done = user.raw("diff", task, "nowhere")
    assert done.stderr.decode() == f"{task} has changed nothing there.\n"
    assert done.stdout == b""


def test_what_is_new_since_a_look_is_shown(user: Any):
    task = user.task(_SCRIPT)
    user.call("viewed", task)
    nothing = user.raw("diff", "--since", "looked", task)
    assert nothing.stderr.decode() == f"{task} has changed nothing since.\n"
    (user.worktree(task) / "more").write_text("more\n")
    assert user.call("diff", "--since", "looked", "--name-only", task) == "more\n"
    assert user.call("diff", "--since", "1", "--name-only", task) == "more\n"
    assert "no checkpoint 9" in user.call("diff", "--since", "9", task, status=1)
