"""Where it is measured: a fresh home with a daemon, a repository, an editor.

The editor is a client on `agentls lsp`, as quick as Python allows: what it costs
counts as ours.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "PROGRAM",
    "Editor",
    "agentls",
    "fill",
    "fresh_home",
    "open_editor",
    "repository",
]

_A_FOLDER = 100

ROOT = Path(__file__).parent.parent
PROGRAM = str(ROOT / ".venv/bin/agentls")


@contextlib.contextmanager
def fresh_home() -> Generator[dict[str, str]]:
    """Give the environment of a fresh home; end what runs there after."""
    with tempfile.TemporaryDirectory(
        prefix="agentls-bench-", ignore_cleanup_errors=True
    ) as home:
        env = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "TERM": "xterm-256color",
            "AGENTLS_STATE_DIR": f"{home}/state",
            "AGENTLS_DATA_DIR": f"{home}/data",
            "AGENTLS_CONFIG_DIR": f"{home}/config",
            "AGENTLS_RUNTIME_DIR": f"{home}/run",
        }
        config = Path(home, "config")
        config.mkdir()
        (config / "config.toml").write_text("pool = 0\n[limits]\nmax_parallel = 400\n")
        try:
            yield env
        finally:
            agentls("daemon", "stop", env=env)


def agentls(*args: str, env: Mapping[str, str]) -> str:
    """Run a command of agentls and give what it printed."""
    done = subprocess.run(
        [PROGRAM, *args], env=env, check=False, capture_output=True, text=True
    )
    return done.stdout


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


def fill(root: Path, *, files: int) -> None:
    """Commit so many small files, a hundred in a folder."""
    for number in range(files):
        folder = root / f"d{number // _A_FOLDER}"
        folder.mkdir(exist_ok=True)
        (folder / f"f{number}.txt").write_text(f"file {number}\n")
    identity = ("-c", "user.name=b", "-c", "user.email=b@b")
    for args in (("add", "."), (*identity, "commit", "-qm", "files")):
        subprocess.run(["git", *args], cwd=root, check=True)


@contextlib.contextmanager
def open_editor(env: Mapping[str, str], *, root: Path) -> Generator["Editor"]:
    """Give an editor; its tasks are discarded and it is closed after."""
    editor = Editor(env, root=root)
    try:
        yield editor
    finally:
        editor.discard_all()
        editor.close()


class Editor:
    """A client on `agentls lsp`."""

    def __init__(self, env: Mapping[str, str], *, root: Path) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "lsp"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=1 << 18,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._ids = 0
        self._tasks: list[str] = []
        self.ask(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "capabilities": {}},
        )
        self.tell("initialized", {})

    def begin(self, prompt: str, *, agent: str = "shell") -> tuple[str, str]:
        """Create a task; give its id and its session's."""
        created = self.execute("createTask", prompt=prompt, agent=agent)["task"]
        self._tasks.append(created["id"])
        return created["id"], created["sessions"][-1]["id"]

    def attach_at_end(self, session: str, **options: Any) -> None:
        """Attach to what comes from now on."""
        size = self.execute("attach", session=session)["size"]
        self.execute("attach", session=session, offset=size, **options)

    def leave_tasks(self) -> None:
        """Let the tasks that were begun go on when the editor closes."""
        self._tasks.clear()

    def discard_all(self) -> None:
        """Discard the tasks that were begun."""
        while self._tasks:
            self.execute("discardTask", task=self._tasks.pop())

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and give its result; what comes before is passed over."""
        return self.answer_to(self.begin_to_ask(method, params))

    def begin_to_ask(self, method: str, params: Any) -> int:
        """Send a request and give its number."""
        self._ids += 1
        self._send(
            {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}
        )
        return self._ids

    def answer_to(self, number: int) -> Any:
        """Give a request's result; what comes before is passed over."""
        while True:
            message = self.receive()
            if message.get("id") == number and "method" not in message:
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

    def notifications(self) -> Iterator[tuple[str, Any]]:
        """Give what the server tells, as it comes."""
        while True:
            message = self.receive()
            if "method" in message and "id" not in message:
                yield message["method"], message["params"]

    def output_of(self, session: str) -> Iterator[str]:
        """Give the pieces of a session's output, acknowledged as they are taken."""
        for method, params in self.notifications():
            if params.get("session") != session:
                continue
            if method == "agentls/output":
                self.tell("agentls/ack", {"session": session, "end": params["end"]})
                yield params["text"]
            elif method == "agentls/sessionEnded":
                return

    def close(self) -> None:
        """Leave as an editor does."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._in.close()
        self._process.wait(timeout=30)
        self._out.close()

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._in.flush()
