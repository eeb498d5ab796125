"""What terminals do: output, echo, idle sessions; beside tmux and a bare pty.

Each figure of output is the time from the moment at which the program may begin to
the last byte at the reader, every byte checked where every byte comes (tmux attach
draws the last screen only, so its end is a marker on the screen).
"""

import contextlib
import hashlib
import json
import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PROGRAM = str(ROOT / ".venv/bin/agentls")
MEGABYTE = 1 << 20
_DEADLINE = 300.0


def coloured(path: Path, *, megabytes: int) -> None:
    """Write a file of coloured lines, as compilers and test runners print."""
    line = "\033[32mok\033[0m   tests/test_{n:06d}.py \033[2m{n} ms\033[0m passed\n"
    block = "".join(line.format(n=n) for n in range(20_000)).encode()
    with path.open("wb") as file:
        for _ in range(megabytes * MEGABYTE // len(block) + 1):
            file.write(block)


def as_printed(path: Path) -> bytes:
    """Give the file's bytes as a terminal passes them on: CR LF at line ends."""
    return path.read_bytes().replace(b"\n", b"\r\n")


class Editor:
    """A client on `agentls lsp`, as quick as Python allows."""

    def __init__(self, env: Mapping[str, str], *, root: Path) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "lsp"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._ids = 0
        self.ask(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "capabilities": {}},
        )
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and give its result; what comes before is passed over."""
        self._ids += 1
        self._send(
            {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}
        )
        while True:
            message = self.receive()
            if message.get("id") == self._ids and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]

    def execute(self, name: str, **arguments: Any) -> Any:
        """Run one of our commands."""
        return self.ask(
            "workspace/executeCommand",
            {"command": f"agentls.{name}", "arguments": [arguments]},
        )

    def receive(self) -> Any:
        """Give the next message."""
        length = 0
        while (line := self._out.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError
        return json.loads(self._out.read(length))

    def output_of(self, session: str) -> Generator[bytes]:
        """Give the pieces of a session, acknowledged as they are taken."""
        while True:
            message = self.receive()
            params = message.get("params", {})
            if params.get("session") != session:
                continue
            if message["method"] == "agentls/output":
                yield params["text"].encode()
                self.tell("agentls/ack", {"session": session, "end": params["end"]})
            elif message["method"] == "agentls/sessionEnded":
                return

    def close(self) -> None:
        """Leave as an editor does."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait(timeout=10)
        self._in.close()
        self._out.close()

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._in.flush()


def repository(folder: Path) -> Path:
    """Make a small repository for tasks to run in."""
    root = folder / "repository"
    root.mkdir()
    identity = ("-c", "user.name=b", "-c", "user.email=b@b")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(
        ["git", *identity, "commit", "-q", "--allow-empty", "-m", "first"],
        cwd=root,
        check=True,
    )
    return root


def output_through_agentls(
    editor: Editor, command: str, *, gate: Path, wanted: bytes
) -> float:
    """Measure a program's output, agent to LSP client, every byte checked."""
    with contextlib.suppress(FileExistsError):
        os.mkfifo(gate)
    created = editor.execute(
        "createTask", prompt=f"read -r _ < '{gate}'; {command}", agent="shell"
    )
    session = created["task"]["sessions"][-1]["id"]
    editor.execute("attach", session=session, window=4 * MEGABYTE)
    began = time.perf_counter()
    gate.write_text("go\n")
    digest = hashlib.sha256()
    for piece in editor.output_of(session):
        digest.update(piece)
    took = time.perf_counter() - began
    assert digest.digest() == hashlib.sha256(wanted).digest(), "not every byte came"
    editor.execute("discardTask", task=created["task"]["id"])
    return took


def output_through_pty(command: str, *, wanted: bytes) -> float:
    """Measure the same through a bare pseudo-terminal, read in Python."""
    began = time.perf_counter()
    pid, fd = pty.fork()
    if not pid:
        os.execv("/bin/sh", ["/bin/sh", "-c", command])
    digest = hashlib.sha256()
    with contextlib.suppress(OSError):  # EIO is a terminal's end
        while data := os.read(fd, 1 << 16):
            digest.update(data)
    took = time.perf_counter() - began
    os.close(fd)
    os.waitpid(pid, 0)
    assert digest.digest() == hashlib.sha256(wanted).digest()
    return took


@contextlib.contextmanager
def tmux(folder: Path) -> Generator[Callable[..., list[str]]]:
    """Give a tmux server of our own as the beginning of its commands."""
    base = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]

    def command(*args: str) -> list[str]:
        return [*base, *args]

    try:
        yield command
    finally:
        subprocess.run(command("kill-server"), check=False, capture_output=True)


