"""Send, stop, retry, discard, restore: several at once, each answer told."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

_FOREVER = "while :; do sleep 0.05; done"


@pytest.mark.full
def test_several_tasks_are_stopped_and_their_work_stays(user: Any):
    tasks = [user.begin(f"echo x > x; {_FOREVER}") for _ in range(2)]
    said = user.call("stop", *tasks)
    assert all(f"Stopped {task}" in said for task in tasks)
    assert [user.state(task) for task in tasks] == ["review", "review"]


def test_one_refusal_stops_no_other_and_gives_the_status(user: Any):
    task = user.task("true")
    done = user.raw("discard", "nope", task)
    assert done.returncode == 6
    assert f"agentls restore {task}" in done.stdout.decode()
    assert user.state(task) == "discarded"


def test_json_gives_one_answer_a_line(user: Any):
    tasks = [user.task("true"), user.task("true")]
    lines = user.call("discard", "--json", *tasks).splitlines()
    assert [json.loads(line)["task"]["state"] for line in lines] == ["discarded"] * 2


def test_a_task_named_twice_is_told_once(user: Any):
    task = user.task("true")
    assert user.call("discard", task, task).count("Discarded") == 1


def test_discarded_work_comes_back_as_it_was(user: Any):
    task = user.task("echo precious > new.txt; echo changed > README.md")
    worktree = user.worktree(task)
    user.call("discard", task)
    assert not worktree.exists()
    assert f"Restored {task}" in user.call("restore", task)
    assert (worktree / "new.txt").read_text() == "precious\n"
    assert (worktree / "README.md").read_text() == "changed\n"


def test_send_reaches_the_agent_again_after_its_end(
    user: Any, wait_until: Callable[[Callable[[], bool]], None]
):
    task = user.task("echo one > one")
    assert f"Sent to {task}" in user.call("send", task, "echo two > two")
    wait_until((user.worktree(task) / "two").exists)
    wait_until(lambda: user.state(task) == "review")
    user.call("send", task, "-", given="echo three > three")
    wait_until((user.worktree(task) / "three").exists)


def test_nothing_to_send_is_refused(user: Any):
    assert "nothing to send" in user.call("send", "any", "-", given=" \n", status=1)


def test_a_failed_task_is_tried_again(
    user: Any, wait_until: Callable[[Callable[[], bool]], None]
):
    gate = user.folder / "gate"
    task = user.task(f"[ -e {gate} ]", state="failed")
    gate.touch()
    assert f"Started {task}" in user.call("retry", task)
    wait_until(lambda: user.state(task) == "review")


def test_a_long_title_is_cut_within_a_sentence(user: Any):
    task = user.task("true", "--title", "long " * 40)
    assert len(user.call("discard", task)) < 160


def test_what_has_no_conversation_is_not_resumed(user: Any):
    task = user.task("true")
    said = user.call("resume", task, "more", status=1)
    assert "can't go on" in said
    assert f"agentls retry {task}" in said


@pytest.mark.full
def test_what_a_lost_session_wrote_is_kept_and_shown(
    user: Any, wait_until: Callable[[Callable[[], bool]], None]
):
    task = user.begin(f"echo the last words; {_FOREVER}")
    wait_until(lambda: "the last words" in user.call("logs", task))
    meta = (user.folder / "state" / "sessions" / f"{task}-1" / "meta").read_text()
    shim = next(line for line in meta.splitlines() if line.startswith("shim "))
    os.kill(int(shim.split()[1]), signal.SIGKILL)
    wait_until(lambda: user.state(task) == "interrupted")
    assert user.call("logs", task) == "the last words\n"
    said = user.call("show", task)
    assert "vanished without an exit status" in said
    assert f"agentls resume {task}" in said
    assert f"agentls logs {task}" in said
