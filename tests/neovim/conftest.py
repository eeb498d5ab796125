"""A real Neovim with the plugin, in a fresh home, with a repository and a daemon."""

import json
import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from neovim_driver import Neovim

PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"
_PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="session", autouse=True)
def neovim_is_there() -> None:
    """Say at once what is missing, and not in every test."""
    assert (_PROGRAMS / "nvim").exists(), "make setup installs Neovim"


@pytest.fixture
def repository(tmp_path: Path, git) -> Path:
    """Make a small repository."""
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    (root / "plain.txt").write_text("one\ntwo\nthree\n")
    (root / "code.lua").write_text("local a = 1\nlocal b = 2\nreturn a + b\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


@pytest.fixture
def open_neovim(home, repository: Path) -> Generator[Callable[..., Neovim]]:
    """Open Neovims as a person has them: their own configuration, the plugin, a UI."""
    config = home.path / ".config" / "nvim"
    config.mkdir(parents=True)
    (config / "init.lua").write_text(
        f"vim.opt.runtimepath:append([[{PLUGIN}]])\n"
        "vim.o.swapfile = false\n"
        "vim.o.shortmess = vim.o.shortmess .. 'I'\n"
    )
    settings = home.path / "config" / "config.toml"
    settings.parent.mkdir()
    # An agent that takes any prompt, and does the same with each.
    settings.write_text(
        "[agents.plain]\n"
        """command = ["sh", "-c", "sh task.sh; echo got: $1", "sh", "{prompt}"]\n"""
    )
    opened: list[Neovim] = []

    def open_one(*args: str, cwd: Path = repository, **more) -> Neovim:
        environ = dict(home.environ) | {
            "PATH": f"{_PROGRAMS}{os.pathsep}{home.environ['PATH']}"
        }
        neovim = Neovim(
            _PROGRAMS / "nvim",
            *args,
            environ=environ | more.pop("environ", {}),
            cwd=cwd,
            **more,
        )
        opened.append(neovim)
        return neovim

    yield open_one
    for neovim in opened:
        neovim.close()


@pytest.fixture
def neovim(open_neovim) -> Neovim:
    """Open one Neovim in the repository."""
    return open_neovim()


@pytest.fixture
def start(home, repository: Path) -> Callable[..., str]:
    """Start a task from a terminal, with the shell agent unless told; gives its id."""

    def start_one(
        script: str, *args: str, title: str | None = None, agent: str = "shell"
    ) -> str:
        titled = ("--title", title) if title else ()
        done = home.agentls(
            "run", "--agent", agent, "--json", *titled, *args, script, cwd=repository
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["task"]["id"]

    return start_one
