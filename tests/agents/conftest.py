"""Definitions as a config gives them, and runs for them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.agents.catalogue import Catalogue, load_agents
from agentls.agents.invocation import HookAddress, Run
from agentls.config import load_config


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
def agents(config_file: Path) -> Callable[[str], Catalogue]:
    """Load the agents of a user's config with that text."""

    def load(text: str = "") -> Catalogue:
        config_file.write_text(text)
        return load_agents(load_config(user_file=config_file, repository=None).config())

    return load


@pytest.fixture
def run(tmp_path: Path) -> Run:
    private = tmp_path / "private"
    worktree = tmp_path / "work tree"
    private.mkdir()
    worktree.mkdir()
    return Run(
        prompt="do it",
        worktree=worktree,
        main_root=tmp_path / "main",
        private=private,
        hook=HookAddress(
            argv=("/opt/py thon", "-m", "agentls", "hook"),
            session="t1-1",
            events=private / "events.jsonl",
            state=tmp_path / "state",
        ),
    )
