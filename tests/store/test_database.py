import sqlite3
from pathlib import Path

import pytest

from agentls.errors import AgentlsError
from agentls.store.database import Database


async def test_a_transaction_that_fails_changes_nothing(tmp_path: Path):
    def half(db: sqlite3.Connection) -> None:
        db.execute("UPDATE counters SET value = 99 WHERE name = 'rev'")
        raise RuntimeError("half way")

    def value(db: sqlite3.Connection) -> int:
        return db.execute("SELECT value FROM counters").fetchone()[0]

    async with Database(tmp_path / "a.db") as database:
        with pytest.raises(RuntimeError):
            await database.transaction(half)
        assert await database.read(value) == 0


async def test_it_writes_ahead_and_syncs_each_transaction(tmp_path: Path):
    def pragmas(db: sqlite3.Connection) -> tuple[str, int, int]:
        return tuple(
            db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    async with Database(tmp_path / "a.db") as database:
        assert await database.read(pragmas) == ("wal", 2, 1)


async def test_the_file_is_for_the_user_alone(tmp_path: Path):
    async with Database(tmp_path / "a.db"):
        pass
    assert (tmp_path / "a.db").stat().st_mode & 0o077 == 0


async def test_opening_again_keeps_what_is_there(tmp_path: Path):
    async with Database(tmp_path / "a.db") as database:
        await database.transaction(
            lambda db: db.execute("UPDATE counters SET value = 7")
        )
    async with Database(tmp_path / "a.db") as database:
        row = await database.read(
            lambda db: db.execute("SELECT value FROM counters").fetchone()
        )
    assert row["value"] == 7


async def test_a_newer_file_is_refused_and_not_changed(tmp_path: Path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(AgentlsError, match="newer agentls"):
        async with Database(path):
            pass
    assert path.read_bytes() == before


async def test_a_file_that_is_no_store_is_named_and_not_changed(tmp_path: Path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database" * 1000)
    before = path.read_bytes()
    with pytest.raises(AgentlsError, match=r"a\.db can't be opened: file is not a"):
        async with Database(path):
            pass
    assert path.read_bytes() == before
