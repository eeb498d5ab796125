"""A user of the command line: folders, a repository and a daemon of their own."""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agentls.cli import traces

_SECONDS = 60.0
_INHERITED = ("PATH", "LANG", "TMPDIR")


class Terminal:
    """A program on a terminal of its own, and what it has drawn."""

    def __init__(
        self, argv: list[str], *, environment: Mapping[str, str], cwd: Path
    ) -> None:
        self.master, slave = pty.openpty()
        self.resize(rows=33, columns=77)
        self.before = termios.tcgetattr(slave)
        # A controlling terminal, as a shell gives it: opened by the session's leader.
        device = os.ttyname(slave)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" <>{device} >&0 2>&1', "sh", *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
        self.slave = slave
        self.output = b""

    def resize(self, *, rows: int, columns: int) -> None:
        termios.tcsetwinsize(self.master, (rows, columns))

    def type(self, text: str | bytes) -> None:
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def see(self, pattern: str, *, seconds: float = _SECONDS) -> re.Match[str]:
        """Wait until the pattern is in what was drawn and not yet seen."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.output.decode(errors="replace")
            if found := re.search(pattern, text):
                self.output = text[found.end() :].encode()
                return found
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern!r} didn't come; there is: {text!r}"
            if select.select([self.master], [], [], left)[0]:
                try:
                    data = os.read(self.master, 65536)
                except OSError:  # Linux' way to say that nobody has the other end
                    data = b""
                assert data, f"the terminal closed before {pattern!r}: {text!r}"
                self.output += data

    def end(self, *, seconds: float = _SECONDS) -> int:
        """Wait for the program's end, drawing what it draws; give its status."""
        deadline = time.monotonic() + seconds
        ended = os.pidfd_open(self.process.pid)
        try:
            while True:
                left = max(0.0, deadline - time.monotonic())
                ready, _, _ = select.select([self.master, ended], [], [], left)
                assert ready, "the program doesn't end"
                if self.master in ready:
                    self.output += os.read(self.master, 65536)
                elif ended in ready:
                    return self.process.wait()
        finally:
            os.close(ended)

    def attributes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


class User:
    """Somebody with an empty home, a repository, and agentls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        for name in ("home", "state", "data", "config"):
            (folder / name).mkdir(mode=0o700)
        # A test's own folder is too long for a socket.
        self.runtime = Path(tempfile.mkdtemp(prefix="agentls-test-", dir="/tmp"))
        self.environment = {
            name: os.environ[name] for name in _INHERITED if name in os.environ
        } | {
            "HOME": str(self.home),
            "SHELL": "/bin/sh",
            "TERM": "xterm-256color",
            "AGENTLS_STATE_DIR": str(folder / "state"),
            "AGENTLS_DATA_DIR": str(folder / "data"),
            "AGENTLS_CONFIG_DIR": str(folder / "config"),
            "AGENTLS_RUNTIME_DIR": str(self.runtime),
            "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
            "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        }
        self.repository = self.make_repository("repository")
        self.terminals: list[Terminal] = []

    def make_repository(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        self.git("init", "-q", "-b", "main", cwd=path)
        self.git("config", "user.name", "A User", cwd=path)
        self.git("config", "user.email", "user@example.invalid", cwd=path)
        (path / "README.md").write_text("one\ntwo\nthree\n")
        self.git("add", "-A", cwd=path)
        self.git("commit", "-qm", "First", cwd=path)
        return path

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.repository,
            env=self.environment,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            text=True,
        ).stdout.strip()

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "agentls", *arguments]

    def raw(
        self,
        *arguments: str,
        given: str | None = None,
        cwd: Path | None = None,
        **environment: str,
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.argv(*arguments),
            cwd=cwd or self.repository,
            env=self.environment | environment,
            input=None if given is None else given.encode(),
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )

    def call(self, *arguments: str, status: int = 0, **options: Any) -> str:
        """Run a command to the expected status; give what it printed."""
        done = self.raw(*arguments, **options)
        said = done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode()
        assert done.returncode == status, said
        return said[0] if status == 0 else said[1]

    def json(self, *arguments: str) -> Any:
        return json.loads(self.call(*arguments, "--json"))

    def task(self, script: str, *options: str, state: str = "review") -> str:
        """Create a task that runs a shell script, and wait for its rest."""
        status = 0 if state == "review" else 8
        done = self.raw("run", "--agent", "shell", "--wait", *options, "--json", script)
        assert done.returncode == status, done
        told = json.loads(done.stdout)["task"]
        assert told["state"] == state
        return told["id"]

    def begin(self, script: str) -> str:
        """Create a task and don't wait."""
        return self.json("run", "--agent", "shell", script)["task"]["id"]

    def state(self, task: str) -> str:
        return self.json("show", task)["task"]["state"]

    def worktree(self, task: str) -> Path:
        uri = self.json("show", task)["task"]["worktree"]
        return Path(uri.removeprefix("file://"))

    def popen(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.repository,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what a readline reads ahead, communicate would miss
        )

    def terminal(self, *arguments: str, **environment: str) -> Terminal:
        terminal = Terminal(
            self.argv(*arguments),
            environment=self.environment | environment,
            cwd=self.repository,
        )
        self.terminals.append(terminal)
        return terminal

    def kill_daemon(self) -> None:
        """Kill it with SIGKILL and see it gone."""
        record = json.loads((self.folder / "state" / "daemon.json").read_text())
        # Readable when the last thread is gone, and with it the daemon's sockets: what
        # is typed into them before that, nobody gets.
        pidfd = os.pidfd_open(int(record["pid"]))
        try:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            assert select.select([pidfd], [], [], _SECONDS)[0]
        finally:
            os.close(pidfd)

    @contextlib.contextmanager
    def no_daemon(self) -> Generator[None]:
        """Kill the daemon, and let no other start: its store can't be opened."""
        self.kill_daemon()
        database = self.folder / "state" / "agentls.db"
        kept = {path: path.read_bytes() for path in database.parent.glob("agentls.db*")}
        for path in kept:
            path.unlink()
        database.write_bytes(b"this is no database" * 1000)
        try:
            yield
        finally:
            database.unlink()
            for path, data in kept.items():
                path.write_bytes(data)
            self.call("ls")  # starts one

    @property
    def daemon_runs(self) -> bool:
        return self.raw("daemon", "status").returncode == 0

    def leave(self) -> None:
        """End what runs; nothing may be left after that."""
        for terminal in self.terminals:
            terminal.close()
        try:
            if (self.folder / "state" / "daemon.json").exists():
                for task in self.json("ls")["tasks"]:
                    if task["state"] in {"preparing", "working", "waiting", "checking"}:
                        self.raw("stop", task["id"])  # it may have ended since
                self.call("daemon", "stop")
        finally:
            left = traces.processes_of(self.folder)
            gone = traces.all_gone(left, within=10)
            traces.end_all(left)
            shutil.rmtree(self.runtime)
        assert gone, [(p, Path(f"/proc/{p.pid}/cmdline").read_bytes()) for p in left]


@pytest.fixture
def user(tmp_path: Path) -> Generator[User]:
    """Give a user; all that they started is gone afterwards."""
    somebody = User(tmp_path)
    yield somebody
    somebody.leave()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Give what looks again and again, where no event tells."""

    def wait(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not done():
            assert time.monotonic() < deadline, "it doesn't come true"
            select.select([], [], [], 0.02)

    return wait
