import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agentls import connect as connecting
from agentls.connect import NoDaemon, find, stop
from agentls.errors import AgentlsError
from agentls.host import boot_id, host_name, identity_of, pid_namespace, wait_gone
from agentls.record import DaemonRecord, read_record, write_record


def pid_of(connection: Any):
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid = int.from_bytes(data[:4], sys.byteorder)
    connection.close()
    return pid


def kill(pid: int):
    process = identity_of(pid)
    os.kill(pid, signal.SIGKILL)
    assert wait_gone(process, seconds=20)


def record_of(user: Any, **changes: Any):
    process = changes.pop("process", None) or identity_of(os.getpid())
    record = DaemonRecord(
        address=str(user.folder / "nobody.sock"),
        host=host_name(),
        pid_namespace=pid_namespace(),
        process=process,
        version="0.1.0",
    )._replace(**changes)
    user.paths.make_private()
    write_record(user.paths, record)
    return record


def test_the_first_client_starts_the_daemon_and_the_next_finds_it(user: Any):
    first = pid_of(user.connect())
    assert pid_of(user.connect()) == first
    assert user.pids() == [first]


def test_twenty_clients_at_once_get_one_daemon(user: Any):
    barrier = threading.Barrier(20)

    def client(_: object):
        barrier.wait()
        return user.connect()

    with ThreadPoolExecutor(20) as pool:
        connections = list(pool.map(client, range(20)))
    assert len({pid_of(connection) for connection in connections}) == 1
    assert len(user.pids()) == 1
    assert user.log().count("listens at") == 1


def test_twenty_processes_at_once_get_one_daemon(user: Any):
    code = (
        "import functools,sys\n"
        "from agentls.connect import connect\n"
        "from agentls.paths import Paths\n"
        "from agentls.spawn import start_daemon\n"
        "start=functools.partial(start_daemon,command=sys.argv[1:])\n"
        "connect(Paths.of_this_process(),starter=start,seconds=60).close()\n"
    )
    command = [sys.executable, "-I", "-c", code, *user.starter.keywords["command"]]
    clients = [subprocess.Popen(command, env=user.environ) for _ in range(20)]
    assert [client.wait(60) for client in clients] == [0] * 20
    assert len(user.pids()) == 1
    assert user.log().count("listens at") == 1


def test_a_killed_daemon_is_replaced_although_its_socket_and_record_are_left(user: Any):
    first = pid_of(user.connect())
    address = read_record(user.paths).address
    kill(first)
    assert Path(address).exists()
    assert pid_of(user.connect()) != first


def test_a_stale_record_of_a_recycled_pid_harms_nobody(user: Any):
    bystander = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    recycled = identity_of(bystander.pid)._replace(start_time="1")
    record_of(user, process=recycled)
    pid_of(user.connect())
    assert bystander.poll() is None
    bystander.communicate(b"\n", timeout=20)


def test_a_record_from_before_a_reboot_is_replaced(user: Any):
    record_of(user, process=identity_of(os.getpid())._replace(boot_id="another-boot"))
    started = pid_of(user.connect())
    assert read_record(user.paths).process.pid == started


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "\0\xff"])
def test_a_record_that_is_no_record_is_replaced(user: Any, text: str):
    user.paths.make_private()
    user.paths.daemon_json.write_text(text)
    assert pid_of(user.connect()) in user.pids()


def test_a_daemon_of_another_machine_is_refused_by_its_name(
    user: Any, held_lock: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connecting, "_FOREIGN_SECONDS", 0.2)
    held_lock()
    process = identity_of(os.getpid())._replace(boot_id="another-boot")
    record_of(user, host="far-away", process=process)
    with pytest.raises(NoDaemon, match="runs on far-away") as caught:
        user.connect()
    assert "AGENTLS_STATE_DIR" in caught.value.hint
    with pytest.raises(NoDaemon, match="far-away"):
        stop(user.paths)
    assert not user.pids()


def test_a_daemon_of_another_container_is_refused(
    user: Any, held_lock: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connecting, "_FOREIGN_SECONDS", 0.2)
    held_lock()
    record_of(user, pid_namespace="pid:[1]")
    with pytest.raises(NoDaemon, match="another container"):
        user.connect()


def test_a_lock_that_nobody_speaks_for_is_told_after_the_deadline(
    user: Any, held_lock: Any
):
    held_lock()
    with pytest.raises(NoDaemon, match="holds the daemon's lock") as caught:
        user.connect(seconds=0.3)
    assert "agentls daemon logs" in caught.value.hint


def test_a_daemon_that_answers_is_used_although_the_machine_got_another_name(user: Any):
    first = pid_of(user.connect())
    write_record(user.paths, read_record(user.paths)._replace(host="renamed"))
    assert pid_of(user.connect()) == first


@pytest.mark.parametrize("runtime", ["", "/nonexistent/folder", "relative"])
def test_clients_with_other_runtime_folders_reach_the_same_daemon(
    user: Any, runtime: str
):
    first = pid_of(user.connect())
    assert pid_of(user.having(XDG_RUNTIME_DIR=runtime).connect()) == first
    other = user.folder / "other"
    other.mkdir(mode=0o700)
    assert pid_of(user.having(XDG_RUNTIME_DIR=str(other)).connect()) == first


def test_a_socket_that_vanished_is_bound_again_and_connections_stay(user: Any):
    with user.client() as client:
        pid = client.execute("stub.state")["pid"]
        Path(read_record(user.paths).address).unlink()
        assert pid_of(user.connect()) == pid
        assert client.execute("stub.state")["pid"] == pid


