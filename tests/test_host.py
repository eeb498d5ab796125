import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentls import host
from agentls.host import (
    ProcessIdentity,
    boot_id,
    identity_of,
    is_alive,
    peer_uid,
    pid_namespace,
    signal_process,
    wait_gone,
)


@pytest.fixture(params=["as on Linux", "portable"])
def way(request: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run a test in Linux' own way, and with neither /proc nor pidfd."""
    if request.param == "portable":
        monkeypatch.setattr(host, "_PROC", tmp_path / "no-proc")
        monkeypatch.delattr(os, "pidfd_open")
    return request.param


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    process.stdin.close()


@pytest.mark.usefixtures("way")
def test_a_process_is_alive_until_it_ended_even_if_nobody_took_its_status(child: Any):
    process = identity_of(child.pid)
    assert process
    assert is_alive(process)
    assert not wait_gone(process, seconds=0)
    child.kill()
    assert wait_gone(process, seconds=20)  # it is a zombie now
    assert not is_alive(process)
    child.wait()
    assert not is_alive(process)
    assert identity_of(child.pid) is None


@pytest.mark.usefixtures("way")
def test_a_recycled_pid_is_another_process(child: Any):
    recycled = identity_of(child.pid)._replace(start_time="1")
    assert not is_alive(recycled)
    assert not signal_process(recycled, signal.SIGKILL)
    assert child.poll() is None


@pytest.mark.usefixtures("way")
def test_a_process_of_another_boot_is_gone(child: Any):
    before = identity_of(child.pid)._replace(boot_id="before")
    assert not is_alive(before)
    assert not signal_process(before, signal.SIGKILL)
    assert child.poll() is None


@pytest.mark.usefixtures("way")
def test_a_signal_reaches_the_process_and_none_that_is_gone(child: Any):
    process = identity_of(child.pid)
    assert signal_process(process, signal.SIGTERM)
    assert child.wait(20) == -signal.SIGTERM
    assert not signal_process(process, signal.SIGTERM)


@pytest.mark.usefixtures("way")
def test_the_boot_has_a_name_that_stays():
    assert boot_id()
    assert boot_id() == boot_id()


@pytest.mark.usefixtures("way")
def test_two_processes_name_a_third_alike(child: Any, monkeypatch: pytest.MonkeyPatch):
    mine = identity_of(child.pid)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert identity_of(child.pid) == mine


def test_a_sandbox_without_pidfd_is_no_hindrance(
    child: Any, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: object):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert signal_process(identity_of(child.pid), signal.SIGTERM)
    assert child.wait(20) == -signal.SIGTERM


def test_a_name_with_brackets_and_spaces_does_not_confuse(tmp_path: Path):
    program = tmp_path / "a) b (c"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "60"])
    try:
        assert is_alive(identity_of(process.pid))
        assert int(identity_of(process.pid).start_time) > 0
    finally:
        process.kill()
        process.wait()


def test_the_namespace_is_named_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    assert pid_namespace() == str(Path("/proc/self/ns/pid").readlink())
    monkeypatch.setattr(host, "_PROC", tmp_path)
    assert pid_namespace() == ""


def test_the_peer_of_a_socket_is_known():
    one, two = socket.socketpair()
    with one, two:
        assert peer_uid(one) == os.getuid()


def test_the_peer_is_known_the_way_of_macos(monkeypatch: pytest.MonkeyPatch):
    class Xucred:
        def getsockopt(self, level: int, name: int, size: int):
            assert (level, name) == (0, 1)
            return (b"\0" * 4 + (501).to_bytes(4, sys.byteorder)).ljust(size, b"\0")

    monkeypatch.setattr(sys, "platform", "darwin")
    assert peer_uid(Xucred()) == 501


def test_a_missing_tool_gives_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "defpath", "/nonexistent")
    assert host._tool("surely-no-program") == ""
    assert isinstance(identity_of(os.getpid()), ProcessIdentity)
    assert Path("/proc/self").exists()


def test_a_process_is_gone_only_with_its_last_thread():
    """A zombie leader's threads still hold sockets and locks."""
    program = (
        "import ctypes, os, threading, time\n"
        "libc = ctypes.CDLL(None)\n"
        "def stay():\n"
        "    print('thread', flush=True)\n"
        "    os.read(0, 1)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=stay).start()\n"
        "number = {'x86_64': 60, 'aarch64': 93}[os.uname().machine]\n"
        "libc.syscall(number, 0)  # exit of this thread alone\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process = identity_of(child.pid)
    assert process
    assert child.stdout.readline() == b"thread\n"
    assert not wait_gone(process, seconds=0.2)
    child.stdin.write(b"x")
    child.stdin.flush()
    assert wait_gone(process, seconds=20)
    child.wait()
    child.stdin.close()
    child.stdout.close()
