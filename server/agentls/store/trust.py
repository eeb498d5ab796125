"""The table of trust: what the user decided about an exact text."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Literal

__all__ = ["Decision", "decide", "load_decisions"]

Decision = Literal["allowed", "denied"]


def load_decisions(
    connection: sqlite3.Connection, repository: Path
) -> dict[str, Decision]:
    """Give the decisions about the repository's texts, by the texts' digests."""
    rows = connection.execute(
        "SELECT digest, decision FROM trust WHERE repository = ?",
        (os.fsencode(repository),),
    )
    return {row["digest"]: row["decision"] for row in rows}


def decide(
    connection: sqlite3.Connection,
    repository: Path,
    *,
    kind: str,
    name: str,
    text: str,
    digest: str,
    decision: Decision,
    now: datetime,
) -> None:
    """Keep the user's decision about one text, in place of an earlier one."""
    connection.execute(
        "INSERT OR REPLACE INTO trust VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            os.fsencode(repository),
            digest,
            kind,
            name,
            text,
            decision,
            now.isoformat(),
        ),
    )
