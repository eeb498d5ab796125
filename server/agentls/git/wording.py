"""Paths of any bytes, as a message to a person has them."""

from collections.abc import Sequence

__all__ = ["named", "shown"]

_NAMED = 10


def shown(path: bytes) -> str:
    """Give a path as text; bytes that aren't UTF-8 come out escaped."""
    return path.decode("utf-8", "backslashreplace")


def named(paths: Sequence[bytes]) -> str:
    """Name some paths, the first ones if they are many."""
    names = [shown(path) for path in paths[:_NAMED]]
    more = len(paths) - _NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
