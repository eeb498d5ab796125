"""What the programs of sessions use of the machine: memory, processors, output.

A look at all processes costs some milliseconds, so it is made when somebody asks, and
serves those who ask at the same moment. Counters are told and no rates, so that nothing
has to be remembered for anybody.
"""

import asyncio
import time
from collections.abc import Collection
from pathlib import Path

import attrs

from agentls.host import ProcessUse, available_memory, process_uses, variable_of
from agentls.model import SessionId
from agentls.sessions.folder import read_meta, segment_path, segments
from agentls.sessions.processes import FAMILY
from agentls.sessions.sessions import Sessions
from agentls.threads import in_thread

__all__ = ["Load", "LoadMeter", "SessionLoad"]

_FRESH = 0.4
"""Seconds for which a look serves all who ask."""


@attrs.frozen(kw_only=True)
class SessionLoad:
    """What the processes that began in a session use."""

    session: SessionId
    output: int
    """Bytes of its log."""
    processes: int
    memory: int
    """Bytes that are theirs alone."""
    cpu: float
    """Seconds on processors so far."""


@attrs.frozen(kw_only=True)
class Load:
    """What all living sessions use, at one moment."""

    at: float
    """By the monotonic clock."""
    available: int | None
    """Bytes of memory that programs can still have; None where that is unknown."""
    sessions: tuple[SessionLoad, ...]


class LoadMeter:
    """Looks at the sessions' processes when it is asked to."""

    def __init__(self, *, sessions: Sessions, folder: Path) -> None:
        self._sessions = sessions
        self._folder = folder
        self._looking = asyncio.Lock()
        self._seen: Load | None = None

    async def look(self) -> Load:
        """Say what the living sessions use."""
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen.at > _FRESH:
                living = self._sessions.living()
                self._seen = await in_thread(_look, living, folder=self._folder)
            return self._seen


def _look(living: Collection[SessionId], *, folder: Path) -> Load:
    at = time.monotonic()
    members: dict[SessionId, list[ProcessUse]] = {name: [] for name in living}
    for use, session in _belonging(process_uses(), living, folder=folder):
        members[session].append(use)
    return Load(
        at=at,
        available=available_memory(),
        sessions=tuple(
            SessionLoad(
                session=name,
                output=_log_size(folder / name),
                processes=len(uses),
                memory=sum(use.memory for use in uses),
                cpu=sum(use.cpu for use in uses),
            )
            for name, uses in members.items()
        ),
    )


def _belonging(
    uses: tuple[ProcessUse, ...], living: Collection[SessionId], *, folder: Path
) -> tuple[tuple[ProcessUse, SessionId], ...]:
    """Find the processes that began in sessions, wherever they have gone since.

    By their environment; where that doesn't tell, they belong where their parent does.
    """
    known: dict[int, SessionId | None] = {}
    for name in living:
        meta = read_meta(folder / name)
        if meta is not None and meta.agent is not None:
            known[meta.agent.pid] = name
    by_pid = {use.pid: use for use in uses}

    def find(pid: int) -> SessionId | None:
        line: list[int] = []
        while pid in by_pid and pid not in known:
            known[pid] = None  # a circle ends here: parents are read one by one
            line.append(pid)
            marked = Path(variable_of(pid, FAMILY) or "")
            if marked.parent == folder and marked.name in living:
                known[pid] = SessionId(marked.name)
                break
            pid = by_pid[pid].parent
        found = known.get(pid)
        for one in line:
            known[one] = known[one] or found
        return found

    return tuple(
        (use, session) for use in uses if (session := find(use.pid)) is not None
    )


def _log_size(folder: Path) -> int:
    """Give how long a log is now; its shim tells that only to who waits for it."""
    starts = segments(folder)
    if not starts:
        return 0
    try:
        return starts[-1] + segment_path(folder, offset=starts[-1]).stat().st_size
    except OSError:  # rotated away or compressed meanwhile
        return starts[-1]
