"""A screen kept on the disk: the file `screen` in a session's folder.

It holds `agentls-screen-1 VERSION OFFSET ROWS COLS` and a compressed snapshot. It is
a cache: torn, gone or of another version, it reads as absent.
"""

import functools
import importlib.metadata
import zlib
from pathlib import Path

import attrs

__all__ = ["KeptScreen", "read_kept", "write_kept"]

_BYTES_MAX = 16 << 20
_NAME = "agentls-screen-1"


@attrs.frozen(kw_only=True)
class KeptScreen:
    """A screen as it was at an offset."""

    offset: int
    rows: int
    cols: int
    snapshot: bytes


def write_kept(path: Path, kept: KeptScreen) -> None:
    """Replace what is kept as a whole; raises OSError, as on a full disk."""
    head = f"{_NAME} {_library_version()} {kept.offset} {kept.rows} {kept.cols}\n"
    room = path.with_name(path.name + ".room")
    room.write_bytes(head.encode("ascii") + zlib.compress(kept.snapshot, 1))
    room.chmod(0o600)
    room.replace(path)  # never a half one; not synced: it can be lost


def read_kept(path: Path) -> KeptScreen | None:
    """Give what is kept, None for nothing that this version could use."""
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES_MAX)
    except OSError:
        return None
    head, _, body = data.partition(b"\n")
    try:
        name, version, *numbers = head.decode("ascii").split(" ")
        offset, rows, cols = map(int, numbers)
        snapshot = zlib.decompressobj().decompress(body, _BYTES_MAX)
    except (ValueError, zlib.error):
        return None
    if (name, version) != (_NAME, _library_version()) or offset < 0:
        return None
    return KeptScreen(offset=offset, rows=rows, cols=cols, snapshot=snapshot)


@functools.cache
def _library_version() -> str:
    """Name what the form of a snapshot depends on."""
    try:
        return importlib.metadata.version("pyghostty")
    except importlib.metadata.PackageNotFoundError:
        return "none"
