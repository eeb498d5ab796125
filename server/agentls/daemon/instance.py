"""This process as the one daemon: its lock and its record, from start to end."""

import contextlib
import os
import time
from collections.abc import Generator

from agentls import __version__
from agentls.errors import AgentlsError, Internal
from agentls.host import host_name, identity_of, pid_namespace
from agentls.paths import Paths
from agentls.record import DaemonRecord, read_record, try_lock, write_record

__all__ = ["AlreadyRunning", "Instance", "hold_instance"]

_LOOK_SECONDS = 1.0
"""How long clients may look whether the lock is free; each takes microseconds."""

_POLL = 0.01


class AlreadyRunning(Internal):
    """Another daemon has the lock."""


class Instance:
    """The lock, held; `announce` tells clients where to connect."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        process = identity_of(os.getpid())
        if process is None:
            raise AgentlsError(
                "This system doesn't say when a process started.",
                hint="agentls needs /proc, or the program ps.",
            )
        self.record = DaemonRecord(
            address="",
            host=host_name(),
            pid_namespace=pid_namespace(),
            process=process,
            version=__version__,
        )

    def announce(self, address: str) -> None:
        """Write where this daemon listens; with no address, that it is starting."""
        self.record = self.record._replace(address=address)
        write_record(self._paths, self.record)

    @property
    def holds(self) -> bool:
        """Whether the lock is still this daemon's: its file may have been removed."""
        with try_lock(self._paths.daemon_lock) as free:
            return not free

    def withdraw(self) -> None:
        """Remove the record, unless it is another daemon's."""
        if read_record(self._paths) == self.record:
            with contextlib.suppress(FileNotFoundError):
                self._paths.daemon_json.unlink()


@contextlib.contextmanager
def hold_instance(paths: Paths) -> Generator[Instance]:
    """Be the one daemon of the state folder as long as the context lasts.

    Raises `AlreadyRunning` if another is. The record of a daemon that was killed
    is replaced at once, so that no client waits for it or asks it for anything.
    """
    paths.make_private()
    end = time.monotonic() + _LOOK_SECONDS
    while True:
        with try_lock(paths.daemon_lock) as mine:
            if mine:
                instance = Instance(paths)
                instance.announce("")
                try:
                    yield instance
                finally:
                    # Before the lock goes: a successor's record must not be hit.
                    instance.withdraw()
                return
        if time.monotonic() > end:
            raise AlreadyRunning(
                "A daemon of this state folder runs already.",
                hint="`agentls daemon status` shows it.",
            )
        time.sleep(_POLL)
