"""What can be done next with a task, by what is known of it."""

from typing import Any

import pytest

from agentls.cli.next_steps import next_steps

_FAILED = {"name": "tests", "mode": "block", "outcome": "failed"}
_INFORMS = _FAILED | {"mode": "inform"}


@pytest.mark.parametrize(
    ("facts", "there", "not_there"),
    [
        ({"files": 1}, "merge", "update"),
        ({"files": 0}, "send", "merge"),
        ({"forecast": {"target": "conflicts"}}, "update b2c3 --resolve agent", "merge"),
        ({"openUpdate": True}, "update b2c3 --abort", "merge"),
        ({"checks": [_FAILED]}, "merge b2c3 --force", "merge b2c3"),
        ({"checks": [_INFORMS]}, "merge b2c3", "check"),
    ],
)
def test_of_a_review_only_what_would_not_be_refused(facts, there, not_there):
    steps = next_steps({"id": "b2c3", "state": "review"} | facts)
    assert any(f"agentls {there}" in step for step in steps)
    assert not {f"agentls {not_there}", f"agentls {not_there} b2c3"} & set(steps)


def test_next_prints_steps_that_can_be_taken(user: Any):
    (user.repository / ".agentls.toml").write_text('[checks.no]\nrun = "false"\n')
    user.call("trust", "--allow")
    task = user.task("echo x > new.txt")
    assert user.call("next").splitlines()[-1] == (
        f'agentls diff {task}; agentls send {task} "…"'
    )
