"""A disk with no room: the program waits, then output is dropped and the gap kept.

A limit on the size of files, set on the running shim, stands for the disk: the
write fails in the same place, and room comes back when the limit is raised.
"""

import contextlib
import resource
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from agentls.errors import StorageFull
from agentls.host import ProcessIdentity, is_alive
from agentls.model import Exit
from agentls.paths import Paths
from agentls.sessions.folder import read_exit, read_gaps, read_meta
from agentls.sessions.launch import Launch, LogLimits
from agentls.sessions.live import LiveSession
from agentls.sessions.sessions import Sessions
from agentls.sessions.viewer import Viewer

ROOM = 100_000
FLOOD = (
    "import os; os.system('stty -echo'); print('ready'); input();"
    "[print(f'{n:08d}') for n in range(40000)]; input()"
)
EXPECTED = b"ready\r\n" + b"".join(b"%08d\r\n" % n for n in range(40000))

if not hasattr(resource, "prlimit"):
    pytest.skip("needs prlimit", allow_module_level=True)


def _has_ended(process: ProcessIdentity) -> bool:
    return not is_alive(process)


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> LogLimits:
    stall = getattr(request, "param", 60.0)
    return LogLimits(segment_bytes=1 << 30, stall_seconds=stall)


@pytest.fixture
def room(paths: Paths):
    def set_room(count: int) -> None:
        shim = read_meta(paths.sessions / "one").shim.pid
        resource.prlimit(shim, resource.RLIMIT_FSIZE, (count, resource.RLIM_INFINITY))

    return set_room


@pytest.fixture
async def flood(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    room: Callable[[int], None],
):
    live = await sessions.start(python_program(FLOOD))
    await output(live, until=b"ready")
    room(ROOM)
    await live.write(b"\r")
    return live


async def test_the_program_waits_and_goes_on_when_there_is_room(
    flood: LiveSession,
    room: Callable[[int], None],
    output: Callable[..., Awaitable[bytes]],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
    paths: Paths,
):
    live = flood
    await live.grown(ROOM - 1)
    await live.resize(rows=9, cols=9)  # control goes on meanwhile
    await eventually(lambda: live.grid == (9, 9))
    assert live.size == ROOM
    room(resource.RLIM_INFINITY)
    await live.write(b"\r")

    assert await output(live) == EXPECTED
    assert read_gaps(paths.sessions / "one") == ()


async def test_the_end_of_the_output_waits_for_room_too(
    *,
    sessions: Sessions,
    python_program: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
    room: Callable[[int], None],
    eventually: Callable[[Callable[[], object]], Awaitable[None]],
    paths: Paths,
):
    code = (
        "import os; os.system('stty -echo'); print('ready'); input();"
        f"print('x' * {ROOM + 3000}, end='END')"
    )
    live = await sessions.start(python_program(code))
    await output(live, until=b"ready")
    room(ROOM)
    await live.write(b"\r")
    await live.grown(ROOM - 1)
    meta = read_meta(paths.sessions / "one")
    assert meta is not None
    assert meta.agent is not None
    await eventually(partial(_has_ended, meta.agent))
    room(resource.RLIM_INFINITY)

    assert await output(live) == b"ready\r\n" + b"x" * (ROOM + 3000) + b"END"


@pytest.mark.parametrize("limits", [0.05], indirect=True)
async def test_later_output_is_dropped_and_the_gap_recorded(
    flood: LiveSession,
    room: Callable[[int], None],
    paths: Paths,
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = flood
    await live.grown(ROOM)  # it goes on without being kept
    room(resource.RLIM_INFINITY)
    await live.write(b"\r")
    await ended(live)
    data = bytearray(live.size)
    position = 0
    gaps = []
    async for piece in Viewer(live, offset=0, window=1 << 30):
        assert piece.offset == position
        data[piece.offset : piece.offset + len(piece.data)] = piece.data
        position = piece.end
        if piece.gap:
            gaps.append(piece.gap)
            data[piece.offset : piece.end] = EXPECTED[piece.offset : piece.end]

    assert bytes(data) == EXPECTED
    assert read_exit(paths.sessions / "one").size == live.size == len(EXPECTED)
    assert gaps
    assert gaps[0].begin == ROOM
    assert {gap.reason for gap in gaps} == {"EFBIG"}


@pytest.mark.parametrize("limits", [0.0], indirect=True)
async def test_stop_works_and_the_exit_is_kept_while_the_disk_is_full(
    flood: LiveSession, paths: Paths
):
    live = flood
    await live.grown(ROOM)
    await live.stop(0.2)

    assert read_exit(paths.sessions / "one").exit == live.exit
    assert sum(gap.end - gap.begin for gap in read_gaps(paths.sessions / "one"))
    assert await live.log().size() == live.size


@pytest.fixture
def small_disk(paths: Paths) -> Iterator[None]:
    """Give the sessions a file system of 512 KB."""
    paths.make_private()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(paths.sessions)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting isn't permitted here")
    yield
    subprocess.run(["umount", "-l", str(paths.sessions)], check=True)


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("limits", [0.1], indirect=True)
async def test_a_really_full_disk(
    paths: Paths,
    sessions: Sessions,
    python_program: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    code = "[print('x' * 99) for n in range(20000)]; exit(3)"
    live = await sessions.start(python_program(code))
    await ended(live)
    record = read_exit(paths.sessions / "one")
    gaps = read_gaps(paths.sessions / "one")

    assert record is not None
    assert (record.exit.status, record.size) == (3, 20000 * 101)
    assert gaps[-1].end <= record.size
    assert gaps[0].reason == "ENOSPC"


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("pages", range(10))
async def test_too_little_room_at_the_start_is_told_and_nothing_runs(
    paths: Paths,
    sessions: Sessions,
    launch: Callable[..., Launch],
    worktree: Path,
    pages: int,
):
    with (paths.sessions / "filler").open("wb", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        filler.truncate(filler.tell() - pages * 4096)
    try:
        live = await sessions.start(launch("touch made"))
    except StorageFull as error:
        assert "No space" in error.message  # noqa: PT017 - either is right
        assert not (worktree / "made").exists()
    else:
        await live.ended()
        assert (worktree / "made").exists()
        assert live.exit is not None
        assert pages > 2
