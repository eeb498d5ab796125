"""A user's file and a repository's, and a loader that reads both."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from agentls.config import LoadedConfig, load_config


@attrs.frozen(kw_only=True)
class Files:
    """The three files that a configuration may come from."""

    user: Path
    repository: Path

    def write(self, *, user: str = "", shared: str = "", local: str = "") -> None:
        for file, text in (
            (self.user, user),
            (self.repository / ".agentls.toml", shared),
            (self.repository / ".agentls.local.toml", local),
        ):
            if text:
                file.write_text(text)

    def load(self) -> LoadedConfig:
        return load_config(user_file=self.user, repository=self.repository)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    repository = tmp_path / "repository"
    repository.mkdir()
    return Files(user=tmp_path / "config.toml", repository=repository)


@pytest.fixture
def load(files: Files) -> Callable[..., LoadedConfig]:
    """Write the given texts and load them."""

    def write_and_load(**texts: str) -> LoadedConfig:
        files.write(**texts)
        return files.load()

    return write_and_load
