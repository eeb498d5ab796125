"""The shim itself, spoken to over its socket, frame by frame."""

import os
import signal
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agentls.errors import InvalidState
from agentls.model import Exit
from agentls.paths import Paths
from agentls.sessions import wire
from agentls.sessions.folder import (
    read_address,
    read_exit,
    read_grids,
    read_meta,
    write_address,
)
from agentls.sessions.launch import Launch
from agentls.sessions.live import LiveSession
from agentls.sessions.sessions import Sessions


class Raw:
    """A client that does exactly what the test says."""

    def __init__(self, address: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(address))

    def send(self, kind: int, payload: bytes = b"") -> None:
        self.sock.sendall(wire.HEADER.pack(kind, len(payload)) + payload)

    def receive(self) -> tuple[int, bytes]:
        kind, length = wire.HEADER.unpack(self._exactly(wire.HEADER.size))
        return kind, self._exactly(length)

    def drain(self) -> None:
        while True:
            self.receive()

    def flood(self, kind: int, payload: bytes) -> None:
        for _ in range(1000):
            self.send(kind, payload)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data


@pytest.fixture
def connect(paths: Paths):
    opened: list[Raw] = []

    def make(name: str = "one") -> Raw:
        opened.append(Raw(read_address(paths.sessions / name)))
        return opened[-1]

    yield make
    for raw in opened:
        raw.sock.close()


