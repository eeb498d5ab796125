"""Record Codex at work, as `codex.xz` and `codex.grids` beside this file.

    python tests/recordings/record_codex.py PATH-TO-CODEX [BYTES]

Needs Linux with `unshare`. Codex runs against `model.py` in a network namespace that
has the loopback alone, under a made-up host name and in folders that name nobody:
nothing of the machine gets into the recording. Its terminal is our emulator, which
answers what it asks. Meanwhile it is typed to, scrolled, and its terminal resized.
Not run by the tests: they read the recording.
"""

import fcntl
import lzma
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import model

from agentls.sessions.screen import Screen

HOME = Path("/home/user")
FOLDER = Path(__file__).parent
ROWS, COLS = 24, 80
SIZES = ((24, 80), (30, 100), (20, 72), (24, 80))
_QUIET = 3.0
"""Seconds in which Codex draws nothing when it waits for a person."""

_KEYS = (
    b"\x14",  # the transcript, full screen
    b"\x1b[5~",
    b"\x1b[5~",
    b"\x1b[6~",
    b"\x1b[H",
    b"q",
    b"/",
    b"\x1b[B",
    b"\x1b[B",
    b"\x1b",
    b"@no",
    b"\x7f\x7f\x7f",
)


def main() -> None:
    """Record inside the namespaces, in which this runs itself again."""
    program = sys.argv[1]
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
    if "--inside" not in sys.argv:
        argv = [sys.executable, __file__, program, str(size), "--inside"]
        subprocess.run(["unshare", "--net", "--uts", "--mount", *argv], check=True)
        return
    subprocess.run(["hostname", "host"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/home"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = model.serve(pause=0.004)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    work = HOME / "work"
    work.mkdir(parents=True)
    environment = {"HOME": str(HOME), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    git = ["git", "-c", "user.name=u", "-c", "user.email=u@example.invalid"]
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=work, check=True)
    (work / "notes.txt").write_text("notes\n")
    subprocess.run(["git", "add", "."], cwd=work, check=True)
    subprocess.run([*git, "commit", "-qm", "first"], cwd=work, check=True)
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "KEY": "none"}
    argv = codex(program, port=server.server_port)
    recording = Recording(argv, cwd=work, environment=environment)
    recording.run(size)
    data = bytes(recording.output)
    packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    (FOLDER / "codex.xz").write_bytes(packed)
    grids = "".join(f"{at} {rows} {cols}\n" for at, rows, cols in recording.grids)
    (FOLDER / "codex.grids").write_text(grids)
    print(f"{len(data)} bytes, {len(packed)} compressed")


def codex(program: str, *, port: int) -> list[str]:
    """Give its command line: our server alone, and no question asked."""
    provider = (
        f'{{name="m",base_url="http://127.0.0.1:{port}/v1",'
        'env_key="KEY",wire_api="responses"}'
    )
    settings = {
        "model_provider": '"m"',
        "model_providers.m": provider,
        "model": '"model"',
        "projects": f'{{"{HOME}/work"={{trust_level="trusted"}}}}',
        "check_for_update_on_startup": "false",
        "analytics.enabled": "false",
    }
    options = [
        word for key, value in settings.items() for word in ("-c", f"{key}={value}")
    ]
    return [program, *options, "--dangerously-bypass-approvals-and-sandbox"]


class Recording:
    """Codex on a terminal of ours: what it writes, and the sizes it had."""

    def __init__(
        self, argv: list[str], *, cwd: Path, environment: dict[str, str]
    ) -> None:
        self.output = bytearray()
        self.grids: list[tuple[int, int, int]] = []
        self._screen = Screen(rows=ROWS, cols=COLS)
        self._pid, self._fd = pty.fork()
        if not self._pid:
            os.chdir(cwd)
            os.execve(argv[0], argv, environment)  # noqa: S606 - never a shell
        self._resize(ROWS, COLS)

    def run(self, size: int) -> None:
        """Talk to it until it has written so much."""
        self._draw(_QUIET)
        keys, sizes, turn = 0, 0, 0
        while len(self.output) < size:
            turn += 1
            self._type(f"Tell part {turn} of the story 日本語".encode())
            self._type(b"\r")
            busy = time.monotonic() + 40
            while time.monotonic() < busy and len(self.output) < size:
                if not self._draw(1.0):
                    break
                keys += 1
                self._type(_KEYS[keys % len(_KEYS)])
                if keys % 3 == 0:
                    sizes += 1
                    self._resize(*SIZES[sizes % len(SIZES)])
            self._type(b"\x1b")
            self._type(b"q")
            self._type(b"\x15")
            print(turn, len(self.output), file=sys.stderr)
        self._draw(_QUIET)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _type(self, keys: bytes) -> None:
        os.write(self._fd, keys)
        self._draw(0.15)

    def _resize(self, rows: int, cols: int) -> None:
        self._draw(0.05)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self._screen.resize(rows=rows, cols=cols)
        self.grids.append((len(self.output), rows, cols))

    def _draw(self, quiet: float) -> bool:
        """Take what it writes until it's quiet, a few seconds at most."""
        drew, end = False, time.monotonic() + 3
        while time.monotonic() < end and select.select([self._fd], [], [], quiet)[0]:
            data = os.read(self._fd, 1 << 16)
            self.output += data
            self._screen.feed(data)
            if replies := self._screen.replies():
                os.write(self._fd, replies)
            drew = True
        return drew


if __name__ == "__main__":
    main()
