import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from agentls.host import ProcessIdentity, identity_of
from agentls.paths import Paths
from agentls.record import (
    DaemonRecord,
    daemon_lock_is_free,
    is_older,
    read_record,
    try_lock,
    write_record,
)


@pytest.fixture
def paths(tmp_path: Path):
    paths = Paths.from_environ({"HOME": str(tmp_path)}, uid=os.getuid())
    paths.make_private()
    return paths


RECORD = DaemonRecord(
    address="/a/b.sock",
    host="h",
    pid_namespace="n",
    process=ProcessIdentity("boot", 7, "8"),
    version="1.2",
)


def test_what_was_written_is_read(paths: Paths):
    assert read_record(paths) is None
    write_record(paths, RECORD)
    assert read_record(paths) == RECORD
    assert not RECORD.on_this_machine


def test_a_reader_never_finds_half_a_record(paths: Paths):
    write_record(paths, RECORD)
    done = threading.Event()

    def write():
        for _ in range(50):
            write_record(paths, RECORD._replace(address="/" + "x" * 5000))
            write_record(paths, RECORD)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert read_record(paths) is not None
    writer.join()


def test_a_lock_is_one_holders_and_goes_with_it(paths: Paths):
    with try_lock(paths.daemon_lock) as mine:
        assert mine
        assert not daemon_lock_is_free(paths)
        with try_lock(paths.daemon_lock) as other:
            assert not other
    assert daemon_lock_is_free(paths)


def test_looks_at_the_lock_do_not_disturb_each_other(paths: Paths):
    with try_lock(paths.daemon_lock, operation=1):  # LOCK_SH, as a look takes it
        assert daemon_lock_is_free(paths)


def test_a_child_does_not_keep_the_lock(paths: Paths):
    with try_lock(paths.daemon_lock):
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
        )
    # Popen may return microseconds before the kernel has closed the child's copy.
    end = time.monotonic() + 5
    while not (free := daemon_lock_is_free(paths)) and time.monotonic() < end:
        pass
    child.communicate(b"\n", timeout=20)
    assert free


def test_a_lock_on_a_removed_file_is_nobodys(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
):
    real = os.open

    def removed_meanwhile(path: Any, *args: Any):
        descriptor = real(path, *args)
        Path(path).unlink()
        return descriptor

    monkeypatch.setattr("agentls.record.os.open", removed_meanwhile)
    with try_lock(paths.daemon_lock) as mine:
        assert not mine


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.9", "0.10", True),
        ("0.2.0", "0.1.0", False),
        ("1.0", "1.0.0", False),
        ("1.0.0", "1.0", False),
        ("1.0.dev3", "1.0", False),
        ("1.0rc1", "1.0", False),
        ("1.0rc1", "1.1", True),
        ("", "1.0", False),
        ("strange", "1.0", False),
        ("1.0", "strange", False),
    ],
)
def test_only_higher_leading_numbers_are_newer(version: str, other: str, older: bool):  # noqa: FBT001 - a table
    assert is_older(version, than=other) is older


def test_where_a_daemon_runs_is_said_for_a_person():
    here = identity_of(os.getpid())
    assert RECORD.place == "on h"
    beside = RECORD._replace(process=here, host=os.uname().nodename)
    assert "another container" in beside.place
