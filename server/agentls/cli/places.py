"""URIs of the protocol as paths for a person."""

import os
from urllib.parse import unquote_to_bytes

__all__ = ["path_of", "short_path"]


def path_of(uri: str) -> str:
    """Give the path that a file: URI names, whatever its bytes."""
    return os.fsdecode(unquote_to_bytes(uri.removeprefix("file://")))


def short_path(path: str) -> str:
    """Write the home folder as `~`."""
    home = os.environ.get("HOME", "").rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path
