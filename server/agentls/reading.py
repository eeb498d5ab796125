"""How much asyncio reads from a socket at a time."""

import asyncio

__all__ = ["read_small"]

_READ_AT_ONCE = 64 << 10


def read_small(transport: asyncio.BaseTransport) -> None:
    """Read at most 64 KB at a time, where the loop lets us say so.

    For each read asyncio makes room for 256 KB, which the C library maps from the
    system and gives back: 25 µs for a message of some bytes, such as a key.
    """
    if hasattr(transport, "max_size"):
        transport.max_size = _READ_AT_ONCE  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own, not in its types
