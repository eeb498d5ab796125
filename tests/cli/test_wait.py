"""`agentls wait`: by events, to exit statuses that a script can rely on."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from agentls.cli.waiting import Tasks, follow_tasks

_FOREVER = "while :; do sleep 0.05; done"


def _gated(user: Any, name: str, then: str = "true") -> tuple[str, str]:
    gate = user.folder / name
    os.mkfifo(gate)
    return user.begin(f"read -r _ < {gate}; {then}"), str(gate)


def _open(gate: str) -> None:
    with Path(gate).open("w", encoding="utf-8") as pipe:
        pipe.write("go\n")


@pytest.mark.full
def test_a_task_that_is_there_already_is_not_waited_for(user: Any):
    task = user.task("true", "--title", "A title")
    assert user.call("wait", task) == f"{task} is ready for review: A title\n"
    assert user.call("wait", "--until", "queued,review", task)


def test_it_returns_when_all_have_come_there(user: Any):
    first, gate = _gated(user, "gate")
    second = user.task("true")
    waiting = user.popen("wait", "--until", "review", second, first)
    _open(gate)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert [line.split()[0].decode() for line in out.splitlines()] == [second, first]


@pytest.mark.full
def test_any_returns_at_the_first(user: Any):
    running = user.begin(_FOREVER)
    other, gate = _gated(user, "gate")
    waiting = user.popen("wait", "--any", "--json", running, other)
    _open(gate)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    told = json.loads(out)
    states = {task["id"]: task["state"] for task in told["tasks"]}
    assert (told["inTime"], states) == (True, {running: "working", other: "review"})


def test_a_task_that_ends_otherwise_is_8(user: Any):
    failed = user.task("exit 3", state="failed")
    for arguments in ((), ("--until", "review"), ("--until", "merged,discarded")):
        said = user.call("wait", *arguments, failed, status=8)
        assert f"{failed} failed. Its agent ended with exit status 3." in said
        assert f"agentls show {failed}" in said
    assert user.call("wait", "--until", "review,failed", failed)
    review = user.task("true")
    assert "is ready for review" in user.call(
        "wait", "--until", "failed", review, status=8
    )


@pytest.mark.full
def test_a_task_in_review_is_waited_for_until_a_person_decides(user: Any):
    task = user.task("echo x > x")
    waiting = user.popen("wait", "--until", "merged", task)
    user.call("merge", task)
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert f"{task} is merged" in out.decode()


@pytest.mark.full
def test_the_time_can_be_limited_and_nothing_is_stopped(user: Any):
    task = user.begin(_FOREVER)
    said = user.call("wait", "--timeout", "0.3s", task, status=124)
    assert f"{task} works" in said
    done = user.raw("wait", "--timeout", "0", "--json", task)
    assert done.returncode == 124
    assert json.loads(done.stdout)["inTime"] is False
    assert user.state(task) == "working"


@pytest.mark.full
def test_it_goes_on_over_the_daemons_death(user: Any, monkeypatch: Any):
    for name, value in user.environment.items():
        monkeypatch.setenv(name, value)
    task, gate = _gated(user, "gate", then="echo x > x")
    looks: list[str] = []

    def until(tasks: Tasks) -> bool:
        if not looks:
            user.kill_daemon()
            _open(gate)
        looks.append(tasks[task]["state"])
        return looks[-1] == "review"

    _, reached = follow_tasks([task], until=until, seconds=60)
    assert reached
    assert looks[0] == "working"


@pytest.mark.full
def test_an_interrupted_task_is_told_as_such(user: Any):
    task = user.begin(_FOREVER)
    waiting = user.popen("wait", task)
    meta = (user.folder / "state" / "sessions" / f"{task}-1" / "meta").read_text()
    shim = next(line for line in meta.splitlines() if line.startswith("shim "))
    os.kill(int(shim.split()[1]), signal.SIGKILL)
    _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 8
    assert f"{task} was interrupted. Its session vanished" in err.decode()


def test_wrong_words_are_usage(user: Any):
    assert "'done' is no state" in user.call(
        "wait", "--until", "done", "b2c3", status=2
    )
    for wrong in ("soon", "5x", "-1", "", "5mm", "inf", "nan"):
        assert "is no duration" in user.call(
            "wait", f"--timeout={wrong}", "b2c3", status=2
        )


def test_an_unknown_task_is_6(user: Any):
    user.call("wait", "nope", status=6)
