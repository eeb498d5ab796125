import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentls.model import Exit
from agentls.sessions.folder import segment_path
from agentls.sessions.launch import Launch
from agentls.sessions.live import EndedSession, LiveSession
from agentls.sessions.log import OutputGone
from agentls.sessions.sessions import Sessions
from agentls.sessions.viewer import PIECE_BYTES, Piece, Viewer, whole_characters


def _ended(folder: Path, data: bytes, *, offset: int = 0) -> EndedSession:
    segment_path(folder, offset=offset).write_bytes(data)
    return EndedSession(folder=folder, size=offset + len(data))


async def _pieces(viewer: Viewer, *, ack: bool = True) -> list[Piece]:
    found = []
    async with asyncio.timeout(20):
        async for piece in viewer:
            found.append(piece)
            if ack:
                viewer.ack(piece.end)
    return found


@pytest.mark.full
@given(st.text(), st.integers(0, 40))
def test_a_cut_never_splits_a_character(text: str, at: int):
    data = text.encode()[:at]
    count = whole_characters(data)

    data[:count].decode()
    assert len(data) - count < 4


@given(st.binary(max_size=40))
def test_at_most_the_beginning_of_a_character_is_held_back(data: bytes):
    rest = data[whole_characters(data) :]

    assert len(rest) < 4
    if rest:
        with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
            rest.decode()


@pytest.mark.parametrize("data", [b"\x80\x80\x80", b"a\xff", b"\xc0", b"\xe4\x20"])
def test_what_can_not_be_utf8_is_not_held_back(data: bytes):
    assert whole_characters(data) == len(data)


@settings(deadline=None, max_examples=50)
@given(
    st.text(max_size=60), st.binary(max_size=6), st.integers(4, 16), st.integers(0, 9)
)
async def test_pieces_are_the_log_from_any_offset(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    tail: bytes,
    window: int,
    skip: int,
):
    data = text.encode() + tail
    offset = min(skip, len(data))
    session = _ended(tmp_path_factory.mktemp("log"), data)
    pieces = await _pieces(Viewer(session, offset=offset, window=window))

    assert b"".join(piece.data for piece in pieces) == data[offset:]
    position = offset
    for piece in pieces:
        assert piece.offset == position
        assert piece.end == position + len(piece.data)
        assert 0 < len(piece.data) <= window
        position = piece.end


async def test_no_piece_is_longer_than_it_may_be(tmp_path: Path):
    pieces = await _pieces(
        Viewer(_ended(tmp_path, bytes(300_000)), offset=0, window=1 << 30), ack=False
    )

    assert [len(piece.data) for piece in pieces] == [PIECE_BYTES] * 4 + [37856]


async def test_a_viewer_waits_for_acknowledgement(tmp_path: Path):
    viewer = Viewer(_ended(tmp_path, bytes(100)), offset=0, window=40)
    assert (await anext(viewer)).end == 40
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(anext(viewer))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        viewer.ack(10)
        assert (await waiting).end == 50
    viewer.ack(5)  # an older one arrives late
    viewer.ack(50)
    assert (await anext(viewer)).end == 90


async def test_a_gap_is_a_piece_without_bytes(tmp_path: Path):
    (tmp_path / "gaps").write_text(f"{3:020d} {10:020d} ENOSPC\n")
    segment_path(tmp_path, offset=10).write_bytes(b"def")
    pieces = await _pieces(Viewer(_ended(tmp_path, b"abc"), offset=0, window=4))

    assert [(p.offset, p.end, p.data) for p in pieces] == [
        *((0, 3, b"abc"), (3, 10, b""), (10, 13, b"def"))
    ]
    assert pieces[1].gap.reason == "ENOSPC"


async def test_output_that_is_gone_is_refused(tmp_path: Path):
    viewer = Viewer(_ended(tmp_path, b"abc", offset=100), offset=0, window=100)

    with pytest.raises(OutputGone):
        await anext(viewer)


async def test_a_live_session_gives_a_character_when_it_is_whole(
    sessions: Sessions, launch: Callable[..., Launch]
):
    script = (
        r"stty -echo raw; printf 'a\303'; read x; printf '\274b'; read x; printf '\303'"
    )
    live = await sessions.start(launch(script))
    viewer = Viewer(live, offset=0, window=100)
    async with asyncio.timeout(20):
        assert (await anext(viewer)).data == b"a"
        await live.write(b"\n")
        assert (await anext(viewer)).data == "üb".encode()
        await live.write(b"\n")
        assert (await anext(viewer)).data == b"\xc3"  # the end: it comes as it is
        with pytest.raises(StopAsyncIteration):
            await anext(viewer)


async def test_what_came_while_the_consumer_was_busy_is_one_piece(
    sessions: Sessions,
    launch: Callable[..., Launch],
    ended: Callable[[LiveSession], Awaitable[Exit | None]],
):
    live = await sessions.start(
        launch("i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); done")
    )
    viewer = Viewer(live, offset=0, window=1 << 20)
    await ended(live)

    assert len(await _pieces(viewer)) == 1


async def test_two_viewers_see_the_same(
    sessions: Sessions, launch: Callable[..., Launch]
):
    live = await sessions.start(launch("echo one; read x; echo two"))
    async with asyncio.TaskGroup() as group:
        watching = [
            group.create_task(_pieces(Viewer(live, offset=0, window=1 << 20)))
            for _ in range(2)
        ]
        await live.write(b"\r")
    both = [b"".join(piece.data for piece in each.result()) for each in watching]

    assert both[0] == both[1]
    assert both[0].endswith(b"two\r\n")
