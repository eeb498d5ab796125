"""A git that goes on when its daemon is killed: nothing meddles with its files."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import GitFailed
from agentls.git.healing import Outcome, heal_advance
from agentls.git.lock import advance_lock, filling_lock
from agentls.git.worktrees import remove_half_made

FILES = {".gitattributes": "slow filter=slow\n", "slow": "x\n"}
_BEGUN_WITHIN = 30.0


@pytest.fixture
def slow(home: Path, tmp_path: Path) -> Path:
    """Let git write the file `slow` only when this pipe is written to.

    Git writes to the pipe `begun` beside it when it has come to that file, and what
    the worktree holds when it goes on to `pipe.seen`.
    """
    pipe, begun = tmp_path / "pipe", tmp_path / "begun"
    os.mkfifo(pipe)
    os.mkfifo(begun)
    script = tmp_path / "smudge.sh"
    script.write_text(f"#!/bin/sh\necho > {begun}; cat {pipe}\nls -A > {pipe}.seen\n")
    script.chmod(0o755)
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[filter "slow"]\n\tsmudge = {script}\n')
    return pipe


@pytest.fixture
def orphaned(sandbox: Any, slow: Path) -> Callable[[str, str], Any]:
    """Begin something in a process, and kill that one while its git is at work."""

    async def begin(module: str, call: str) -> None:
        code = (
            "import asyncio, pathlib, sys\n"
            f"from agentls.git.{module} import *\n"
            "from agentls.git.repository import find_repository\n"
            "async def main():\n"
            "    repo = await find_repository(pathlib.Path(sys.argv[1]))\n"
            f"    await {call}\n"
            "asyncio.run(main())\n"
        )
        daemon = subprocess.Popen(  # noqa: ASYNC220 - it is killed and waited for below
            (sys.executable, "-c", code, str(sandbox.root)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_BEGUN_WITHIN):
                await asyncio.to_thread(slow.with_name("begun").read_bytes)
        finally:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait(timeout=20)

    return begin


async def test_a_merge_is_waited_for_before_it_is_healed(
    sandbox: Any, slow: Path, orphaned: Callable[[str, str], Any]
):
    repo = await sandbox.repository()
    old = sandbox.tip()
    new = sandbox.commit_on("main", FILES)
    await orphaned("advance", f"advance_branch(repo, 'main', old={old!r}, new={new!r})")
    with pytest.raises(GitFailed, match=r"held .*advance\.lock"):
        async with advance_lock(repo, within=0.01):
            pass
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        healing = group.create_task(
            heal_advance(repo, "main", old=old, new=new, checkout=sandbox.root)
        )
        # The old git writes its file only now, and healing has to wait for it.
        await asyncio.to_thread(slow.write_text, "x\n")
    assert healing.result() is Outcome.NEW
    assert (sandbox.root / "slow").read_text() == "x\n"
    assert not sandbox.git("status", "--porcelain")


async def test_a_worktree_is_filled_before_it_is_removed(
    sandbox: Any,
    slow: Path,
    orphaned: Callable[[str, str], Any],
    tmp_path: Path,
):
    """Else it would write into a folder that is being removed."""
    repo = await sandbox.repository()
    start = sandbox.commit_on("main", FILES)
    path = tmp_path / "worktrees" / "t1"
    await orphaned(
        "worktrees",
        f"add_worktree(repo, path=pathlib.Path({str(path)!r}), branch='agentls/t1',"
        f" start={start!r}, new_branch=True)",
    )
    with pytest.raises(GitFailed, match=r"held .*t1"):
        async with filling_lock(path, within=0.01):
            pass
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(remove_half_made(repo, path=path))
        await asyncio.to_thread(slow.write_text, "x\n")
    assert ".git" in Path(f"{slow}.seen").read_text().split()  # it was still there
    assert not path.exists()
    assert not list((repo.git_dir / "worktrees").glob("*"))
