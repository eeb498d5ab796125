"""Compressing the log of a session that has ended, and letting one go.

Killed between any two steps, nothing is lost: a segment is compressed aside, read
back and compared, brought to the disk and named; only then its plain form goes.
Blocking; each function is one short step.
"""

import contextlib
import os
from pathlib import Path

from agentls.sessions.folder import (
    packed_path,
    segment_path,
    segments,
)
from agentls.sessions.packed import BLOCK_BYTES, Packed, pack_block

__all__ = ["drop_segment", "estimate", "log_bytes", "pack_segment", "unpacked"]


def unpacked(folder: Path) -> tuple[int, ...]:
    """Give the segments that aren't compressed, by their first offsets."""
    return tuple(
        start
        for start in segments(folder)
        if segment_path(folder, offset=start).exists()
    )


def log_bytes(folder: Path) -> int:
    """Give how much room the log's segments take."""
    return sum(_bytes(folder, start) for start in segments(folder))


def estimate(folder: Path) -> int:
    """Guess how many bytes compressing would free, by the first 256 KB of the log."""
    starts = unpacked(folder)
    if not starts:
        return 0
    size = sum(_size(segment_path(folder, offset=start)) for start in starts)
    with segment_path(folder, offset=starts[0]).open("rb") as file:
        sample = file.read(BLOCK_BYTES)
    if not sample:
        return 0
    return size - round(size * min(1.0, len(pack_block(sample)) / len(sample)))


def pack_segment(folder: Path, start: int) -> int:
    """Compress one segment of a session that has ended; give the bytes freed.

    Raises `OSError` where that can't be done, as on a full disk: then all is as before.
    """
    plain = segment_path(folder, offset=start)
    packed = packed_path(folder, offset=start)
    room = packed.with_name(packed.name + ".room")
    size = _size(plain)
    # Invariant: the plain segment goes only when the packed one is on the disk and
    # gives the same bytes (tests/sessions/test_packing.py).
    if not _same(plain, packed):
        try:
            _write(plain, room)
            if not _same(plain, room):
                raise OSError(f"{room} doesn't read as {plain}")
            room.rename(packed)
        finally:
            room.unlink(missing_ok=True)
        _sync(folder)
    plain.unlink()
    return size - _size(packed)


def drop_segment(folder: Path, start: int) -> int:
    """Let one segment go, in both forms; give the bytes freed."""
    freed = _bytes(folder, start)
    segment_path(folder, offset=start).unlink(missing_ok=True)
    packed_path(folder, offset=start).unlink(missing_ok=True)
    return freed


def _write(plain: Path, room: Path) -> None:
    with plain.open("rb") as source, room.open("wb") as target:
        room.chmod(0o600)
        while block := source.read(BLOCK_BYTES):
            target.write(pack_block(block))
        target.flush()
        os.fsync(target.fileno())


def _same(plain: Path, packed: Path) -> bool:
    """Tell whether both are there and read the same."""
    try:
        fd = os.open(packed, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        reader = Packed(fd)
        with plain.open("rb") as source:
            at = 0
            while block := source.read(BLOCK_BYTES):
                if reader.read(at, limit=BLOCK_BYTES) != block:
                    return False
                at += len(block)
        return reader.size == at
    finally:
        os.close(fd)


def _bytes(folder: Path, start: int) -> int:
    return _size(segment_path(folder, offset=start)) + _size(
        packed_path(folder, offset=start)
    )


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
