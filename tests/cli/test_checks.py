"""`agentls check`, `brief`, and what `show` and `merge` say of checks."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def checked(user: Any) -> str:
    (user.folder / "config" / "config.toml").write_text(
        '[checks.tests]\nrun = "echo looking; test -f mended"\n'
        '[checks.lint]\nrun = "true"\nmode = "inform"\n'
    )
    return user.task("echo x > new.txt")


def test_a_failed_check_stops_a_merge_until_it_passes(user: Any, checked: str):
    assert "check tests failed" in user.call("merge", checked, status=1)
    ended = user.raw("check", checked, "tests")
    assert ended.returncode == 1
    said = ended.stdout.decode()
    assert "tests  failed in" in said
    assert "Its check tests failed." in said
    told = user.json("show", checked)["task"]
    Path(told["worktree"].removeprefix("file://"), "mended").touch()
    said = user.call("check", checked)
    assert "tests  passed" in said
    assert "lint  passed" in said
    assert "tests  passed" in user.call("show", checked)
    user.call("merge", checked)


def test_it_says_where_the_output_of_a_failed_check_is(user: Any, checked: str):
    said = user.raw("check", checked).stdout.decode().splitlines()[-1]
    assert said.startswith(f"agentls logs {checked} --session {checked}-")
    assert "looking" in user.call(*said.split()[1:])


@pytest.mark.full
def test_a_merge_can_be_forced(user: Any, checked: str):
    user.call("merge", "--force", checked)
    assert user.state(checked) == "merged"


@pytest.mark.full
def test_the_briefing_is_shown(user: Any, checked: str):
    said = user.call("brief", checked)
    assert "## Change: 1 file, +1 −0" in said
    assert "+ echo looking" in said


@pytest.mark.full
def test_a_daemon_that_is_killed_is_no_end_of_a_check(user: Any, wait_until: Any):
    gate, begun = user.folder / "gate", user.folder / "begun"
    (user.folder / "config" / "config.toml").write_text(
        f'[checks.slow]\nrun = "touch {begun}; until [ -e {gate} ]; do sleep 0.05;'
        ' done; echo through"\n'
    )
    task = user.begin("echo x > new.txt")
    wait_until(begun.exists)
    wait_until(lambda: user.json("show", task)["task"]["checks"][0].get("session"))
    user.kill_daemon()
    gate.touch()
    user.call("wait", task)
    (check,) = user.json("show", task)["task"]["checks"]
    assert check["outcome"] == "passed"
    said = user.call("logs", "--session", check["session"], task)
    assert said.splitlines()[-1] == "through"


@pytest.mark.full
def test_a_check_that_is_none_is_refused(user: Any, checked: str):
    assert "no check 'x'" in user.call("check", checked, "x", status=1)
