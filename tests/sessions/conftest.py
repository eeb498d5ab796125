"""Sessions of real programs in folders of their own, and no process left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agentls.model import SessionId
from agentls.paths import Paths
from agentls.sessions.launch import Launch, LogLimits
from agentls.sessions.live import LiveSession, Watched
from agentls.sessions.sessions import Sessions
from agentls.sessions.viewer import Viewer

DEADLINE = 30.0
MARK = "LD_AGENTLS_TEST"  # a zygote is given the LD_… of its parent and nothing else


def _marked(mark: str) -> dict[int, str]:
    """Give the processes that this test has started, however indirectly."""
    found: dict[int, str] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(process.name)] = words.decode("utf-8", "replace")
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Mark every process of the test, and fail when one outlives it."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(MARK, value)
    yield value
    deadline = time.monotonic() + 10
    while (left := _marked(value)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"left behind: {left}"


@pytest.fixture
def marked(mark: str) -> Callable[[], dict[int, str]]:
    """Look at the processes of this test."""
    return lambda: _marked(mark)


@pytest.fixture
def full() -> bool:
    """Whether the full counts are asked for."""
    return os.environ.get("AGENTLS_TEST_FULL") == "1"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(
        state=tmp_path / "state",
        data=tmp_path / "data",
        config=tmp_path / "config",
        runtime=(Path("/tmp") / f"agentls-test-{uuid.uuid4().hex[:8]}",),
    )


@pytest.fixture(autouse=True)
def runtime_removed(paths: Paths) -> Iterator[None]:
    yield
    for folder in paths._runtime:
        subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    folder = tmp_path / "worktree"
    folder.mkdir()
    return folder


@pytest.fixture
def limits() -> LogLimits:
    return LogLimits()


@pytest.fixture
async def sessions(paths: Paths, limits: LogLimits) -> AsyncIterator[Sessions]:
    async with Sessions(paths=paths, limits=limits) as opened:
        yield opened
        for live in list(opened._live.values()):
            await live.stop(0)


@pytest.fixture
def launch(worktree: Path, mark: str) -> Callable[..., Launch]:
    """Make a launch of a shell script, or of what `argv` says."""

    def make(
        script: str = "",
        *,
        name: str = "one",
        argv: tuple[str, ...] = (),
        cwd: Path = worktree,
        rows: int = 24,
        cols: int = 80,
        **env: str,
    ) -> Launch:
        return Launch(
            id=SessionId(name),
            argv=argv or ("/bin/sh", "-c", script),
            cwd=cwd,
            env={"PATH": os.environ["PATH"], MARK: mark, **env},
            rows=rows,
            cols=cols,
        )

    return make


@pytest.fixture
def python_program(launch: Callable[..., Launch]) -> Callable[..., Launch]:
    """Make a launch of a Python program."""

    def make(code: str, **more: str) -> Launch:
        return launch(argv=(sys.executable, "-u", "-c", code), **more)

    return make


async def _eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - files and processes tell nobody
            await asyncio.sleep(0.005)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait until something is true, for what tells nobody when it happens."""
    return _eventually


async def _output(session: Watched, *, until: bytes = b"", offset: int = 0) -> bytes:
    data = bytearray()
    viewer = Viewer(session, offset=offset, window=1 << 30)
    async with asyncio.timeout(DEADLINE):
        async for piece in viewer:
            data += piece.data
            if until and until in data:
                break
    return bytes(data)


@pytest.fixture
def output() -> Callable[..., Awaitable[bytes]]:
    """Read a session's output to its end, or until some bytes have come."""
    return _output


@pytest.fixture
def ended() -> Callable[[LiveSession], Awaitable[object]]:
    """Wait for a session's end, with a deadline."""

    async def wait(live: LiveSession) -> object:
        async with asyncio.timeout(DEADLINE):
            return await live.ended()

    return wait