def test_a_runtime_folder_that_vanished_is_replaced_by_another(user: Any):
    with user.client() as client:
        pid = client.execute("stub.state")["pid"]
        before = read_record(user.paths).address
        (user.folder / "run").rename(user.folder / "gone")
        assert pid_of(user.connect()) == pid
        assert read_record(user.paths).address != before
        assert client.execute("stub.state")["pid"] == pid


def test_a_home_of_two_hundred_characters_is_no_hindrance(user: Any):
    long = user.having(HOME=str(user.folder / ("h" * 200)))
    try:
        pid = pid_of(long.connect())
        assert long.pids() == [pid]
    finally:
        stop(long.paths)


def test_a_socket_of_another_user_is_not_used(
    user: Any, monkeypatch: pytest.MonkeyPatch
):
    user.connect().close()
    monkeypatch.setattr(connecting, "peer_uid", lambda _: os.getuid() + 1)
    assert find(user.paths) is None


def test_a_newer_client_ends_an_older_daemon_and_starts_its_own(user: Any):
    old = user.having(AGENTLS_STUB_VERSION="0.0.9")
    first = pid_of(old.connect(version="0.0.9"))
    second = pid_of(user.connect(version="0.1.0"))
    assert first != second
    assert user.pids() == [second]


def test_an_older_client_uses_a_newer_daemon(user: Any):
    new = user.having(AGENTLS_STUB_VERSION="9.0")
    first = pid_of(new.connect(version="9.0"))
    assert pid_of(user.connect(version="0.1.0")) == first


def test_twenty_newer_clients_at_once_replace_an_older_daemon_once(user: Any):
    user.having(AGENTLS_STUB_VERSION="0.0.9").connect(version="0.0.9").close()
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: user.connect(version="0.1.0"), range(20)))
    assert len({pid_of(connection) for connection in found}) == 1
    assert user.log().count("listens at") == 2


def test_why_a_daemon_cannot_start_is_told(user: Any):
    with pytest.raises(AgentlsError, match="The disk is full") as caught:
        user.having(AGENTLS_STUB_FAILS="1").connect()
    assert caught.value.hint == "Make room."


def test_a_daemon_that_dies_as_it_starts_leaves_its_last_words(user: Any):
    user.paths.make_private()
    command = (sys.executable, "-I", "-c", "raise SystemExit('these words')")
    with pytest.raises(AgentlsError, match="these words") as caught:
        user.connect(
            starter=lambda *a, **k: user.starter.func(*a, command=command, **k)
        )
    assert "agentls daemon logs" in caught.value.hint


def test_a_daemon_that_never_gets_ready_is_given_up(user: Any):
    command = (sys.executable, "-I", "-c", "import signal; signal.pause()")
    with pytest.raises(AgentlsError, match="isn't ready yet"):
        user.connect(
            seconds=0.5,
            starter=lambda *a, **k: user.starter.func(*a, command=command, **k),
        )


def test_the_daemon_gets_none_of_the_editors_variables(user: Any):
    editor = user.having(
        VSCODE_PID="1", NVIM="x", VIRTUAL_ENV="/v", AGENTLS_TASK="a", LC_ALL="C.UTF-8"
    )
    with editor.client() as client:
        state = client.execute("stub.state")
    assert not {"VSCODE_PID", "NVIM", "VIRTUAL_ENV", "AGENTLS_TASK"} & set(
        state["environ"]
    )
    assert state["environ"]["LC_ALL"] == "C.UTF-8"
    assert state["cwd"] == "/"
    assert state["sid"] == state["pid"]


@pytest.fixture
def with_systemd(user: Any):
    """Give a user whose systemd-run is a script of the test's."""

    def make(script: str):
        programs = user.folder / "bin"
        programs.mkdir()
        program = programs / "systemd-run"
        program.write_text(f'#!/bin/sh\necho "$@" > {user.folder}/asked\n{script}\n')
        program.chmod(0o755)
        manager = user.folder / "run" / "systemd"
        manager.mkdir()
        (manager / "private").touch()
        return user.having(PATH=f"{programs}:{user.environ['PATH']}")

    return make


def test_with_systemd_the_daemon_gets_a_scope_that_outlives_the_login(
    user: Any, with_systemd: Any
):
    user = with_systemd('while [ $1 != -- ]; do shift; done; shift; exec "$@"')
    pid = pid_of(user.connect())
    assert user.pids() == [pid]
    asked = (user.folder / "asked").read_text()
    assert asked.startswith("--user --scope --quiet --collect -- ")
    assert user.log().count("listens at") == 1


def test_a_scope_that_cannot_be_made_keeps_no_daemon_from_starting(
    user: Any, with_systemd: Any
):
    user = with_systemd("exit 1")
    pid = pid_of(user.connect())
    assert user.pids() == [pid]
    assert (user.folder / "asked").exists()


def test_stop_ends_the_daemon_and_says_which(user: Any):
    pid = pid_of(user.connect())
    assert stop(user.paths).process.pid == pid
    assert not user.pids()
    assert stop(user.paths) is None


def test_force_ends_a_daemon_that_is_stuck(user: Any):
    pid = pid_of(user.connect())
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(NoDaemon, match="doesn't end") as caught:
        stop(user.paths, seconds=0.2)
    assert "--force" in caught.value.hint
    assert stop(user.paths, force=True).process.pid == pid
    assert not user.pids()


def test_nothing_is_started_only_to_look(user: Any):
    assert find(user.paths) is None
    assert stop(user.paths) is None
    assert boot_id()
    assert not user.pids()
