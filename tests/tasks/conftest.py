import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.assembly import open_core
from agentls.core import Core
from agentls.git.repository import find_repository
from agentls.model import AgentName, Base, BaseKind, CommitId, State, Task, TaskId
from agentls.paths import Paths
from agentls.store.database import Database
from agentls.tasks.book import TaskBook
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent

_DEADLINE = 30.0


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


@attrs.frozen(kw_only=True)
class Daemon:
    """A core as a daemon holds it, and a repository to ask it about."""

    core: Core
    root: Path

    async def create(self, prompt: str = "true", **asked: Any) -> Task:
        """Create a task of the shell agent."""
        request = TaskRequest(
            **{"prompt": prompt, "folder": self.root, "agent": "shell"} | asked
        )
        return await self.core.creating.create(request, progress=silent)

    async def done(self, prompt: str = "true", **asked: Any) -> Task:
        """Create a task, and give it when its agent is done."""
        created = await self.create(prompt, **asked)
        return await self.until(created.id, State.REVIEW)

    async def merge(self, task: Task, *, stop: bool = False) -> Any:
        """Merge a task."""
        return await self.core.merging.merge(
            task.id, message=None, stop=stop, progress=silent
        )

    async def operations_end(self) -> None:
        """Wait for what was taken up at the start; what never ends is left out."""
        for running in tuple(self.core.background._running):
            if running.get_name() not in {
                "housekeeping",
                "forecasting",
                "races",
                "stacks",
                "disk",
            }:
                await running

    async def trust(self) -> None:
        """Allow all that the repository would run."""
        repository = await find_repository(self.root)
        await self.core.trusting.decide(repository, "allowed", digests=None)

    async def until(self, task: TaskId, *states: State) -> Task:
        """Wait until a task is in one of the states, and give it."""
        await self.until_true(lambda: self.core.book.get(task).state in states)
        return self.core.book.get(task)

    async def until_true(self, true: Callable[[], bool]) -> None:
        """Wait until something is true after a change of the book."""
        reached = asyncio.Event()

        def look(_: object = None) -> None:
            if true():
                reached.set()

        with self.core.book.listening(look):
            look()
            try:
                async with asyncio.timeout(_DEADLINE):
                    await reached.wait()
            except TimeoutError:
                pytest.fail(f"it never came; tasks: {self.core.book.tasks()}")


@pytest.fixture
def paths(home) -> Paths:
    return Paths.from_environ(home.environ, uid=os.getuid())


@pytest.fixture
def repository(repository: Path, home, monkeypatch) -> Path:
    """Give the small repository, and a home for a daemon in this process."""
    for name in ("HOME", "SHELL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    return repository


@pytest.fixture
def start(
    paths: Paths, repository: Path
) -> Callable[[], AbstractAsyncContextManager[Daemon]]:
    """Start a daemon's core in this process; leaving it is the daemon's end."""

    @asynccontextmanager
    async def started() -> AsyncGenerator[Daemon]:
        async with asyncio.timeout(2 * _DEADLINE), open_core(paths) as core:
            yield Daemon(core=core, root=repository)

    return started


@pytest.fixture
async def daemon(start) -> AsyncGenerator[Daemon]:
    """Give a daemon's core that runs."""
    async with start() as running:
        yield running
