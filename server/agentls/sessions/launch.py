"""What is to run in a session, and the request that tells a shim."""

import struct
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.model import SessionId
from agentls.sessions.processes import FAMILY

__all__ = ["Launch", "LogLimits", "encode_request"]

_MOST_CELLS = 1 << 16


@attrs.frozen(kw_only=True)
class Launch:
    """A program to be run in a terminal."""

    id: SessionId
    argv: tuple[str, ...]
    """The program is looked for in `env`'s PATH unless its name has a slash."""
    cwd: Path
    """Must exist and be a folder itself, not a link to one: no worktree, no start."""
    env: Mapping[str, str]
    """The program's environment; nothing of this process is added, but for the
    session's folder, by which the program's children are known."""
    rows: int = 24
    cols: int = 80


@attrs.frozen(kw_only=True)
class LogLimits:
    """How much of the output is kept, and how long a full disk is waited for."""

    segment_bytes: int = 8 << 20
    keep_bytes: int = 512 << 20
    """The oldest segments go when what is left is this much without them."""
    stall_seconds: float = 60.0
    """On a full disk the program waits that long; then output is dropped."""


def encode_request(launch: Launch, *, folder: Path, limits: LogLimits) -> bytes:
    """Write the request as a shim reads it; raises `InvalidParams`."""
    if not launch.argv or not launch.argv[0]:
        raise InvalidParams("There is no program to run.")
    if not (0 < launch.rows < _MOST_CELLS and 0 < launch.cols < _MOST_CELLS):
        raise InvalidParams(
            f"A terminal of {launch.rows} rows and {launch.cols} columns can't be made."
        )
    # The parent is resolved, the folder itself isn't: a link in its place is refused.
    cwd = launch.cwd.parent.resolve() / launch.cwd.name
    env = {**launch.env, "PWD": str(cwd), FAMILY: str(folder)}
    env.pop("OLDPWD", None)
    records = [
        f"folder={folder}",
        f"cwd={cwd}",
        f"rows={launch.rows}",
        f"cols={launch.cols}",
        f"segment_bytes={limits.segment_bytes}",
        f"keep_bytes={limits.keep_bytes}",
        f"stall={limits.stall_seconds}",
        *(f"arg={arg}" for arg in launch.argv),
        *(f"env={name}={value}" for name, value in env.items()),
    ]
    if wrong := next((record for record in records if "\0" in record), None):
        raise InvalidParams(
            f"A NUL byte ({wrong.partition('=')[0]}) can't be given to a program."
        )
    data = "\0".join(records).encode("utf-8", "surrogateescape")
    return struct.pack("<I", len(data)) + data