_OCTAL = re.compile(rb"\\([0-7]{3})")


def output_through_control_mode(
    command: str, *, folder: Path, gate: Path, wanted: bytes
) -> float:
    """Measure the same through tmux -C, which gives every byte."""
    script = f"read -r _ < '{gate}'; {command}"
    with tmux(folder) as run:
        client = subprocess.Popen(
            run("-C", "new-session", "-x", "80", "-y", "24", "/bin/sh", "-c", script),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert client.stdout is not None
        assert client.stdin is not None
        for line in client.stdout:
            if line.startswith(b"%session-changed"):
                break
        began = time.perf_counter()
        gate.write_text("go\n")
        size = 0
        for line in client.stdout:
            if line.startswith(b"%output "):
                text = line.rstrip(b"\n").split(b" ", 2)[2]
                size += len(_OCTAL.sub(lambda m: bytes([int(m[1], 8)]), text))
            elif line.startswith((b"%exit", b"%window-close")):
                break
        took = time.perf_counter() - began
        client.stdin.close()
        client.kill()
        client.wait()
        client.stdout.close()
        # Its pause and its own resets may add or drop a little; nearly all must come.
        assert abs(size - len(wanted)) < len(wanted) // 100, (size, len(wanted))
    return took


def output_through_attach(command: str, *, folder: Path, gate: Path) -> float:
    """Measure tmux attach, which draws the last screen, to a marker at the end."""
    script = f"read -r _ < '{gate}'; {command}; printf 'THE''END'; sleep 60"
    with tmux(folder) as run:
        pid, fd = pty.fork()
        if not pid:
            os.environ["TERM"] = "xterm-256color"
            argv = run("new-session", "/bin/sh", "-c", script)
            os.execvp(argv[0], argv)
        os.read(fd, 1 << 16)
        began = time.perf_counter()
        gate.write_text("go\n")
        seen = b""
        while b"THEEND" not in seen:
            ready, _, _ = select.select([fd], [], [], _DEADLINE)
            assert ready, "tmux draws no more"
            seen = seen[-16:] + os.read(fd, 1 << 16)
        took = time.perf_counter() - began
    with contextlib.suppress(OSError):
        while os.read(fd, 1 << 16):
            pass
    os.close(fd)
    os.waitpid(pid, 0)
    return took


def echo_times(
    type_key: Callable[[bytes], None], read: Callable[[], bytes]
) -> list[float]:
    """Measure keys from typed to echoed, one after another, in milliseconds."""
    times: list[float] = []
    for number in range(300):
        key = b"~{}|`"[number % 5 :][:1]  # in no escape sequence that tmux draws with
        began = time.perf_counter()
        type_key(key)
        seen = b""
        while key not in seen:
            seen += read()
        times.append((time.perf_counter() - began) * 1000)
    return times


def percentile(times: list[float], share: float) -> float:
    """Give the value below which that share of the times lies."""
    return statistics.quantiles(times, n=100)[int(share * 100) - 1]


def echo_through_agentls(editor: Editor) -> list[float]:
    """Measure the echo of `cat` through the whole path."""
    created = editor.execute("createTask", prompt="exec cat", agent="shell")
    session = created["task"]["sessions"][-1]["id"]
    editor.execute("attach", session=session, control=True)
    pieces = editor.output_of(session)
    times = echo_times(
        lambda key: editor.tell(
            "agentls/input", {"session": session, "text": key.decode()}
        ),
        lambda: next(pieces),
    )
    editor.execute("discardTask", task=created["task"]["id"])
    return times


def echo_through_tmux(folder: Path) -> list[float]:
    """Measure the same through tmux attach."""
    with tmux(folder) as run:
        pid, fd = pty.fork()
        if not pid:
            os.environ["TERM"] = "xterm-256color"
            argv = run("new-session", "cat")
            os.execvp(argv[0], argv)
        time.sleep(1)  # let it draw its first screen: nothing tells when it is done
        os.read(fd, 1 << 16)
        times = echo_times(lambda key: _write(fd, key), lambda: os.read(fd, 1 << 16))
    os.close(fd)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return times


def _write(fd: int, data: bytes) -> None:
    os.write(fd, data)


def memory_of(pids: list[int]) -> float:
    """Give the proportional share of memory of some processes, in megabytes."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


if __name__ == "__main__":
    sys.exit("run benchmarks/bench.py")
