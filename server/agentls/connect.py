"""Finding the one daemon of a user, or starting it, and connecting to it.

First the address in `daemon.json` is tried. Failing that, one client at a time,
under the start lock, finds out why: no daemon runs (start it), it is just
starting (wait), its socket has vanished (ask it to bind again), it is older than
this client (ask it to hand over), or it runs where we can't reach it (refuse).

The version rule: a client whose version has higher leading numbers ends the
daemon cleanly and starts its own; a client of the same or a lower version uses
the daemon that is there. So a user's editors, updated at different times, never
replace each other's daemon in turn. Standard library only, no asyncio.
"""

import os
import signal
import socket
import time
from collections.abc import Mapping
from typing import Protocol

from agentls import __version__
from agentls.errors import AgentlsError, Internal
from agentls.host import is_alive, peer_uid, signal_process, wait_gone
from agentls.paths import Paths
from agentls.record import (
    DaemonRecord,
    daemon_lock_is_free,
    is_older,
    read_record,
    try_lock,
)
from agentls.spawn import EndedSilently, start_daemon

__all__ = ["NoDaemon", "Starter", "connect", "find", "stop"]

CONNECT_SECONDS = 20.0
"""How long finding and starting may take together."""

STOP_SECONDS = 15.0
"""How long a daemon may take for a clean end: its operations reach a safe point."""

_FOREIGN_SECONDS = 2.0
"""How long a record of another machine may stand while ours starts and replaces it."""

_DIAL_SECONDS = 5.0
_POLL = 0.02


class NoDaemon(Internal):
    """No daemon runs, or none that can be reached from here."""


class Starter(Protocol):
    """`spawn.start_daemon`, or a test's stand-in for it."""

    def __call__(
        self, paths: Paths, *, seconds: float, environ: Mapping[str, str]
    ) -> None:
        """Start a daemon; return when it is ready or another was before it."""
        ...


def find(paths: Paths) -> socket.socket | None:
    """Connect to the daemon that runs, of whatever version; None if none answers."""
    record = read_record(paths)
    return _dial(record) if record else None


def connect(
    paths: Paths,
    *,
    seconds: float = CONNECT_SECONDS,
    environ: Mapping[str, str] = os.environ,
    starter: Starter = start_daemon,
    version: str = __version__,
) -> socket.socket:
    """Connect to the daemon, starting it if need be.

    Raises `AgentlsError` with a hint when there can be none within that time.
    """
    end = time.monotonic() + seconds
    try:
        if found := _find_current(paths, version):
            return found
        paths.make_private()
        while True:
            with try_lock(paths.start_lock) as mine:
                if mine:
                    return _Search(
                        paths,
                        end=end,
                        environ=environ,
                        starter=starter,
                        version=version,
                    ).run()
            if time.monotonic() > end:
                raise NoDaemon(
                    "Another agentls has been starting the daemon for too long.",
                    hint="`agentls daemon logs` shows how far it came.",
                )
            time.sleep(_POLL)
            if found := _find_current(paths, version):
                return found
    except OSError as error:
        raise NoDaemon(
            f"The daemon can't be reached: {error}.",
            hint=f"Is {paths.state} on a file system that works and has room?",
        ) from error


def stop(
    paths: Paths, *, force: bool = False, seconds: float = STOP_SECONDS
) -> DaemonRecord | None:
    """End the daemon and wait until it is gone; None when none runs.

    Without `force` it ends cleanly; with it, at once. Agents go on either way.
    Raises `NoDaemon` when it can't be ended from here or doesn't end in time.
    """
    record = read_record(paths)
    if not paths.daemon_lock.exists() or daemon_lock_is_free(paths):
        return None
    if record is None:
        raise _mute()
    if not record.on_this_machine:
        raise _elsewhere(record)
    signum = signal.SIGKILL if force else signal.SIGTERM
    if not signal_process(record.process, signum):
        raise _mute()
    end = time.monotonic() + seconds
    gone = wait_gone(record.process, seconds=seconds)
    while gone and not daemon_lock_is_free(paths) and time.monotonic() < end:
        # Its children let go of nothing: only a successor can hold the lock now.
        successor = read_record(paths)
        if successor and successor.process != record.process:
            break
        time.sleep(_POLL)
    if not gone:
        raise NoDaemon(
            f"The daemon (process {record.process.pid}) doesn't end.",
            hint="`agentls daemon stop --force` ends it at once; agents go on.",
        )
    return record


