"""The frames between a shim and whoever talks to it; see docs/shim.md."""

import struct

__all__ = [
    "ANSWER",
    "ARM",
    "EXIT",
    "GRID",
    "HEADER",
    "HELLO",
    "INPUT",
    "INPUT_WINDOW",
    "MAX_PAYLOAD",
    "PROTOCOL",
    "RESIZE",
    "SIGNAL",
    "SIZE",
    "STOP",
    "TAKEN",
]

PROTOCOL = 2
"""The version of frames and files; the first thing that each of them says."""

HEADER = struct.Struct("<BI")
"""A frame's type and the length of its payload, which follows."""

# To the shim.
INPUT, RESIZE, SIGNAL, ARM, STOP, ANSWER = b"irsakq"
# From it.
HELLO, SIZE, GRID, TAKEN, EXIT = b"hngtx"

MAX_PAYLOAD = 1 << 16
INPUT_WINDOW = 1 << 20
"""Bytes of input that a client may have sent and not yet seen TAKEN."""
