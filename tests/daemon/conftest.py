"""A user's folders and a daemon with stand-ins for core and connections."""

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.client import Client
from agentls.connect import connect
from agentls.frames import FrameSplitter, encode
from agentls.paths import Paths
from agentls.record import daemon_lock_is_free
from agentls.spawn import start_daemon

DEADLINE = 20.0
STUB = Path(__file__).with_name("stub_daemon.py")
COMMAND = (sys.executable, "-I", str(STUB), "--detach")


@attrs.frozen(kw_only=True)
class User:
    """A user with a fresh home; daemons run with their variables."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def paths(self) -> Paths:
        return Paths.from_environ(self.environ, uid=os.getuid())

    @property
    def starter(self) -> Callable[..., None]:
        return functools.partial(start_daemon, command=COMMAND)

    def having(self, **variables: str) -> "User":
        return attrs.evolve(self, environ={**self.environ, **variables})

    def connect(self, **options: Any):
        return connect(
            self.paths, environ=self.environ, **{"starter": self.starter, **options}
        )

    def client(self, **options: Any) -> Client:
        return Client.open(
            self.paths, environ=self.environ, starter=self.starter, **options
        )

    def pids(self) -> list[int]:
        """Give the processes of this user's stub daemon, found in /proc."""
        found: list[int] = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if not folder.name.isdigit():
                    continue
                words = (folder / "cmdline").read_bytes().split(b"\0")
                variables = (folder / "environ").read_bytes().split(b"\0")
                mine = f"HOME={self.environ['HOME']}".encode()
                if os.fsencode(STUB) in words and mine in variables:
                    found.append(int(folder.name))
        return found

    def log(self) -> str:
        return (
            self.paths.daemon_log.read_text() if self.paths.daemon_log.exists() else ""
        )


def wait_until(true: Callable[[], Any], *, seconds: float = DEADLINE) -> Any:
    """Wait for what gives no event, such as another process's file."""
    end = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        select.select([], [], [], 0.01)
    return found


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    return wait_until


@pytest.fixture
def user() -> Generator[User]:
    folder = Path(tempfile.mkdtemp(prefix="agentls-", dir="/tmp"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    user = User(
        folder=folder,
        environ={
            "HOME": str(folder / "home"),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
        },
    )
    yield user
    left = user.pids()
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not user.pids())
    state = user.paths
    # Its name is gone before its descriptors are: the lock tells that it is all gone.
    wait_until(lambda: not state.daemon_lock.exists() or daemon_lock_is_free(state))
    shutil.rmtree(folder)


@attrs.define(kw_only=True)
class Editor:
    """An editor's side of `agentls lsp`: it knows every message that came."""

    process: subprocess.Popen[bytes]
    splitter: FrameSplitter = attrs.Factory(FrameSplitter)
    heard: list[Any] = attrs.Factory(list)
    last_id: int = 0

    def say(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(encode(body))
        self.process.stdin.flush()

    def ask(self, method: str, params: Any = None, *, token: Any = None) -> int:
        self.last_id += 1
        params = dict(params or {})
        if token is not None:
            params["workDoneToken"] = token
        self.say(id=self.last_id, method=method, params=params)
        return self.last_id

    def command(self, name: str, argument: Any = None, *, token: Any = None) -> int:
        params = {"command": name, "arguments": [argument or {}]}
        return self.ask("workspace/executeCommand", params, token=token)

    def wait(self, wanted: Callable[[Any], bool], *, after: int = 0) -> Any:
        """Give the first message that is wanted, read or yet to come."""
        end = time.monotonic() + DEADLINE
        while True:
            for message in self.heard[after:]:
                if wanted(message):
                    return message
            left = end - time.monotonic()
            assert left > 0, f"it never came; heard {self.heard[-5:]}"
            after = len(self.heard)
            if select.select([self.process.stdout], [], [], left)[0]:
                data = os.read(self.process.stdout.fileno(), 1 << 20)
                assert data, "the bridge ended"
                for frame in self.splitter.feed(data):
                    self.heard.append(json.loads(frame.body))

    def answer(self, request: int) -> Any:
        return self.wait(lambda m: m.get("id") == request and "method" not in m)

    def result(self, request: int) -> Any:
        answer = self.answer(request)
        assert "error" not in answer, answer
        return answer["result"]

    def notification(self, method: str, *, after: int = 0) -> Any:
        return self.wait(lambda m: m.get("method") == method, after=after)["params"]

    def state(self) -> Any:
        return self.result(self.command("stub.state"))

    def greet(self, **told: Any) -> int:
        """Initialize; give the daemon's pid."""
        params = {"processId": None, "capabilities": {}, "rootUri": None} | told
        found = self.result(self.ask("initialize", params))
        self.say(method="initialized", params={})
        return found["serverInfo"]["pid"]

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "x", "version": 1, "text": text}
        self.say(method="textDocument/didOpen", params={"textDocument": document})

    def change(self, uri: str, text: str, *, version: int) -> None:
        params = {
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"text": text}],
        }
        self.say(method="textDocument/didChange", params=params)

    def end(self) -> int:
        self.process.stdin.close()
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        return code


_BRIDGE = """
import functools, os, sys
from agentls.bridge import Bridge
from agentls.connect import connect
from agentls.paths import Paths
from agentls.spawn import start_daemon
starter = functools.partial(start_daemon, command=sys.argv[1:])
paths = Paths.of_this_process()
seconds = float(os.environ.get("TEST_SECONDS", "20"))
sys.exit(Bridge(lambda: connect(paths, starter=starter, seconds=seconds),
                environ=os.environ).run())
"""


@pytest.fixture
def start_editor(user: User) -> Generator[Callable[..., Editor]]:
    """Start `agentls lsp` for an editor; its daemons are stubs."""
    editors: list[Editor] = []

    def start(
        who: User = user, *, command: tuple[str, ...] = COMMAND, **variables: str
    ):
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BRIDGE, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**who.environ, **variables},
        )
        editors.append(Editor(process=process))
        return editors[-1]

    yield start
    for editor in editors:
        if editor.process.poll() is None:
            editor.process.kill()
        editor.process.wait(DEADLINE)
        for stream in (editor.process.stdin, editor.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@pytest.fixture
def held_lock(user: User) -> Iterator[Callable[[], int]]:
    """Let another process hold the daemon's lock, as a daemon would."""
    held: list[subprocess.Popen[bytes]] = []

    def hold() -> int:
        user.paths.make_private()
        code = (
            "import fcntl,sys;f=open(sys.argv[1],'a');"
            "fcntl.flock(f,fcntl.LOCK_EX);print('held',flush=True);sys.stdin.read()"
        )
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, str(user.paths.daemon_lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        held.append(process)
        assert process.stdout.readline() == b"held\n"
        return process.pid

    yield hold
    for process in held:
        process.stdin.close()
        process.wait(DEADLINE)
        process.stdout.close()
