"""`agentls logs`: the output, plain or to the byte, live over the daemon's death."""

import json
import signal
from typing import Any

import pytest


def test_plain_text_by_default_and_every_byte_with_raw(user: Any):
    task = user.task(r"printf '\033[1mbold\033[m\nnext\n'")
    assert user.call("logs", task) == "bold\nnext\n"
    assert user.raw("logs", "--raw", task).stdout == (b"\x1b[1mbold\x1b[m\r\nnext\r\n")


def test_a_working_task_prints_what_there_is_and_returns(user: Any):
    task = user.begin("echo ready; while :; do sleep 0.05; done")
    follow = user.popen("logs", "-f", task)
    assert follow.stdout.readline() == b"ready\n"
    assert user.call("logs", task) == "ready\n"
    follow.send_signal(signal.SIGINT)
    assert follow.communicate(timeout=30)[1] == b""
    assert follow.returncode == 130


def test_following_ends_with_the_task(user: Any):
    task = user.begin("for i in 1 2 3; do echo $i; sleep 0.05; done")
    assert user.call("logs", "-f", task) == "1\n2\n3\n"


def test_following_misses_nothing_when_the_daemon_is_killed(user: Any):
    gate = user.folder / "gate"
    task = user.begin(
        f"echo first; until [ -e {gate} ]; do sleep 0.02; done;"
        " i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done"
    )
    follow = user.popen("logs", "-f", task)
    assert follow.stdout.readline() == b"first\n"
    gate.touch()
    assert follow.stdout.readline() == b"line 1\n"
    user.kill_daemon()
    rest, said = follow.communicate(timeout=60)
    assert follow.returncode == 0, said
    assert rest.decode().splitlines() == [f"line {n}" for n in range(2, 2001)]


def test_more_than_the_window_comes_whole(user: Any):
    task = user.task("seq 1 400000")
    lines = user.call("logs", task).split()
    assert len(lines) == 400000
    assert lines[-1] == "400000"


def test_an_earlier_session_can_be_named(user: Any):
    task = user.task("echo one")
    user.call("send", task, "echo two")
    user.call("logs", "-f", task)
    first = user.json("show", task)["task"]["sessions"][0]["id"]
    assert user.call("logs", "--session", first, task) == "one\n"


def test_following_goes_from_the_setup_to_the_agent(user: Any):
    (user.repository / ".agentls.toml").write_text('setup = ["echo setting up"]\n')
    user.call("trust", "--allow")
    task = user.begin("echo working")
    said = user.call("logs", "-f", task)
    assert said.endswith("working\n")


def test_the_last_lines_alone(user: Any):
    task = user.task("seq 1 30000")
    assert user.call("logs", "-n", "3", task) == "29998\n29999\n30000\n"
    assert user.call("logs", "--tail", "0", task) == ""
    assert len(user.call("logs", "-n", "20000", task).split()) == 20000
    assert len(user.call("logs", "-n", "99999", task).split()) == 30000


def test_the_last_lines_can_be_followed(user: Any):
    gate = user.folder / "gate"
    task = user.begin(
        f"seq 1 100; echo ready; until [ -e {gate} ]; do sleep 0.02; done; echo last"
    )
    user.terminal("attach", "--read-only", task).see("ready")
    follow = user.popen("logs", "-f", "-n", "2", task)
    assert follow.stdout.readline() == b"100\n"
    gate.touch()
    assert follow.communicate(timeout=60)[0] == b"ready\nlast\n"


def test_all_output_is_searched_the_newest_first(user: Any):
    old = user.task(r"printf '\033[31mer\033[32mror\033[m: one\n'; echo fine")
    new = user.task("echo fine; echo 'Error: two'")
    assert user.call("logs", "--grep", "error", "-i") == (
        f"{new}-1:2: Error: two\n{old}-1:1: error: one\n"
    )
    assert user.call("logs", "--grep", "error", old) == f"{old}-1:1: error: one\n"
    assert user.call("logs", "--grep", "fine", "-m", "1") == f"{new}-1:1: fine\n"
    hit = json.loads(user.call("logs", "--grep", ": o", "--json", "-F", old))
    assert hit == {
        "task": old,
        "session": f"{old}-1",
        "offset": 0,
        "line": 1,
        "text": "error: one",
        "spans": [[5, 8]],
    }
    assert user.call("logs", "--grep", "nowhere", status=1) == ""


@pytest.mark.full
def test_searching_needs_no_daemon(user: Any):
    task = user.task("echo 'needle here'")
    with user.no_daemon():
        assert user.call("logs", "--grep", "needle") == f"{task}-1:1: needle here\n"


def test_what_makes_no_sense_together_is_refused(user: Any):
    assert "--grep" in user.call("logs", "--grep", "x", "-f", "any", status=2)
    assert "TASK" in user.call("logs", status=2)
    assert "regular expression" in user.call("logs", "--grep", "(", status=1)


def test_a_hit_never_drives_the_terminal(user: Any):
    user.task(r"printf 'needle \302\2331m \342\200\256x\n'")
    said = user.call("logs", "--grep", "needle")
    assert "needle \\x9b1m \\u202ex" in said
