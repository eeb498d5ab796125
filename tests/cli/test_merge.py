"""`agentls merge`: one commit or nothing, and scripts can tell which."""

from typing import Any

import pytest


def test_a_merge_is_one_commit_on_the_target(user: Any):
    task = user.task("echo x > new.txt", "--title", "Add a file")
    said = user.call("merge", task)
    assert user.git("log", "--format=%s", "main") == "Add a file\nFirst"
    assert f"Back again: agentls undo {task}" in said
    assert user.git("rev-parse", "--short=12", "main") in said
    assert (user.repository / "new.txt").read_text() == "x\n"


def test_the_message_can_be_given(user: Any):
    task = user.task("echo x > new.txt")
    assert user.json("merge", task, "-m", "In my words")["task"]["state"] == "merged"
    assert user.git("log", "-1", "--format=%s", "main") == "In my words"


def test_a_conflict_exits_with_3_names_the_file_and_changes_nothing(user: Any):
    first = user.task("echo mine > README.md")
    second = user.task("echo theirs > README.md")
    user.call("merge", first)
    before = user.git("rev-parse", "main")
    said = user.call("merge", second, status=3)
    assert "README.md" in said
    assert user.git("rev-parse", "main") == before
    assert user.git("status", "--porcelain") == ""
    assert user.state(second) == "review"


@pytest.fixture
def working(user: Any) -> str:
    """Give a task that has done something and still works."""
    task = user.begin("echo x > new.txt; echo ready; while :; do sleep 0.05; done")
    follow = user.popen("logs", "-f", task)
    assert follow.stdout.readline() == b"ready\n"
    follow.kill()
    follow.communicate()
    return task


def test_an_agent_that_works_is_not_merged_unasked(user: Any, working: str):
    assert "working" in user.call("merge", working, status=1)
    assert user.state(working) == "working"


def test_stop_merges_what_was_done(user: Any, working: str):
    user.call("merge", "--stop", working)
    assert (user.repository / "new.txt").exists()
    assert user.state(working) == "merged"


def test_on_a_terminal_it_asks_and_no_changes_nothing(user: Any, working: str):
    terminal = user.terminal("merge", working)
    terminal.see(r"Stop it and merge .*\[y/N\]")
    terminal.type("n\r")
    assert terminal.end() == 1
    assert user.state(working) == "working"


def test_on_a_terminal_yes_stops_and_merges(user: Any, working: str):
    terminal = user.terminal("merge", working)
    terminal.see(r"Stop it and merge .*\[y/N\]")
    terminal.type("y\r")
    terminal.see("Merged")
    assert terminal.end() == 0
    assert user.state(working) == "merged"


def test_work_upon_uncommitted_changes_merges_when_those_are_committed(user: Any):
    (user.repository / "README.md").write_text("one\nmine\nthree\n")
    task = user.task("sed -i 's/mine/mine, and the agent/' README.md", "--base", "wip")
    said = user.call("merge", task, status=3)
    assert "commit them and merge again" in said
    assert (user.repository / "README.md").read_text() == "one\nmine\nthree\n"
    user.git("commit", "-qam", "Mine")
    user.call("merge", task)
    text = (user.repository / "README.md").read_text()
    assert text == "one\nmine, and the agent\nthree\n"


@pytest.mark.full
def test_a_merge_is_taken_back(user: Any):
    task = user.task("echo x > new.txt")
    user.call("merge", task)
    assert "undo" in user.call("show", task)
    said = user.call("undo", task)
    assert user.git("rev-parse", "--short=12", "main") in said
    assert not (user.repository / "new.txt").exists()
    assert user.state(task) == "review"


def test_the_strategy_can_be_chosen(user: Any):
    task = user.task("echo x > x; git add x; git commit -qm 'My own words'")
    user.call("merge", task, "--strategy", "rebase")
    assert user.git("log", "-1", "--format=%s", "main") == "My own words"


@pytest.mark.full
def test_a_dry_run_says_what_would_be_done_and_does_nothing(user: Any):
    before = user.git("rev-parse", "main")
    task = user.task("echo x > new.txt; echo theirs > README.md", "--title", "Add it")
    said = user.call("merge", "--dry-run", task)
    assert "1 commit (squash)" in said
    assert "A new.txt" in said
    assert "Add it" in said
    (user.repository / "README.md").write_text("mine\n")
    assert "In the way, not committed: README.md" in user.call(
        "merge", "--dry-run", task, status=1
    )
    user.git("commit", "-qam", "Mine")
    said = user.call("merge", "--dry-run", task, status=3)
    assert "Conflicts with main: README.md" in said
    assert user.git("rev-parse", "main^") == before
    assert user.state(task) == "review"


def test_what_to_review_next_is_told(user: Any):
    task = user.task("sed -i s/one/1/ README.md")
    clash = user.task("sed -i s/one/I/ README.md")
    good = user.task("seq 20 > new.txt")
    answer = user.json("merge", task)
    assert answer["next"]["task"]["id"] == good
    assert answer["next"]["left"] == 1
    assert f"Next: {clash}" in user.call("merge", good)
