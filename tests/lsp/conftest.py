import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from agentls.assembly import open_core
from agentls.core import Core
from agentls.model import Session
from agentls.paths import Paths
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


@pytest.fixture
async def core(home, monkeypatch) -> AsyncGenerator[Core]:
    """Open a core as a daemon does, in a fresh home."""
    for name in ("HOME", "SHELL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    paths = Paths.from_environ(home.environ, uid=os.getuid())
    async with asyncio.timeout(60), open_core(paths) as opened:
        yield opened


@pytest.fixture
async def session(core: Core, tmp_path: Path, git) -> Session:
    """Start a session that shows what is typed, until the end of input."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    request = TaskRequest(prompt="stty -echo; cat", folder=root, agent="shell")
    task = await core.creating.create(request, progress=silent)
    return core.book.sessions(task.id)[-1]
