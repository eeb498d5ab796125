"""The connection of a command to the daemon."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from agentls.cli.statuses import DaemonUnreachable
from agentls.client import Client
from agentls.errors import AgentlsError, DaemonRestarted
from agentls.paths import Paths

__all__ = ["OPERATION_SECONDS", "Lasting", "Link", "connected"]

OPERATION_SECONDS = 3600.0
"""For what works on a repository of any size: a checkout, a setup, a merge."""

R = TypeVar("R")


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


def connected() -> Client:
    """Connect, starting the daemon if none runs; raise `DaemonUnreachable`.

    The client is a context manager that closes the connection.
    """
    try:
        return Client.open(Paths.of_this_process())
    except AgentlsError as error:
        raise DaemonUnreachable(error.message, hint=error.hint) from error


class Lasting(Generic[C]):
    """A connection for commands that last: they go on with the next daemon.

    `again(client)` is called with each new connection, to ask for what the old one
    was told.
    """

    def __init__(self, again: Callable[[C], None], *, connect: Callable[[], C]) -> None:
        self._again = again
        self._connect = connect
        self.client = connect()

    def persist(self, step: Callable[[C], R]) -> R:
        """Do a step that may be done again; after a daemon's end do it again."""
        while True:
            try:
                return step(self.client)
            except DaemonRestarted:
                self._reconnect()

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def _reconnect(self) -> None:
        while True:
            self.client.close()
            self.client = self._connect()  # raises when there can be none
            try:
                self._again(self.client)
            except DaemonRestarted:
                continue
            return


class Link(Lasting[Client]):
    """A lasting connection to the daemon, without which its user can do nothing."""

    def __init__(self, again: Callable[[Client], None]) -> None:
        super().__init__(again, connect=connected)