class _Search:
    """One client's search under the start lock."""

    def __init__(
        self,
        paths: Paths,
        *,
        end: float,
        environ: Mapping[str, str],
        starter: Starter,
        version: str,
    ) -> None:
        self._paths = paths
        self._end = end
        self._environ = environ
        self._starter = starter
        self._version = version
        self._asked: DaemonRecord | None = None
        """The daemon that was asked to bind again; once is enough."""
        self._foreign_since: float | None = None
        self._killed = False

    def run(self) -> socket.socket:
        while True:
            record = read_record(self._paths)
            if record and (found := _dial(record)):
                if not _must_hand_over(record, self._version):
                    return found
                found.close()
                stop(self._paths, seconds=min(STOP_SECONDS, self._left()))
            if daemon_lock_is_free(self._paths):
                self._start()
                record = read_record(self._paths)
                if record and (found := _dial(record)):
                    return found
            else:
                self._held_by(record)
            if self._left() <= 0:
                raise self._give_up(record)
            time.sleep(_POLL)

    def _start(self) -> None:
        try:
            self._starter(self._paths, seconds=self._left(), environ=self._environ)
        except EndedSilently:
            if self._killed:
                raise
            self._killed = True  # once is a kill; twice is a broken daemon

    def _held_by(self, record: DaemonRecord | None) -> None:
        """Do what can be done about a daemon that has the lock and doesn't answer."""
        if record is None:
            return  # it has the lock and writes its record next
        if not record.on_this_machine:
            now = time.monotonic()
            self._foreign_since = self._foreign_since or now
            if now - self._foreign_since >= min(_FOREIGN_SECONDS, self._left()):
                raise _elsewhere(record)
            return
        self._foreign_since = None
        # Without an address it is starting and will listen by itself.
        if record.address and record != self._asked and is_alive(record.process):
            self._asked = record
            signal_process(record.process, signal.SIGUSR1)

    def _give_up(self, record: DaemonRecord | None) -> AgentlsError:
        if record and record.on_this_machine and is_alive(record.process):
            return NoDaemon(
                f"The daemon (process {record.process.pid}) runs but doesn't answer.",
                hint="See `agentls daemon logs`; `agentls daemon stop --force` ends"
                " it and harms no agent.",
            )
        return _mute()

    def _left(self) -> float:
        return self._end - time.monotonic()


def _find_current(paths: Paths, version: str) -> socket.socket | None:
    record = read_record(paths)
    if record is None or _must_hand_over(record, version):
        return None
    return _dial(record)


def _must_hand_over(record: DaemonRecord, version: str) -> bool:
    # An older daemon that can't be ended from here is better than none.
    return record.on_this_machine and is_older(record.version, than=version)


def _dial(record: DaemonRecord) -> socket.socket | None:
    """Connect to a daemon's address; None if nobody of this user listens there."""
    if not record.address:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_DIAL_SECONDS)
    try:
        connection.connect(record.address)
        # The folder may be one below /tmp, where anybody could listen.
        ours = peer_uid(connection) == os.getuid()
    except OSError:
        ours = False
    if not ours:
        connection.close()
        return None
    connection.settimeout(None)
    return connection


def _elsewhere(record: DaemonRecord) -> NoDaemon:
    return NoDaemon(
        f"The daemon of this state folder runs {record.place}"
        f" (process {record.process.pid} there); it can't be reached from here.",
        hint="End it there with `agentls daemon stop`, or set AGENTLS_STATE_DIR to a"
        " folder of this machine's own.",
    )


def _mute() -> NoDaemon:
    return NoDaemon(
        "A process holds the daemon's lock but doesn't say which it is.",
        hint="See `agentls daemon logs`; `fuser` on daemon.lock in the state folder"
        " names the process.",
    )