async def test_hello_tells_version_grid_and_size(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    live = await sessions.start(launch("printf 12345; read x", rows=7, cols=9))
    await output(live, until=b"12345")

    kind, payload = connect().receive()
    assert kind == wire.HELLO
    assert struct.unpack("<HHHQQ", payload) == (wire.PROTOCOL, 7, 9, 5, 0)


async def test_what_the_program_asked_is_answered_once(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    live = await sessions.start(launch("stty -echo; echo ready; cat"))
    await output(live, until=b"ready")
    first, second = connect(), connect()
    for raw in (first, second):
        raw.send(wire.ANSWER, struct.pack("<Q", 10) + b"a10\r")
        raw.send(wire.ANSWER, struct.pack("<Q", 9) + b"a9\r")
    await output(live, until=b"a10\r\n")
    second.send(wire.ANSWER, struct.pack("<Q", 11) + b"a11\r")

    text = await output(live, until=b"a11\r\n")
    assert text.count(b"a") == 3  # of "ready", and each answer once
    _, payload = connect().receive()
    assert struct.unpack_from("<Q", payload, 14) == (11,)


async def test_one_notice_for_one_arm(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    live = await sessions.start(launch("stty -echo; while read x; do echo $x; done"))
    raw = connect()
    raw.receive()
    raw.send(wire.ARM, struct.pack("<Q", 0))
    await live.write(b"a\rb\rc\r")
    await output(live, until=b"c")
    kind, payload = raw.receive()
    assert kind == wire.SIZE
    assert struct.unpack("<Q", payload)[0] > 0
    raw.send(wire.ARM, struct.pack("<Q", 1 << 40))
    raw.send(wire.RESIZE, struct.pack("<HH", 5, 6))

    assert raw.receive() == (wire.GRID, struct.pack("<HH", 5, 6))


async def test_the_exit_is_told_with_the_final_size(
    sessions: Sessions, launch: Callable[..., Launch], connect: Callable[..., Raw]
):
    live = await sessions.start(launch("read x; printf 12345; exit 6"))
    raw = connect()
    raw.receive()
    await live.write(b"\r")
    kind, payload = raw.receive()

    assert kind == wire.EXIT
    assert struct.unpack("<iIQ", payload) == (6, 0, 7)
    with pytest.raises(EOFError):
        raw.receive()


async def test_a_client_that_never_reads_stalls_nobody(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    code = "input(); print('x' * 3_000_000); print('END')"
    live = await sessions.start(python_program(code))
    for _ in range(20):
        raw = connect()
        for n in range(2000):  # each asks for an answer that it doesn't take
            raw.send(wire.RESIZE, struct.pack("<HH", 10 + n % 2, 10))
            raw.send(wire.ARM, struct.pack("<Q", 0))
    await live.write(b"\r")

    assert (await output(live)).endswith(b"x\r\nEND\r\n")


@pytest.mark.parametrize(
    "frame",
    [
        wire.HEADER.pack(wire.INPUT, wire.MAX_PAYLOAD + 1),
        wire.HEADER.pack(wire.RESIZE, 1) + b"x",
        os.urandom(4096),
    ],
)
async def test_a_client_that_speaks_nonsense_is_let_go(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
    frame: bytes,
):
    live = await sessions.start(launch("echo ready; read x; echo fine"))
    raw = connect()
    raw.sock.sendall(frame)
    raw.sock.shutdown(socket.SHUT_WR)
    with pytest.raises((EOFError, ConnectionError)):
        raw.drain()
    await live.write(b"\r")

    assert b"fine" in await output(live)


async def test_frames_of_a_later_version_are_left_out(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    live = await sessions.start(launch("read x; echo $x"))
    raw = connect()
    raw.send(ord("Z"), b"later")
    raw.send(wire.INPUT, b"now\r")

    assert b"now\r\n" in await output(live)


async def test_input_beyond_the_window_ends_the_connection(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    connect: Callable[..., Raw],
):
    live = await sessions.start(launch("stty raw; echo ready; sleep 1000"))
    await output(live, until=b"ready")
    raw = connect()
    with pytest.raises((EOFError, ConnectionError)):
        raw.flood(wire.INPUT, bytes(wire.MAX_PAYLOAD))
    await live.stop(0)


async def test_a_second_shim_for_a_folder_refuses(
    sessions: Sessions, launch: Callable[..., Launch], paths: Paths
):
    live = await sessions.start(launch("read x"))
    meta = read_meta(paths.sessions / "one")
    sessions._make_folder = lambda _: None
    with pytest.raises(InvalidState, match="shim already"):
        await sessions.start(launch("echo another"))

    assert read_meta(paths.sessions / "one") == meta
    assert read_exit(paths.sessions / "one") is None
    assert live.live


async def test_sigusr1_binds_the_socket_at_the_address_again(
    *,
    sessions: Sessions,
    launch: Callable[..., Launch],
    paths: Paths,
    connect: Callable[..., Raw],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
):
    await sessions.start(launch("read x"))
    folder = paths.sessions / "one"
    before = read_address(folder)
    after = before.with_name("another")
    write_address(folder, address=after)
    os.kill(read_meta(folder).shim.pid, signal.SIGUSR1)
    await eventually(after.exists)

    assert connect().receive()[0] == wire.HELLO
    assert not before.exists()


async def test_an_address_that_can_not_be_bound_harms_nothing(
    *,
    sessions: Sessions,
    launch: Callable[..., Launch],
    paths: Paths,
    output: Callable[..., Awaitable[bytes]],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
    tmp_path: Path,
):
    live = await sessions.start(launch("read x; echo fine"))
    folder = paths.sessions / "one"
    write_address(folder, address=tmp_path / "no" / "such" / "folder")
    os.kill(read_meta(folder).shim.pid, signal.SIGUSR1)
    await eventually(lambda: (folder / "shim.err").stat().st_size)
    await live.write(b"\r")

    assert b"fine" in await output(live)


async def test_the_grids_are_kept_with_their_offsets(
    sessions: Sessions,
    launch: Callable[..., Launch],
    paths: Paths,
    output: Callable[..., Awaitable[bytes]],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    script = "printf 12345; trap 'exit' WINCH; while :; do read x; done"
    live = await sessions.start(launch(script, rows=3, cols=4))
    await output(live, until=b"12345")
    await live.resize(rows=5, cols=6)
    await ended(live)

    grids = [(g.offset, g.rows, g.cols) for g in read_grids(paths.sessions / "one")]
    assert grids == [(0, 3, 4), (5, 5, 6)]


async def test_the_folder_is_for_its_user_alone(
    sessions: Sessions,
    launch: Callable[..., Launch],
    paths: Paths,
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    await ended(await sessions.start(launch("echo x")))
    folder = paths.sessions / "one"

    assert folder.stat().st_mode & 0o777 == 0o700
    assert read_address(folder).parent.stat().st_mode & 0o777 == 0o700


async def test_idle_costs_no_processor_time(
    sessions: Sessions,
    launch: Callable[..., Launch],
    paths: Paths,
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(launch("echo ready; read x"))
    await output(live, until=b"ready")
    shim = read_meta(paths.sessions / "one").shim.pid

    def switches() -> int:
        status = Path(f"/proc/{shim}/status").read_text("ascii")
        return int(status.split("voluntary_ctxt_switches:")[1].split()[0])

    before = switches()
    deadline = time.monotonic() + 0.3  # a while in which nothing happens
    while time.monotonic() < deadline:
        os.sched_yield()
    assert switches() - before <= 1
