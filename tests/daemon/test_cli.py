import json
import subprocess
import sys
from typing import Any

from agentls.host import identity_of, wait_gone
from agentls.record import read_record

NO_DAEMON = 7


def agentls(user: Any, *arguments: str):
    return subprocess.run(
        [sys.executable, "-I", "-m", "agentls", "daemon", *arguments],
        env=user.environ,
        capture_output=True,
        check=False,
        text=True,
        timeout=20,
    )


def test_status_says_that_there_is_none_and_starts_none(user: Any):
    found = agentls(user, "status")
    assert found.returncode == NO_DAEMON
    assert "No daemon runs" in found.stdout
    assert json.loads(agentls(user, "status", "--json").stdout)["running"] is False
    assert not user.pids()


def test_status_shows_which_daemon_runs(user: Any):
    user.connect().close()
    (pid,) = user.pids()
    found = agentls(user, "status", "--json")
    assert found.returncode == 0
    shown = json.loads(found.stdout)
    assert (shown["pid"], shown["answers"], shown["alive"]) == (pid, True, True)
    assert shown["address"] == read_record(user.paths).address
    assert str(pid) in agentls(user, "status").stdout


def test_stop_ends_it_and_is_content_without_one(user: Any):
    user.connect().close()
    process = identity_of(user.pids()[0])
    assert "Agents go on" in agentls(user, "stop").stdout
    assert wait_gone(process, seconds=0)
    again = agentls(user, "stop")
    assert (again.returncode, again.stdout) == (0, "No daemon runs.\n")


def test_force_ends_it_too(user: Any):
    user.connect().close()
    process = identity_of(user.pids()[0])
    shown = json.loads(agentls(user, "stop", "--force", "--json").stdout)
    assert shown == {"stopped": process.pid}
    assert wait_gone(process, seconds=0)


def test_logs_prints_the_last_lines(user: Any):
    assert "no log" in agentls(user, "logs").stderr
    user.connect().close()
    assert "listens at" in agentls(user, "logs").stdout
    with user.paths.daemon_log.open("a") as log:
        log.write("a last line\n")
    assert agentls(user, "logs", "-n", "1").stdout == "a last line\n"
    found = agentls(user, "logs", "-n", "1", "--json").stdout
    assert json.loads(found) == {"line": "a last line"}


def test_logs_goes_on_over_a_rotation(user: Any):
    user.paths.make_private()
    log = user.paths.daemon_log
    log.write_text("one\n")
    command = [sys.executable, "-I", "-m", "agentls", "daemon", "logs", "-f"]
    with subprocess.Popen(
        command, env=user.environ, stdout=subprocess.PIPE, text=True
    ) as follower:
        try:
            assert follower.stdout.readline() == "one\n"
            log.rename(log.with_suffix(".log.1"))
            log.write_text("two\n")
            assert follower.stdout.readline() == "two\n"
        finally:
            follower.kill()
