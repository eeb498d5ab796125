"""A newer daemon drives shims of an older protocol, which can't be upgraded."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agentls.model import Exit, SessionId
from agentls.paths import Paths
from agentls.sessions.folder import socket_name, write_address
from agentls.sessions.launch import Launch
from agentls.sessions.live import LiveSession
from agentls.sessions.screens import Screens
from agentls.sessions.sessions import Sessions

OLD = SessionId("old")
SHIM = Path(__file__).with_name("shim_v1.py")


@pytest.fixture
async def older(
    paths: Paths, eventually: Callable[..., Awaitable[None]]
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Have a shim of protocol 1 run a script, as an older daemon left it."""
    processes: list[subprocess.Popen[bytes]] = []

    async def start(script: str) -> None:
        paths.make_private()
        folder = paths.sessions / OLD
        folder.mkdir()
        write_address(folder, address=paths.make_socket_dir() / socket_name(OLD))
        command = [sys.executable, str(SHIM), str(folder), script]
        processes.append(
            await asyncio.to_thread(subprocess.Popen, command, start_new_session=True)
        )
        await eventually((folder / "meta").exists)

    yield start
    for process in processes:
        process.kill()
        process.wait()


async def test_a_shim_of_protocol_1_is_driven(
    sessions: Sessions,
    older: Callable[[str], Awaitable[None]],
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    await older(
        "trap 'echo hung up' HUP; trap 'echo bye; exit 3' TERM; stty -echo; echo ready;"
        " while :; do read x && { echo got $x; stty size; }; done"
    )
    live = await sessions.adopt(OLD)
    assert isinstance(live, LiveSession)
    await output(live, until=b"ready\r\n")
    await live.resize(rows=30, cols=99)
    await live.write(b"typed\n")
    await output(live, until=b"got typed\r\n30 99\r\n")
    assert live.grid == (30, 99)
    await live.signal(signal.SIGHUP)
    await output(live, until=b"hung up\r\n")
    await live.stop(5)
    assert (await ended(live)).status == 3
    assert (await output(live)).endswith(b"bye\r\n")
    found = await sessions.adopt(OLD)
    assert isinstance(found, Exit)


async def test_what_its_program_asks_from_now_on_is_answered_as_input(
    paths: Paths,
    older: Callable[[str], Awaitable[None]],
    output: Callable[..., Awaitable[bytes]],
    eventually: Callable[..., Awaitable[None]],
):
    await older(
        r"stty raw -echo; printf '\033[c asked before'; head -c 1 >/dev/null;"
        r" printf '\033[5n'; head -c 4 | od -An -c; read x"
    )
    async with (
        Screens(paths.sessions) as screens,
        Sessions(paths=paths, linked=screens.follow, over=screens.forget) as sessions,
    ):
        live = await sessions.adopt(OLD)
        assert isinstance(live, LiveSession)
        await output(live, until=b"asked before")
        await eventually(lambda: OLD in screens._followed)
        await live.write(b"x")
        assert b"033   [   0   n" in await output(live, until=b"n\n")
        await live.stop(0)


async def test_a_shim_of_a_later_protocol_is_left_alone(
    sessions: Sessions,
    paths: Paths,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    live = await sessions.start(launch("echo ready; read x; echo on"))
    monkeypatch.setattr("agentls.sessions.link.PROTOCOL", 1)
    async with Sessions(paths=paths) as older_daemon:
        found = await older_daemon.adopt(live.id)
        assert isinstance(found, LiveSession)
        assert await output(found, until=b"ready")
    assert "speaks protocol 2, this agentls up to 1; the session goes on" in caplog.text
    await live.write(b"\r")
    await output(live, until=b"on")
