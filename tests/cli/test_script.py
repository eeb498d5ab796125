"""`agentls script`: a script of the configuration, run in a task's worktree."""

from typing import Any

import pytest


def test_a_script_is_listed_run_and_stopped(user: Any):
    (user.folder / "config" / "config.toml").write_text(
        '[run.serve]\nrun = "mkfifo gate; read go < gate"\n'
    )
    task = user.task("true")
    first = user.json("show", task)["task"]["ports"]["first"]
    assert "serve" in user.call("script", task, "--list")
    said = user.call("script", task)
    assert f"ports from {first}" in said
    assert f"agentls attach {task} --session {task}-2" in said
    assert f"{task}-2 runs" in user.call("script", task, "--list")
    assert "Stopped serve" in user.call("script", task, "serve", "--stop")
    assert "No script runs" in user.call("script", task, "--stop", status=1)
    assert f"Ports:      {first}-{first + 9}" in user.call("show", task)


@pytest.mark.full
def test_one_of_the_repository_needs_trust_first(user: Any):
    task = user.task("true")
    (user.repository / ".agentls.toml").write_text('[run.it]\nrun = "touch ran"\n')
    assert "touch ran" in user.call("script", task, "it", status=4)
    assert not (user.worktree(task) / "ran").exists()
