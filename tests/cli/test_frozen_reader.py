"""A reader that is frozen, as a stopped process or a sleeping laptop is."""

import hashlib
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_LINE = "line %09d of a long output, coloured \033[32mgreen\033[0m\r\n"

# Prints so many lines, and goes on for so many seconds after it began: the time in
# which the reader is frozen is the program's own.
_PROGRAM = r"""
import sys, time
lines, seconds = int(sys.argv[1]), float(sys.argv[2])
began = time.monotonic()
number = 0
while number < lines or time.monotonic() < began + seconds:
    count = 10_000 if number < lines else 1
    block = b"".join(b"{line}" % (number + n) for n in range(count))
    sys.stdout.buffer.write(block)
    sys.stdout.flush()
    number += count
    if number >= lines:
        time.sleep(0.2)
print("lines:", number, file=open("lines", "w"))
"""


class Reader:
    """`agentls logs -f --raw`, its output counted and hashed as it comes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.begun = threading.Event()
        self.size = 0
        self.digest = hashlib.sha256()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while data := self.process.stdout.read(1 << 20):
            self.size += len(data)
            self.digest.update(data)
            self.begun.set()

    def end(self, *, within: float) -> None:
        self._thread.join(within)
        assert not self._thread.is_alive(), f"read {self.size:,} bytes only"
        assert self.process.wait(60) == 0
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Generator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def memory_of(pid: int) -> int:
    """Give the most that a process has held so far, in megabytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) >> 10


@pytest.mark.timeout(600)
def test_a_frozen_reader_costs_nobody_anything_and_goes_on(user: Any):
    full = os.environ.get("AGENTLS_TEST_FULL") == "1"
    megabytes, seconds = (500, 60) if full else (40, 0)
    lines = (megabytes << 20) // len(_LINE % 0)
    program = user.folder / "program.py"
    line = _LINE.replace("\r\n", "\\n").replace("\033", "\\x1b")
    program.write_text(_PROGRAM.replace("{line}", line))
    gate = user.folder / "gate"
    os.mkfifo(gate)
    command = f"read x < '{gate}'; python3 '{program}' {lines} {seconds}"
    task = user.begin(f"echo begin; {command}")
    daemon = json.loads((user.folder / "state" / "daemon.json").read_text())["pid"]
    ill, well = (Reader(user.popen("logs", "-f", "--raw", task)) for _ in range(2))
    assert ill.begun.wait(60)
    assert well.begun.wait(60)
    before = memory_of(daemon)

    with frozen(ill.process):
        gate.write_text("go\n")
        well.end(within=400)
        user.call("wait", task, "--until", "review")  # its agent waits for nobody
        grown = memory_of(daemon) - before
        seen = ill.size
    ill.end(within=400)

    printed = int((user.worktree(task) / "lines").read_text().split()[1])
    wanted = hashlib.sha256(b"begin\r\n")
    for number in range(printed):
        wanted.update(_LINE.encode() % number)
    assert well.digest.digest() == ill.digest.digest() == wanted.digest()
    assert seen < 8 << 20
    assert grown < 100, "the daemon keeps what a reader doesn't read"
    print(f"[{well.size >> 20} MB, daemon +{grown} MB]", end=" ")
