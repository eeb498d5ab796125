"""Invariant: killing the daemon harms no session and loses no byte."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from agentls.paths import Paths
from agentls.sessions.folder import read_exit
from agentls.sessions.launch import Launch
from agentls.sessions.sessions import Sessions

STEPS_LINES = 3000
ROLE = Path(__file__).with_name("daemon_role.py")

PROGRAM = f"""
import sys
name = sys.argv[1]
gate = open('gate-' + name, 'rb', buffering=0)
line = 0
while gate.read(1):
    for _ in range({STEPS_LINES}):
        print(f'{{name}} {{line:09d}} \\x1b[32mgrün\\x1b[0m ' + 'x' * (line % 37))
        line += 1
    sys.stdout.flush()
sys.exit(11)
"""


def _expected(name: str, *, steps: int) -> bytes:
    return "".join(
        f"{name} {line:09d} \x1b[32mgrün\x1b[0m {'x' * (line % 37)}\r\n"
        for line in range(steps * STEPS_LINES)
    ).encode()


def _grown(
    total: Callable[[], int], before: int, process: subprocess.Popen[bytes]
) -> bool:
    return total() > before or process.poll() is not None


async def test_kills_during_output_lose_no_byte(
    *,
    paths: Paths,
    launch: Callable[..., Launch],
    worktree: Path,
    tmp_path: Path,
    full: bool,
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    kills = 100 if full else 20
    names = [f"s{n}" for n in range(8 if full else 4)]
    seen = tmp_path / "seen"
    seen.mkdir()
    gates: list[int] = []
    for name in names:
        os.mkfifo(worktree / f"gate-{name}")
    async with Sessions(paths=paths) as sessions:
        for name in names:
            argv = (sys.executable, "-c", PROGRAM, name)
            await sessions.start(launch(argv=argv, name=name, PYTHONUTF8="1"))
            gates.append(os.open(worktree / f"gate-{name}", os.O_WRONLY))

    def daemon() -> subprocess.Popen[bytes]:
        folders = (paths.state, paths._runtime[0], seen)
        return subprocess.Popen([sys.executable, ROLE, *map(str, folders), *names])

    def total() -> int:
        return sum(
            (seen / name).stat().st_size for name in names if (seen / name).exists()
        )

    for _ in range(kills):
        before = total()
        with daemon() as process:
            for gate in gates:
                os.write(gate, b"x")
            await eventually(partial(_grown, total, before, process))
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
    for gate in gates:
        os.close(gate)
    with daemon() as process:
        await eventually(lambda: process.poll() is not None)
    assert process.returncode == 0

    for name in names:
        expected = _expected(name, steps=kills)
        assert (seen / name).read_bytes() == expected
        record = read_exit(paths.sessions / name)
        assert (record.exit.status, record.size) == (11, len(expected))
