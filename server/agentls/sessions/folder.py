"""The files of a session's folder, as its readers see them.

The shim writes them (docs/shim.md); whatever is torn, forged or missing reads
as absent, never as an error: a session without a believable `meta` or `exit`
is lost, and its log is still there to be read.
"""

import bisect
import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

import attrs

from agentls.host import ProcessIdentity
from agentls.model import Exit, SessionId

__all__ = [
    "ExitRecord",
    "Gap",
    "Grid",
    "Meta",
    "claim",
    "claimed_since",
    "grids_size",
    "is_claimed",
    "packed_path",
    "read_address",
    "read_exit",
    "read_gaps",
    "read_grids",
    "read_meta",
    "segment_before",
    "segment_path",
    "segments",
    "session_folders",
    "socket_name",
    "write_address",
]

_SEGMENT_PREFIX = "log."
_SEGMENT_DIGITS = 20
_PACKED_SUFFIX = ".gz"
_MOST_BYTES = 1 << 20
"""No side file is longer; a longer one isn't ours."""

_ADDRESS_ROOM = 256


@attrs.frozen(kw_only=True)
class Meta:
    """Which processes the session is made of."""

    version: int
    shim: ProcessIdentity
    agent: ProcessIdentity | None
    """None for the moment between the shim's start and the program's."""


@attrs.frozen(kw_only=True)
class ExitRecord:
    """How it ended, as the shim left it behind."""

    exit: Exit
    size: int
    """The log's final size."""
    error: str = ""
    """Why the program never started; empty when it did."""


@attrs.frozen(kw_only=True)
class Gap:
    """Output from `begin` to `end` that could not be kept."""

    begin: int
    end: int
    reason: str
    """The name of the system's error, such as ENOSPC, or `lost`."""


@attrs.frozen(kw_only=True)
class Grid:
    """The terminal's size from an offset on."""

    offset: int
    rows: int
    cols: int


def read_meta(folder: Path) -> Meta | None:
    """Give the session's processes, None when no shim has said them."""
    values = _read_values(folder / "meta")
    try:
        boot = values["boot"]
        shim_pid, _, shim_start = values["shim"].partition(" ")
        agent = None
        if "agent" in values:
            agent_pid, _, agent_start = values["agent"].partition(" ")
            agent = ProcessIdentity(boot, int(agent_pid), agent_start)
        return Meta(
            version=int(values["version"]),
            shim=ProcessIdentity(boot, int(shim_pid), shim_start),
            agent=agent,
        )
    except (KeyError, ValueError):
        return None


def read_exit(folder: Path) -> ExitRecord | None:
    """Give how the session ended, None when nothing believable says it."""
    values = _read_values(folder / "exit")
    try:
        status, by = int(values["status"]), int(values["signal"])
        return ExitRecord(
            exit=Exit(
                status=None if by else status,
                signal=by or None,
                ended=datetime.fromtimestamp(float(values["ended"]), UTC),
            ),
            size=max(0, int(values["size"])),
            error=values.get("error", ""),
        )
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def read_gaps(folder: Path) -> tuple[Gap, ...]:
    """Give the gaps of the log in order."""
    gaps: list[Gap] = []
    # The room at its end that is not used yet is a thousand newlines; this is read
    # for every piece of output.
    for line in _read_text(folder / "gaps").rstrip("\n").splitlines():
        match line.split():
            case [begin, end, *reason] if begin.isdecimal() and end.isdecimal():
                gaps.append(
                    Gap(begin=int(begin), end=int(end), reason=" ".join(reason))
                )
            case _:  # torn
                pass
    return tuple(sorted(gaps, key=lambda gap: gap.begin))


def read_grids(folder: Path) -> tuple[Grid, ...]:
    """Give the sizes that the terminal has had, each with its first offset."""
    grids: list[Grid] = []
    for line in _read_text(folder / "grids").splitlines():
        match line.split():
            case [offset, rows, cols] if (offset + rows + cols).isdecimal():
                grids.append(Grid(offset=int(offset), rows=int(rows), cols=int(cols)))
            case _:  # torn
                pass
    return tuple(grids)


def grids_size(folder: Path) -> int:
    """Give the bytes of what `read_grids` reads; 0 where there is nothing."""
    try:
        return (folder / "grids").stat().st_size
    except OSError:
        return 0


def session_folders(sessions: Path) -> tuple[Path, ...]:
    """Give the folders of all sessions that ever began, the newest first."""
    found: list[tuple[float, Path]] = []
    try:
        folders = list(sessions.iterdir())
    except OSError:
        return ()
    for folder in folders:
        try:  # written once, at the beginning
            found.append(((folder / "claim").stat().st_mtime, folder))
        except OSError:  # one that hasn't begun, or something else
            continue
    return tuple(folder for _, folder in sorted(found, reverse=True))


def segments(folder: Path) -> tuple[int, ...]:
    """Give the first offsets of the log's segments in order."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return ()
    offsets = [
        name.removeprefix(_SEGMENT_PREFIX).removesuffix(_PACKED_SUFFIX)
        for name in names
        if name.startswith(_SEGMENT_PREFIX)
    ]
    return tuple(
        sorted(
            {
                int(digits)
                for digits in offsets
                if len(digits) == _SEGMENT_DIGITS and digits.isdecimal()
            }
        )
    )


def segment_path(folder: Path, *, offset: int) -> Path:
    """Name the segment that begins at the offset."""
    return folder / f"{_SEGMENT_PREFIX}{offset:0{_SEGMENT_DIGITS}d}"


def packed_path(folder: Path, *, offset: int) -> Path:
    """Name the compressed form of the segment that begins at the offset."""
    plain = segment_path(folder, offset=offset)
    return plain.with_name(plain.name + _PACKED_SUFFIX)


def segment_before(starts: tuple[int, ...], *, offset: int) -> int | None:
    """Give the last segment that begins at the offset or before it."""
    index = bisect.bisect_right(starts, offset)
    return starts[index - 1] if index else None


def socket_name(session: SessionId) -> str:
    """Name the session's control socket: short, whatever its id is."""
    return "s-" + hashlib.sha256(session.encode()).hexdigest()[:16]


def write_address(folder: Path, *, address: Path) -> None:
    """Say where the shim shall listen.

    Written over in place, always with the same length: a full disk can't keep a
    shim whose socket vanished from being told another address.
    """
    data = f"{address}\n".encode("utf-8", "surrogateescape").ljust(_ADDRESS_ROOM)
    path = folder / "address"
    with path.open("r+b" if path.exists() else "xb") as file:
        file.write(data)


def read_address(folder: Path) -> Path:
    """Give where the shim was told to listen; FileNotFoundError when nowhere."""
    text = (folder / "address").read_text("utf-8", "surrogateescape")
    return Path(text.strip())


def is_claimed(folder: Path) -> bool:
    """Tell whether a shim, or the reader that gave the session up, has claimed it."""
    return (folder / "claim").exists()


def claimed_since(folder: Path) -> float:
    """Give the seconds since the claim, by the wall clock; 0 when there is none."""
    try:
        return max(0.0, time.time() - (folder / "claim").stat().st_mtime)
    except OSError:
        return 0.0


def claim(folder: Path) -> bool:
    """Claim a session that no shim has claimed, so that none begins it any more."""
    try:
        (folder / "claim").touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _read_values(path: Path) -> dict[str, str]:
    """Read `name value` lines; nothing unless the last one is `end`."""
    lines = _read_text(path).splitlines()
    if not lines or lines[-1] != "end":  # torn
        return {}
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}
