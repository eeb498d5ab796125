"""Compressing loses nothing, wherever it is stopped."""

import random
from pathlib import Path

import pytest

from agentls.sessions import packing
from agentls.sessions.folder import packed_path, segment_path
from agentls.sessions.packing import drop_segment, estimate, pack_segment, unpacked
from agentls.sessions.segments import LogFiles


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    words = random.Random(3)  # noqa: S311 - made-up output
    made = b"".join(b"line %d\r\n" % words.randrange(10**6) for _ in range(50_000))
    segment_path(tmp_path, offset=0).write_bytes(made)
    return made


def read(folder: Path) -> bytes:
    files = LogFiles(folder)
    said = b""
    while chunk := files.read(len(said), limit=1 << 20).data:
        said += chunk
    return said


def test_it_reads_the_same_and_takes_less(tmp_path: Path, data: bytes):
    guess = estimate(tmp_path)
    freed = pack_segment(tmp_path, 0)
    assert read(tmp_path) == data
    assert unpacked(tmp_path) == ()
    assert freed > len(data) / 3
    assert abs(guess - freed) < freed / 5
    assert [path.name for path in tmp_path.iterdir()] == [
        packed_path(tmp_path, offset=0).name
    ]


@pytest.mark.parametrize("step", ["_write", "_same", "_sync"])
def test_stopped_at_any_step_nothing_is_lost_and_it_can_be_done_again(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch, step: str
):
    def stop(*_: object) -> None:
        raise OSError("stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(packing, step, stop)
        with pytest.raises(OSError, match="stopped here"):
            pack_segment(tmp_path, 0)
        assert read(tmp_path) == data
    pack_segment(tmp_path, 0)
    assert read(tmp_path) == data


def test_a_leftover_of_a_kill_is_written_anew(tmp_path: Path, data: bytes):
    packed = packed_path(tmp_path, offset=0)
    packed.with_name(packed.name + ".room").write_bytes(b"half")
    assert read(tmp_path) == data
    pack_segment(tmp_path, 0)
    assert read(tmp_path) == data


def test_a_packed_one_that_differs_never_takes_the_place(tmp_path: Path, data: bytes):
    packed_path(tmp_path, offset=0).write_bytes(packing.pack_block(b"other"))
    assert read(tmp_path) == data
    pack_segment(tmp_path, 0)
    assert read(tmp_path) == data


def test_who_reads_meanwhile_reads_on(tmp_path: Path, data: bytes):
    files = LogFiles(tmp_path)
    assert files.read(0, limit=10).data == data[:10]
    pack_segment(tmp_path, 0)
    assert files.read(10, limit=10).data == data[10:20]


def test_dropping_frees_what_it_took(tmp_path: Path, data: bytes):
    assert drop_segment(tmp_path, 0) == len(data)
    assert read(tmp_path) == b""
