"""Real repositories, with a home of their own."""

from pathlib import Path

import pytest

from history import History
from sandbox import Sandbox


@pytest.fixture
def sandbox(home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Give a repository with a first commit."""
    for name in ("HOME", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    root = tmp_path / "repo"
    root.mkdir()
    made = Sandbox(root)
    made.git("init", "-q")
    made.write("readme", "hello\n")
    made.commit("first")
    return made


@pytest.fixture
def history(home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """Give an empty repository."""
    for name in ("HOME", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, home.environ[name])
    return History(tmp_path / "repository")
