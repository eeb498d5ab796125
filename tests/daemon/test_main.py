import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentls.daemon.instance import AlreadyRunning, hold_instance
from agentls.daemon.main import Timing
from agentls.errors import AgentlsError
from agentls.host import identity_of, wait_gone
from agentls.record import daemon_lock_is_free, read_record, write_record


def started(user: Any):
    with user.client() as client:
        return identity_of(client.execute("stub.state")["pid"])


def ended(process: Any):
    return wait_gone(process, seconds=20)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_end_leaves_neither_socket_nor_record(
    user: Any, signum: signal.Signals
):
    process = started(user)
    address = read_record(user.paths).address
    os.kill(process.pid, signum)
    assert ended(process)
    assert not Path(address).exists()
    assert not user.paths.daemon_json.exists()
    assert daemon_lock_is_free(user.paths)
    assert (user.paths.state / "core-closed").exists()
    assert "ended cleanly" in user.log()


def test_a_clean_end_closes_the_connections(user: Any):
    connection = user.connect()
    process = identity_of(read_record(user.paths).process.pid)
    os.kill(process.pid, signal.SIGTERM)
    connection.settimeout(20)
    assert connection.recv(1) == b""
    connection.close()
    assert ended(process)


def test_operations_get_time_at_a_clean_end(user: Any):
    process = started(user.having(AGENTLS_STUB_CLOSES_IN="0.2"))
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process)
    assert (user.paths.state / "core-closed").exists()


def test_operations_that_take_too_long_are_left_to_the_next_daemon(user: Any):
    process = started(
        user.having(AGENTLS_STUB_CLOSES_IN="600", AGENTLS_STUB_SAFE_POINT="0.1")
    )
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process)
    assert not (user.paths.state / "core-closed").exists()
    assert "the next daemon goes on with them" in user.log()
    assert not user.paths.daemon_json.exists()


def test_a_hang_up_is_no_reason_to_end(user: Any):
    with user.client() as client:
        pid = client.execute("stub.state")["pid"]
        os.kill(pid, signal.SIGHUP)
        assert client.execute("stub.state")["pid"] == pid


def test_a_program_started_by_the_daemon_hears_a_hang_up(user: Any):
    process = started(user)
    text = Path(f"/proc/{process.pid}/status").read_text()
    ignored = int(text.split("SigIgn:")[1].split()[0], 16)
    assert not ignored >> (signal.SIGHUP - 1) & 1
    assert not ignored >> (signal.SIGUSR1 - 1) & 1


def test_it_ends_by_itself_when_nobody_needs_it(user: Any):
    brief = user.having(AGENTLS_IDLE_EXIT="0.2")
    process = started(brief)
    assert ended(process)
    assert not user.paths.daemon_json.exists()


def test_a_connection_keeps_it(user: Any):
    brief = user.having(AGENTLS_IDLE_EXIT="0.1")
    with brief.client() as client:
        other = identity_of(client.execute("stub.state")["pid"])
        assert not wait_gone(other, seconds=0.5)
    assert ended(other)


def test_work_keeps_it(user: Any):
    process = started(user.having(AGENTLS_IDLE_EXIT="0.1", AGENTLS_STUB_BUSY="1"))
    assert not wait_gone(process, seconds=0.5)


def test_a_removed_lock_file_ends_it_so_that_there_are_never_two(user: Any):
    process = started(user.having(AGENTLS_IDLE_EXIT="2"))
    with user.client() as client:  # not idle: only the lock is a reason
        user.paths.daemon_lock.unlink()
        assert ended(process)
        assert client
    assert "lock file was removed" in user.log()


def test_a_second_daemon_is_refused_with_a_hint(user: Any):
    process = started(user)
    command = user.starter.keywords["command"][:3]
    second = subprocess.run(
        command, env=user.environ, capture_output=True, timeout=20, check=False
    )
    assert second.returncode == 1
    assert b"runs already" in second.stderr
    assert b"agentls daemon status" in second.stderr
    assert not wait_gone(process, seconds=0)


def test_a_wrong_setting_is_told(user: Any):
    with pytest.raises(AgentlsError, match="AGENTLS_IDLE_EXIT is 'soon'"):
        user.having(AGENTLS_IDLE_EXIT="soon").connect()
    assert Timing.from_environ({"AGENTLS_IDLE_EXIT": "0"}).idle_exit == 0
    assert Timing.from_environ({}).idle_exit is None


def test_the_limit_of_open_files_is_raised(user: Any):
    process = started(user)
    soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard or soft >= 1 << 20


def test_a_connection_with_a_bug_is_logged_and_harms_no_other(user: Any):
    with user.client() as good, user.client() as bad:
        with pytest.raises(AgentlsError, match="ended before it answered"):
            bad.execute("stub.bug")
        assert good.execute("stub.echo", {"a": 1}) == {"a": 1}
    assert "on purpose" in user.log()


def test_only_one_instance_holds_a_state_folder(user: Any):
    with hold_instance(user.paths) as instance:
        assert instance.holds
        assert read_record(user.paths).address == ""
        with (
            pytest.raises(AlreadyRunning),
            hold_instance(user.paths),
        ):
            raise AssertionError
    assert read_record(user.paths) is None


def test_a_daemon_that_ends_leaves_the_record_of_its_successor(user: Any):
    with hold_instance(user.paths) as instance:
        successor = instance.record._replace(address="/elsewhere")
        write_record(user.paths, successor)
    assert read_record(user.paths) == successor


def test_the_log_is_rotated_and_stderr_goes_along(user: Any):
    code = (
        "import logging, os, sys\n"
        "from agentls.daemon import logs\n"
        "from agentls.paths import Paths\n"
        "logs._SIZE = 2000\n"
        "logs.keep_log(Paths.of_this_process(), level='INFO')\n"
        "for n in range(300): logging.getLogger('t').info('line %d', n)\n"
        "os.write(2, b'last words')\n"
    )
    user.paths.make_private()
    subprocess.run(
        [sys.executable, "-I", "-c", code],
        env=user.environ,
        stderr=subprocess.PIPE,
        check=True,
        timeout=20,
    )
    assert user.log().endswith("last words")
    files = sorted(path.name for path in user.paths.state.glob("daemon.log*"))
    assert files == ["daemon.log", "daemon.log.1", "daemon.log.2", "daemon.log.3"]
    assert all((user.paths.state / name).stat().st_size < 2500 for name in files)


def test_the_socket_is_the_users_alone(user: Any):
    user.connect().close()
    path = Path(read_record(user.paths).address)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.is_socket()
    assert socket.AF_UNIX
