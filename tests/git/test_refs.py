from typing import Any

import pytest

from agentls.errors import TargetMoved
from agentls.git.refs import (
    RefChange,
    delete_ref,
    list_refs,
    read_ref,
    task_ref,
    update_ref,
    update_refs,
)


async def test_sets_reads_and_deletes_a_hidden_reference(sandbox: Any):
    repo = await sandbox.repository()
    tip, ref = sandbox.tip(), task_ref("t1")
    assert await read_ref(repo, ref) is None
    await update_ref(repo, ref, new=tip, expected=None)
    assert await read_ref(repo, ref) == tip
    assert await list_refs(repo, "refs/agentls") == {ref: tip}
    await delete_ref(repo, ref, expected=tip)
    assert await read_ref(repo, ref) is None


async def test_refuses_what_is_not_as_expected(sandbox: Any):
    repo = await sandbox.repository()
    first = sandbox.tip()
    second = sandbox.commit()
    with pytest.raises(TargetMoved, match=r"main moved: expected .*, found"):
        await update_ref(repo, "refs/heads/main", new=first, expected=first)
    with pytest.raises(TargetMoved, match="expected nothing"):
        await update_ref(repo, "refs/heads/main", new=first, expected=None)
    with pytest.raises(TargetMoved, match="found nothing"):
        await delete_ref(repo, "refs/heads/none", expected=second)
    assert sandbox.tip("main") == second


async def test_several_change_together_or_not_at_all(sandbox: Any):
    repo = await sandbox.repository()
    tip = sandbox.tip()
    good = RefChange(ref="refs/agentls/a", new=tip, expected=None)
    bad = RefChange(ref="refs/agentls/b", new=None, expected=tip)
    with pytest.raises(TargetMoved):
        await update_refs(repo, (good, bad))
    assert await list_refs(repo, "refs/agentls") == {}
    await update_refs(
        repo, (good, RefChange(ref="refs/agentls/b", new=tip, expected=None))
    )
    assert len(await list_refs(repo, "refs/agentls")) == 2


async def test_no_hook_is_asked(sandbox: Any, hostile: Any):
    hostile(sandbox)
    repo = await sandbox.repository()
    await update_ref(repo, task_ref("t1"), new=sandbox.tip(), expected=None)
