from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agentls.model import AgentName, Base, BaseKind, CommitId, State, Task, TaskId
from agentls.store.database import Database
from agentls.tasks.book import TaskBook


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with Database(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
async def book(database: Database) -> TaskBook:
    made = TaskBook(database)
    await made.load()
    return made


def _task(**values: Any) -> Task:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Task(
        **{
            "id": TaskId("b2c3"),
            "number": 1,
            "repository": Path("/r"),
            "title": "Title",
            "prompt": "Prompt",
            "agent": AgentName("shell"),
            "base": Base(kind=BaseKind.REF, name="main", commit=CommitId("0" * 40)),
            "target": "main",
            "branch": "agentls/title-b2c3",
            "worktree": Path("/w/r-1"),
            "state": State.QUEUED,
            "created": moment,
            "changed": moment,
            "rev": 1,
        }
        | values
    )


@pytest.fixture
def make_task():
    """Make a task value; name what matters for the test."""
    return _task
