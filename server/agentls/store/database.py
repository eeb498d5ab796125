"""The SQLite file: its one thread, its transactions, its migrations."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Self, TypeVar

from agentls.errors import AgentlsError, StorageFull
from agentls.threads import to_its_end

__all__ = ["Database"]

R = TypeVar("R")


class Database:
    """An open database; all work on it is done in turn by one thread.

    WAL with `synchronous = FULL`: what a transaction has said is on disk, a
    killed daemon and a power cut lose nothing. Use as an async context manager.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        """Open the file and bring it to this version's schema."""
        try:
            await self._in_turn(self._open)
        except sqlite3.DatabaseError as error:
            await self.__aexit__()
            raise AgentlsError(
                f"The store {self._path} can't be opened: {error}; it was not changed.",
                hint="Agents go on, and worktrees and branches are there all the same."
                " Bring the file back from a backup, or move it away to begin anew.",
            ) from error
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the file after the work that was asked for."""
        await self._in_turn(self._close)
        self._thread.shutdown()

    async def transaction(
        self,
        work: Callable[[sqlite3.Connection], R],
        *,
        then: Callable[[R], None] | None = None,
    ) -> R:
        """Do the work in one transaction: all of it is kept, or nothing.

        `then` takes the result once it is kept, even when the caller is cancelled
        meanwhile: what is held in memory never differs from what is on disk.
        Raises `StorageFull` when the disk has no room; nothing was changed then.
        """

        def run() -> R:
            connection = self._opened()
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    return work(connection)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                    raise StorageFull(
                        f"The disk of {self._path} is full; nothing was changed.",
                        hint="Free some room and try again.",
                    ) from error
                raise

        return await self._in_turn(run, then=then)

    async def read(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """Do work that only reads."""
        return await self._in_turn(lambda: work(self._opened()))

    async def _in_turn(
        self, work: Callable[[], R], *, then: Callable[[R], None] | None = None
    ) -> R:
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)

        def kept(done: "asyncio.Future[R]") -> None:
            if then is not None and done.exception() is None:
                then(done.result())

        future.add_done_callback(kept)
        return await to_its_end(future)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise AgentlsError("The store is closed.")
        return self._connection

    def _open(self) -> None:
        # isolation_level None: transactions begin where `transaction` says so.
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        connection.row_factory = sqlite3.Row
        scripts = _migrations()
        (present,) = connection.execute("PRAGMA user_version").fetchone()
        if present > scripts[-1][0]:
            raise AgentlsError(
                f"{self._path} was written by a newer agentls (schema {present}).",
                hint="Update agentls; the file was not changed.",
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        self._path.chmod(0o600)
        for version, script in scripts:
            if version > present:
                connection.executescript(
                    f"BEGIN; {script}; PRAGMA user_version = {version}; COMMIT;"
                )

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _migrations() -> list[tuple[int, str]]:
    """Give the scripts in their order; each is applied once, in a transaction."""
    folder = resources.files("agentls.store").joinpath("migrations")
    return sorted(
        (int(script.name.removesuffix(".sql")), script.read_text("utf-8"))
        for script in folder.iterdir()
        if script.name.endswith(".sql")
    )
