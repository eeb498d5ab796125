"""A segment of a log, compressed, that can still be read from any byte.

The file is ordinary gzip, so that `zcat` reads it: one member for every 256 KB.
Each member's header carries its own length and that of its text, by which a reader
steps from member to member and unpacks only the one it needs.
"""

import os
import struct
import zlib

import attrs

__all__ = ["BLOCK_BYTES", "Packed", "pack_block"]

BLOCK_BYTES = 1 << 18
_HEADER = struct.Struct("<4sIBBH2sHII")  # ends with a subfield of two lengths
_MAGIC = b"\x1f\x8b\x08\x04"  # gzip, deflate, extra field
_SUBFIELD = b"AL"
_TRAILER = struct.Struct("<II")
_EXTRA = 12
_SUBFIELD_BYTES = 8
_UNIX = 3
_LEVEL = 6


def pack_block(data: bytes) -> bytes:
    """Make one member of at most `BLOCK_BYTES`."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    length = _HEADER.size + len(body) + _TRAILER.size
    header = _HEADER.pack(
        _MAGIC, 0, 0, _UNIX, _EXTRA, _SUBFIELD, _SUBFIELD_BYTES, length, len(data)
    )
    return header + body + _TRAILER.pack(zlib.crc32(data), len(data))


@attrs.frozen(kw_only=True)
class _Block:
    """Where one member lies, and the bytes of the segment that it holds."""

    start: int
    size: int
    at: int
    length: int


class Packed:
    """An open compressed segment; what is damaged reads as absent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._blocks = tuple(_blocks(fd))
        self._held: tuple[int, bytes] = (-1, b"")

    @property
    def size(self) -> int:
        """The segment's length, as far as the file is whole."""
        return self._blocks[-1].start + self._blocks[-1].size if self._blocks else 0

    def read(self, at: int, *, limit: int) -> bytes:
        """Give bytes from a place in the segment on; they end with their block."""
        index = at // BLOCK_BYTES  # all blocks but the last are full
        if index >= len(self._blocks):
            return b""
        if self._held[0] != index:
            self._held = (index, self._unpack(self._blocks[index]))
        begin = at - self._blocks[index].start
        return self._held[1][begin : begin + limit]

    def _unpack(self, block: _Block) -> bytes:
        member = os.pread(self._fd, block.length, block.at)
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            # Never more than a block holds, whatever the file says.
            data = unpacker.decompress(member, BLOCK_BYTES + 1)
        except zlib.error:
            return b""
        return data if unpacker.eof and len(data) == block.size else b""


def _blocks(fd: int) -> list[_Block]:
    """Step through the members' headers, to the first that isn't ours or is cut."""
    size = os.fstat(fd).st_size
    found: list[_Block] = []
    at = start = 0
    while True:
        header = os.pread(fd, _HEADER.size, at)
        if len(header) < _HEADER.size:
            return found
        magic, *_, name, _, length, count = _HEADER.unpack(header)
        whole = length > _HEADER.size + _TRAILER.size and at + length <= size
        if magic != _MAGIC or name != _SUBFIELD or not whole:
            return found
        if not 0 < count <= BLOCK_BYTES:
            return found
        found.append(_Block(start=start, size=count, at=at, length=length))
        start += count
        at += length
        if count < BLOCK_BYTES:  # the last
            return found
