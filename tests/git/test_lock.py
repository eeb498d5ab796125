import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from agentls.errors import GitFailed
from agentls.git.lock import advance_lock, repository_lock


async def test_one_at_a_time(sandbox: Any):
    repo = await sandbox.repository()
    inside = 0
    most = 0

    async def hold():
        nonlocal inside, most
        async with repository_lock(repo):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(20)))
    assert most == 1


async def test_gives_up_after_a_while_and_says_who(sandbox: Any):
    repo = await sandbox.repository()
    async with repository_lock(repo):
        with pytest.raises(GitFailed, match=r"agentls/lock for 0\.01 seconds"):
            async with repository_lock(repo, within=0.01):
                pass
        async with advance_lock(repo, within=1):
            pass


async def test_a_process_that_inherits_it_keeps_it(sandbox: Any):
    repo = await sandbox.repository()
    async with repository_lock(repo) as descriptor:
        held = subprocess.Popen(  # noqa: ASYNC220 - it is waited for below
            ("cat",), stdin=-1, stdout=-1, pass_fds=(descriptor,)
        )
    try:
        with pytest.raises(GitFailed):
            async with repository_lock(repo, within=0.05):
                pass
    finally:
        held.communicate(timeout=10)
    async with repository_lock(repo, within=5):
        pass


async def test_other_processes_do_not_inherit_it(sandbox: Any):
    repo = await sandbox.repository()
    async with repository_lock(repo) as descriptor:
        assert not os.get_inheritable(descriptor)
    code = (
        "import fcntl, sys\n"
        "fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    )
    subprocess.run(  # noqa: ASYNC221 - one short try
        (sys.executable, "-W", "ignore", "-c", code, str(repo.own_dir / "lock")),
        check=True,
        timeout=20,
    )
