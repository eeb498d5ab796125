"""Real repositories in a folder of their own, with a home of their own."""

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentls.git.checkouts import Checkout
from agentls.git.refs import read_ref
from agentls.git.repository import Repository
from agentls.git.worktrees import add_worktree
from sandbox import Sandbox


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of the test's own, whose git knows a name."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_", "AGENTLS_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.com\n"
        "[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n"
    )
    return folder


@pytest.fixture
def make_sandbox(tmp_path: Path) -> Callable[..., Sandbox]:
    def make(name: str = "repo", *options: str) -> Sandbox:
        root = tmp_path / name
        root.mkdir(parents=True)
        sandbox = Sandbox(root)
        sandbox.git("init", "-q", *options)
        return sandbox

    return make


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """Give a repository with a first commit."""
    made = make_sandbox()
    made.write("readme", "hello\n")
    made.write("src/code.py", "one\ntwo\nthree\n")
    made.write(".gitignore", "*.log\n.env\n")
    made.commit("first")
    return made


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    """Give a file that hostile programs make; it must never appear."""
    path = tmp_path / "marker"
    yield path
    assert not path.exists(), path.read_text()


@pytest.fixture
def hostile(marker: Path, tmp_path: Path) -> Callable[[Sandbox], None]:
    """Make a repository's own config and hooks run something wherever they can."""

    def plant(sandbox: Sandbox) -> None:
        program = tmp_path / "evil.sh"
        program.write_text(
            f"#!/bin/sh\nexec 3>> {shlex.quote(str(marker))}\n"
            "ps -o args= -p $PPID >&3\necho $0 $* >&3\ncat\n"
        )
        program.chmod(0o755)
        evil = str(program)
        hooks = sandbox.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in (
            *("post-checkout", "post-merge", "post-commit", "pre-commit"),
            *("reference-transaction", "post-index-change", "pre-merge-commit"),
        ):
            (hooks / name).write_text(f"#!/bin/sh\n{shlex.quote(evil)} {name}\n")
            (hooks / name).chmod(0o755)
        for key, value in (
            ("core.fsmonitor", evil),
            ("core.sshCommand", evil),
            ("core.pager", evil),
            ("core.editor", evil),
            ("diff.external", evil),
            ("diff.evil.textconv", evil),
            ("diff.evil.command", evil),
            ("filter.evil.clean", evil),
            ("filter.evil.smudge", evil),
            ("filter.evil.required", "true"),
            ("filter.ev=il.clean", evil),
            ("filter.ev=il.process", evil),
            ("merge.evil.driver", f"{evil} %A %B"),
            ("gpg.program", evil),
            ("commit.gpgSign", "true"),
            ("credential.helper", f"!{evil}"),
            ("submodule.recurse", "true"),
            ("interactive.diffFilter", evil),
        ):
            sandbox.git("config", key, value)

    return plant


@pytest.fixture
def add_task(tmp_path: Path) -> Callable[..., "object"]:
    """Make a worktree with a branch, as a task gets it."""

    async def add(repo: Repository, name: str = "t1") -> Checkout:
        start = await read_ref(repo, "refs/heads/main")
        assert start is not None
        return await add_worktree(
            repo,
            path=tmp_path / "worktrees" / name,
            branch=f"agentls/{name}",
            start=start,
            new_branch=True,
        )

    return add
