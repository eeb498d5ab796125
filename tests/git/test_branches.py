from typing import Any

import pytest

from agentls.errors import InvalidParams, TargetMoved
from agentls.git.branches import (
    branch_exists,
    check_branch_name,
    create_branch,
    delete_branch,
)


@pytest.mark.parametrize("name", ["fix", "a/b", "ümlaut", "it's", "x=y"])
async def test_accepts_good_names(sandbox: Any, name: Any):
    repo = await sandbox.repository()
    await check_branch_name(repo, name)
    await create_branch(repo, name, at=sandbox.tip())
    assert await branch_exists(repo, name)


@pytest.mark.parametrize(
    "name", ["", "-x", "a b", "a..b", "a\nb", "@{-1}", "HEAD", "x.lock", "/a", "a\0b"]
)
async def test_refuses_bad_names(sandbox: Any, name: Any):
    sandbox.git("checkout", "-q", "-b", "other")
    with pytest.raises(InvalidParams):
        await check_branch_name(await sandbox.repository(), name)


async def test_only_the_exact_name_exists(sandbox: Any):
    sandbox.git("branch", "refs/heads/tricky")
    sandbox.git("tag", "tagged")
    repo = await sandbox.repository()
    assert not await branch_exists(repo, "tricky")
    assert not await branch_exists(repo, "tagged")
    assert await branch_exists(repo, "refs/heads/tricky")


async def test_deletes_only_what_stands_as_expected(sandbox: Any):
    first = sandbox.tip()
    sandbox.git("branch", "fix")
    second = sandbox.commit()
    repo = await sandbox.repository()
    with pytest.raises(TargetMoved):
        await delete_branch(repo, "fix", expected=second)
    await delete_branch(repo, "fix", expected=first)
    await delete_branch(repo, "fix", expected=first)
    assert not await branch_exists(repo, "fix")
