"""What the programs of sessions use: all that began there, and nothing else."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentls import host
from agentls.host import process_uses, variable_of

_HOG = "import os,sys; held = bytearray(64 << 20); print('held', flush=True); input()"


@pytest.fixture
def hog():
    """Give a process that holds 64 MiB, with a variable that names it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOG],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"WHO": "the hog"},
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate("")


@pytest.mark.parametrize("proc", [Path("/proc"), Path("/nowhere")])
def test_a_process_s_memory_and_parent_are_seen(hog, proc, monkeypatch):
    monkeypatch.setattr(host, "_PROC", proc)  # without /proc as on macOS: by ps
    (use,) = [one for one in process_uses() if one.pid == hog.pid]
    assert 64 << 20 < use.memory < 200 << 20
    assert use.parent == os.getpid()
    assert use.cpu >= 0
    assert use.start_time == host.identity_of(hog.pid).start_time


def test_time_on_processors_grows():
    def mine() -> float:
        return next(one.cpu for one in process_uses() if one.pid == os.getpid())

    before, begun = mine(), time.process_time()
    while time.process_time() - begun < 0.2:
        pass
    assert mine() - before == pytest.approx(0.2, abs=0.1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2:03.50", 123.5), ("01:02:03", 3723), ("1-02:03:04", 93784)],
)
def test_times_of_ps_are_read(text, seconds):
    assert host._seconds(text) == seconds


def test_a_variable_is_read_where_it_can_be(hog):
    assert variable_of(hog.pid, "WHO") == "the hog"
    assert variable_of(hog.pid, "WHAT") is None
    hog.communicate("")
    assert variable_of(hog.pid, "WHO") is None
