import asyncio
import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls.frames import (
    BODY_MAX,
    HEAD_MAX,
    BadFrame,
    FrameSplitter,
    encode,
    read_frame,
    read_frame_async,
)


def by_file(data: bytes):
    stream = io.BytesIO(data)
    return list(iter(lambda: read_frame(stream), None))


def by_asyncio(data: bytes):
    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while (body := await read_frame_async(reader)) is not None:
            found.append(body)
        return found

    return asyncio.run(read())


def by_pieces(data: bytes):
    splitter = FrameSplitter()
    found = [frame.body for frame in splitter.feed(data)]
    if not splitter.between_frames:
        raise BadFrame("cut")
    return found


READERS = pytest.mark.parametrize("read", [by_file, by_asyncio, by_pieces])


@READERS
def test_what_was_encoded_is_read(read: Any):
    assert read(encode(b"{}") + encode("ä".encode()) + encode(b"")) == [
        b"{}",
        "ä".encode(),
        b"",
    ]
    assert read(b"") == []


@READERS
@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 2",
        b"CONTENT-LENGTH:2",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2",
        b"Content-Length: 2\r\nX-Any: a:b",
    ],
)
def test_headers_may_have_any_case_and_company(read: Any, head: bytes):
    assert read(head + b"\r\n\r\n{}") == [b"{}"]


@READERS
@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"X: 1\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 1_0\r\n\r\n0123456789",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 999999999999999999999\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (BODY_MAX + 1),
        b"Content-Length: 5\r\n\r\n{}",
        b"Content-Len",
        b"x" * (HEAD_MAX * 20),
        b"X: y\r\n" * HEAD_MAX,
    ],
)
def test_what_is_no_frame_is_refused(read: Any, data: bytes):
    with pytest.raises(BadFrame):
        read(data)


def test_a_refused_length_takes_no_memory_and_says_the_limit():
    tracemalloc.start()
    try:
        with pytest.raises(BadFrame, match=str(BODY_MAX)):
            by_file(b"Content-Length: %d\r\n\r\n" % (BODY_MAX + 1))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_frames_before_a_bad_one_come_one_by_one():
    frames = FrameSplitter().feed(encode(b"1") + b"bad\r\n\r\n")
    assert next(frames).body == b"1"
    with pytest.raises(BadFrame):
        next(frames)


@given(
    bodies=st.lists(st.binary(max_size=300), max_size=8),
    cuts=st.lists(st.integers(min_value=1, max_value=200), min_size=1, max_size=50),
)
def test_any_cut_of_the_stream_gives_the_same_frames(
    bodies: list[bytes], cuts: list[int]
):
    data = b"".join(map(encode, bodies))
    splitter = FrameSplitter()
    found = []
    at = turn = 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        turn += 1
        found.extend(splitter.feed(data[at : at + size]))
        at += size
    assert [frame.body for frame in found] == bodies
    assert b"".join(frame.raw for frame in found) == data
    assert splitter.between_frames
