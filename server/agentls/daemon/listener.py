"""The daemon's unix socket, and the connections that came through it.

The folder is 0700 and each peer's user id is checked: only the same user gets
in. A socket that vanished (a cleaned /tmp, an ended login) is bound again on
request; connections that exist don't notice.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agentls.errors import Internal
from agentls.host import peer_uid
from agentls.paths import SOCKET_PATH_MAX, Paths
from agentls.reading import read_small

__all__ = ["Listener", "Serve"]

_LOG = logging.getLogger(__name__)

_BACKLOG = 128

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves one connection until it closes."""


class Listener:
    """Listens, and runs each connection as a task of the given group."""

    def __init__(
        self,
        paths: Paths,
        *,
        serve: Serve,
        group: asyncio.TaskGroup,
        uid_of: Callable[[Any], int] = peer_uid,
    ) -> None:
        self._paths = paths
        self._serve = serve
        self._group = group
        self._uid_of = uid_of
        self._server: asyncio.Server | None = None
        self._path = Path()
        self._inode: os.stat_result | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    @property
    def address(self) -> str:
        """The socket's path."""
        return os.fspath(self._path)

    @property
    def reachable(self) -> bool:
        """Whether the path still leads to our socket."""
        try:
            return self._inode is not None and os.path.samestat(
                self._inode, self._path.lstat()
            )
        except OSError:
            return False

    async def open(self) -> str:
        """Bind, listen, and give the address; the folder may be another each time.

        Raises `AgentlsError` when no folder can hold a socket.
        """
        path = self._paths.make_socket_dir() / "daemon.sock"
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise Internal(f"{path} is too long for a socket.")
        # Only the holder of the daemon's lock comes here: what is there is dead.
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(os.fspath(path))
            path.chmod(0o600)
            inode = path.lstat()
            server = await asyncio.start_unix_server(
                self._accept, sock=listening, backlog=_BACKLOG
            )
        except OSError:
            listening.close()
            raise
        self._stop_listening()
        self._server, self._path, self._inode = server, path, inode
        return self.address

    def close(self) -> None:
        """Take no more connections; those that exist stay."""
        reachable = self.reachable
        self._stop_listening()
        if reachable:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def close_connections(self) -> None:
        """End every connection; the group waits for them."""
        for connection in self._connections:
            connection.cancel()

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()  # in no Python does this alone end connections
            self._server = None

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        read_small(writer.transport)
        try:
            uid = self._uid_of(writer.get_extra_info("socket"))
        except OSError as error:
            _LOG.info("a client was gone before it was served: %s", error)
            writer.close()
            return
        # Invariant: only the same user reaches the daemon
        # (tests/daemon/test_listener.py, another_user_is_refused).
        if uid != os.getuid():
            _LOG.warning("a connection of user %d was refused", uid)
            writer.close()
            return
        connection = self._group.create_task(self._run(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._serve(reader, writer)
        except ConnectionError as error:
            _LOG.info("a client went: %s", error)
        except Exception:  # noqa: BLE001 - the edge: one connection's bug ends only that one
            _LOG.exception("a connection ended by a bug")
        finally:
            writer.close()
