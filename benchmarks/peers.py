"""The peers: terminals that are read in Python, tmux, dtach, pylsp."""

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Self

__all__ = ["ROOT", "Terminal", "Tmux", "install_packages", "install_pylsp", "until"]

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".bench"
PIECE = 1 << 16
_DEADLINE = 300.0
_DEBIAN = ("tmux", "dtach")


class Terminal:
    """A program on a pseudo-terminal of ours, which we read."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self.pid, self.fd = pty.fork()
        if not self.pid:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
            with contextlib.suppress(OSError):
                termios.tcsetwinsize(0, size)
                if cwd:
                    os.chdir(cwd)
                os.execvpe(argv[0], list(argv), dict(env))
            os._exit(127)

    def read(self) -> bytes:
        """Give what was drawn, as soon as there is something; empty at the end."""
        ready, _, _ = select.select([self.fd], [], [], _DEADLINE)
        assert ready, "nothing is drawn any more"
        try:
            return os.read(self.fd, PIECE)
        except OSError:  # Linux' way to say that nobody has the other end
            return b""

    def until(self, marker: bytes) -> bytes:
        """Read until a marker is drawn, and give all that was."""
        drawn = bytearray()
        while marker not in drawn[-len(marker) - PIECE :]:
            data = self.read()
            assert data, (f"the end before {marker!r}", bytes(drawn[-200:]))
            drawn += data
        return bytes(drawn)

    def until_quiet(self, seconds: float) -> bytes:
        """Read until nothing was drawn for a while."""
        drawn = b""
        while select.select([self.fd], [], [], seconds)[0]:
            if not (data := self.read()):
                break
            drawn += data
        return drawn

    def write(self, data: bytes) -> None:
        """Type."""
        os.write(self.fd, data)

    def close(self) -> None:
        """End the program, which may have ended, and close the terminal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Tmux:
    """A tmux server of our own, ended with its context."""

    def __init__(self, folder: Path, *, env: Mapping[str, str], name: str) -> None:
        self._base = ["tmux", "-S", str(folder / name), "-f", "/dev/null"]
        self._env = env

    def __enter__(self) -> Self:
        """Begin; the server starts with its first session."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the server and all in it."""
        subprocess.run(
            self.argv("kill-server"), check=False, capture_output=True, env=self._env
        )

    def argv(self, *words: str) -> list[str]:
        """Give the command line of one of its commands."""
        return [*self._base, *words]

    def run(self, *words: str) -> str:
        """Run a command and give what it printed."""
        done = subprocess.run(
            self.argv(*words), check=True, capture_output=True, env=self._env, text=True
        )
        return done.stdout.strip()

    def session(self, name: str, script: str) -> None:
        """Start a detached session of 24 rows and 80 columns that runs a script."""
        size = ("-x", "80", "-y", "24")
        self.run("new-session", "-d", "-s", name, *size, "/bin/sh", "-c", script)

    def window(self, session: str, script: str) -> None:
        """Start one more window of a session, in the background."""
        self.run("new-window", "-d", "-t", f"{session}:", "/bin/sh", "-c", script)

    def attach(self, session: str) -> Terminal:
        """Attach in a terminal of ours; without the status line."""
        self.run("set-option", "-t", session, "status", "off")
        return Terminal(self.argv("attach", "-t", session), env=self._env)

    @contextlib.contextmanager
    def control(self, session: str) -> Generator[subprocess.Popen[bytes]]:
        """Attach in control mode: every byte of every window of the session comes."""
        with subprocess.Popen(
            self.argv("-C", "attach", "-t", session),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._env,
            bufsize=1 << 18,
        ) as client:
            assert client.stdout is not None
            for line in client.stdout:
                if line.startswith(b"%session-changed"):
                    break
            yield client
            client.kill()


def until(true: Callable[[], object], *, within: float = _DEADLINE) -> None:
    """Wait for what tells nobody when it happens."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def install_packages() -> None:
    """Install the peers that Debian has, where they are missing."""
    missing = [name for name in _DEBIAN if not shutil.which(name)]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit(f"Missing: {' '.join(missing)}. Install them and run this again.")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=env)
    install = ["apt-get", "install", "-qq", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, env=env, stdout=subprocess.DEVNULL)


def install_pylsp() -> str:
    """Install the peer pylsp into a folder of its own and give its path."""
    program = PEERS / "bin" / "pylsp"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        subprocess.run(
            [PEERS / "bin/python", "-m", "pip", "install", "-q", "python-lsp-server"],
            check=True,
        )
    return str(program)
