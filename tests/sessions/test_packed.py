"""A compressed segment reads as the plain one did, and damage as absence."""

import gzip
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.sessions.folder import packed_path
from agentls.sessions.packed import BLOCK_BYTES, Packed, pack_block
from agentls.sessions.segments import LogFiles


def _packed(data: bytes) -> bytes:
    blocks = range(0, len(data), BLOCK_BYTES)
    return b"".join(pack_block(data[at : at + BLOCK_BYTES]) for at in blocks)


@pytest.fixture
def text() -> bytes:
    words = random.Random(3)  # noqa: S311 - made-up output
    return b"".join(b"line %d\r\n" % words.randrange(10**6) for _ in range(60_000))


@pytest.fixture
def opened(tmp_path: Path):
    descriptors = []

    def open_it(data: bytes) -> Packed:
        path = tmp_path / "packed"
        path.write_bytes(data)
        descriptors.append(os.open(path, os.O_RDONLY))
        return Packed(descriptors[-1])

    yield open_it
    for fd in descriptors:
        os.close(fd)


def test_any_place_reads_as_before(text: bytes, opened: Callable[[bytes], Packed]):
    packed = opened(_packed(text))
    assert packed.size == len(text)
    places = random.Random(1)  # noqa: S311 - places to look at
    for _ in range(200):
        at, limit = places.randrange(len(text)), places.randrange(1, 70_000)
        found = packed.read(at, limit=limit)
        assert found
        assert text[at : at + len(found)] == found
        assert (
            len(found) == limit
            or (at + len(found)) % BLOCK_BYTES == 0
            or (at + len(found) == len(text))
        )
    assert packed.read(len(text), limit=1) == b""
    assert packed.read(len(text) + BLOCK_BYTES, limit=1) == b""


def test_it_is_ordinary_gzip(text: bytes):
    assert gzip.decompress(_packed(text)) == text


@pytest.mark.parametrize("length", [1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_every_length_is_kept(length: int, opened: Callable[[bytes], Packed]):
    packed = opened(_packed(b"x" * length))
    assert packed.size == length
    assert packed.read(length - 1, limit=9) == b"x"
    assert packed.read(length, limit=9) == b""


def test_what_is_cut_or_damaged_is_absent(
    text: bytes, opened: Callable[[bytes], Packed]
):
    whole = _packed(text)
    cut = opened(whole[: len(whole) - 1])
    assert cut.size == len(text) // BLOCK_BYTES * BLOCK_BYTES
    damaged = bytearray(whole)
    damaged[100] ^= 0xFF
    assert opened(bytes(damaged)).read(0, limit=10) == b""
    assert opened(b"").size == 0
    assert opened(b"\x1f\x8b\x08\x04" * 100).size == 0


def test_a_log_of_packed_and_plain_segments_reads_as_one(tmp_path: Path, text: bytes):
    half = len(text) // 2
    packed_path(tmp_path, offset=0).write_bytes(_packed(text[:half]))
    packed_path(tmp_path, offset=half).with_name(f"log.{half:020d}").write_bytes(
        text[half:]
    )
    files = LogFiles(tmp_path)
    said, at = b"", 0
    while chunk := files.read(at, limit=100_000).data:
        said += chunk
        at += len(chunk)
    assert said == text
    assert files.size() == len(text)


def test_a_log_that_was_let_go_is_one_gap(tmp_path: Path):
    (tmp_path / "exit").write_text(
        "version 2\nstatus 0\nsignal 0\nsize 500\nended 1.5\nerror \nend\n"
    )
    chunk = LogFiles(tmp_path).read(100, limit=10)
    assert (chunk.end, chunk.gap and chunk.gap.reason) == (500, "old")
    assert LogFiles(tmp_path).read(500, limit=10).end == 500
