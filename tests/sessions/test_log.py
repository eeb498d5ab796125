import asyncio
import os
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from agentls.model import Exit
from agentls.paths import Paths
from agentls.sessions.folder import segment_path, segments
from agentls.sessions.launch import Launch, LogLimits
from agentls.sessions.live import LiveSession
from agentls.sessions.log import LogReader, OutputGone
from agentls.sessions.sessions import Sessions


@pytest.fixture
def limits() -> LogLimits:
    return LogLimits(segment_bytes=10_000, keep_bytes=50_000)


@pytest.fixture
def write(tmp_path: Path):
    def segment(offset: int, data: bytes) -> None:
        segment_path(tmp_path, offset=offset).write_bytes(data)

    return segment


def _gap(folder: Path, *records: tuple[int, int, str]) -> None:
    text = "".join(f"{a:020d} {b:020d} {why:<22}\n" for a, b, why in records)
    (folder / "gaps").write_text(text.ljust(4096, "\n"))


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _all(reader: LogReader, offset: int, *, limit: int = 7) -> list[bytes | str]:
    pieces = []
    while True:
        chunk = await reader.read(offset, limit=limit)
        assert chunk.offset == offset
        if chunk.end == offset:
            return pieces
        pieces.append(chunk.gap.reason if chunk.gap else chunk.data)
        offset = chunk.end


async def test_segments_read_as_one(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(0, b"0123456789")
    write(10, b"abcdefghij")
    write(20, b"xyz")
    reader = LogReader(tmp_path)

    assert b"".join(await _all(reader, 0)) == b"0123456789abcdefghijxyz"
    assert b"".join(await _all(reader, 13)) == b"defghijxyz"
    assert await reader.size() == 23
    assert (await reader.read(23, limit=5)).data == b""
    assert (await reader.read(99, limit=5)).data == b""


async def test_reading_before_the_first_kept_byte_is_refused(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(100, b"abc")
    reader = LogReader(tmp_path)

    assert await reader.first_offset() == 100
    with pytest.raises(OutputGone, match="before byte 100") as refusal:
        await reader.read(99, limit=5)
    assert refusal.value.first == 100
    assert refusal.value.kind == "invalidParams"


async def test_an_empty_folder_is_an_empty_log(tmp_path: Path):
    reader = LogReader(tmp_path / "gone")

    assert await reader.size() == 0
    assert await _all(reader, 0) == []


async def test_gaps_are_told_where_they_are(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(0, b"abc")
    write(10, b"def")
    _gap(tmp_path, (3, 10, "ENOSPC"), (13, 20, "EDQUOT"))
    reader = LogReader(tmp_path)

    assert await _all(reader, 0) == [b"abc", "ENOSPC", b"def", "EDQUOT"]
    assert await _all(reader, 5) == ["ENOSPC", b"def", "EDQUOT"]
    assert await reader.size() == 20


async def test_a_gap_at_the_very_beginning(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(10, b"abc")
    _gap(tmp_path, (0, 10, "ENOSPC"))

    assert await _all(LogReader(tmp_path), 0) == ["ENOSPC", b"abc"]


async def test_a_gap_never_hides_bytes_that_are_there(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(0, b"abc")
    write(10, b"def")
    write(20, b"ghi")
    _gap(tmp_path, (3, 20, "ENOSPC"))  # widened, for want of room

    assert await _all(LogReader(tmp_path), 0) == [
        *(b"abc", "ENOSPC", b"def", "ENOSPC", b"ghi")
    ]


async def test_bytes_that_a_crash_lost_read_as_a_gap(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(0, b"abc")
    write(10, b"def")

    assert await _all(LogReader(tmp_path), 0) == [b"abc", "lost", b"def"]


async def test_what_is_in_memory_is_read_without_a_thread(
    tmp_path: Path, write: Callable[[int, bytes], None], monkeypatch: pytest.MonkeyPatch
):
    if not hasattr(os, "RWF_NOWAIT"):
        pytest.skip("only Linux can tell")
    write(0, b"0123456789")
    reader = LogReader(tmp_path)
    await reader.read(0, limit=1)
    if reader._files.read_cached(1, limit=1) != b"1":
        pytest.skip("this file system can't tell")

    async def no_thread(*_: object, **__: object) -> None:
        raise AssertionError("a thread was used")

    monkeypatch.setattr("agentls.sessions.log.in_thread", no_thread)
    assert (await reader.read(1, limit=100)).data == b"123456789"


async def test_without_nowait_a_thread_reads(
    tmp_path: Path, write: Callable[[int, bytes], None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("agentls.sessions.segments._NOWAIT", None)
    write(0, b"0123456789")

    assert b"".join(await _all(LogReader(tmp_path), 0)) == b"0123456789"


async def test_a_closed_reader_holds_no_descriptor(
    tmp_path: Path, write: Callable[[int, bytes], None]
):
    write(0, b"0123456789")
    before = _descriptors()
    reader = LogReader(tmp_path)
    await reader.read(0, limit=1)
    reader.close()

    assert _descriptors() == before


async def test_the_oldest_segments_go_and_offsets_stay(
    sessions: Sessions,
    python_program: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
    paths: Paths,
):
    code = "for n in range(20000): print(f'{n:08d}')"
    live = await sessions.start(python_program(code))
    await ended(live)
    reader = live.log()
    first = await reader.first_offset()
    starts = segments(paths.sessions / "one")

    assert live.size == 200_000
    assert first == 140_000
    assert all(b - a == 10_000 for a, b in pairwise(starts))
    with pytest.raises(OutputGone):
        await reader.read(0, limit=10)
    data = b"".join(await _all(reader, first, limit=65536))
    expected = b"".join(b"%08d\r\n" % n for n in range(20000))
    assert data == expected[first:]


async def test_a_reader_follows_rotation_while_it_happens(
    sessions: Sessions,
    launch: Callable[..., Launch],
    output: Callable[..., Awaitable[bytes]],
):
    live = await sessions.start(
        launch("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done")
    )

    data = await output(live)
    assert data == b"".join(b"line %d\r\n" % n for n in range(3000))
    await asyncio.sleep(0)
