"""A merge is taken back while nothing came after it."""

from typing import Any

import pytest

from agentls.errors import DirtyCheckout, InvalidState, TargetMoved
from agentls.model import State


@pytest.fixture
async def merged(daemon: Any):
    task = await daemon.done("echo more >> plain.txt; echo x > x", title="Do it")
    return (await daemon.merge(task)).task


@pytest.fixture
def undo(daemon: Any):
    async def undo(task: Any) -> Any:
        return await daemon.core.undoing.undo(task.id, progress=lambda _: None)

    return undo


async def test_target_and_checkout_are_as_before_and_the_task_is_in_review(
    daemon, merged, undo, git
):
    undone = await undo(merged)
    assert undone.commit == git(daemon.root, "rev-parse", "HEAD") == merged.merged_from
    assert undone.checkout == daemon.root
    assert (daemon.root / "plain.txt").read_text() == "plain\n"
    assert git(daemon.root, "status", "--porcelain") == ""
    assert (undone.task.state, undone.task.merged_commit) == (State.REVIEW, None)
    assert undone.task.id not in daemon.core.book.untold
    assert (undone.task.worktree / "x").exists()


async def test_it_can_be_merged_again_and_undone_again(daemon, merged, undo, git):
    for _ in range(2):
        task = (await undo(merged)).task
        again = await daemon.merge(task)
        assert git(daemon.root, "rev-parse", "HEAD") == again.commit
        assert (daemon.root / "x").exists()


async def test_what_was_merged_stays_reachable_through_a_gc(daemon, merged, undo, git):
    await undo(merged)
    git(daemon.root, "reflog", "expire", "--expire=now", "--all")
    git(daemon.root, "gc", "-q", "--prune=now")
    assert git(daemon.root, "show", f"{merged.merged_commit}:x") == "x"


async def test_commits_that_came_after_are_named(daemon, merged, undo, git):
    git(daemon.root, "commit", "-q", "--allow-empty", "-m", "Newer")
    with pytest.raises(TargetMoved, match="Newer"):
        await undo(merged)
    assert daemon.core.book.get(merged.id).state is State.MERGED


async def test_files_that_the_user_changed_are_named(daemon, merged, undo, git):
    (daemon.root / "plain.txt").write_text("mine\n")
    with pytest.raises(DirtyCheckout, match=r"plain\.txt"):
        await undo(merged)
    assert (daemon.root / "plain.txt").read_text() == "mine\n"
    assert git(daemon.root, "rev-parse", "HEAD") == merged.merged_commit
    git(daemon.root, "checkout", "plain.txt")
    await undo(merged)


async def test_a_merge_that_was_pushed_stays(daemon, merged, undo, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote")
    git(daemon.root, "push", "-q", str(tmp_path / "remote"), "main")
    git(daemon.root, "remote", "add", "origin", str(tmp_path / "remote"))
    git(daemon.root, "fetch", "-q", "origin")
    with pytest.raises(InvalidState, match="origin/main already") as caught:
        await undo(merged)
    assert "git revert" in caught.value.hint


async def test_only_a_merged_task_can_come_back(daemon, undo):
    other = await daemon.done("echo y > y")
    with pytest.raises(InvalidState):
        await undo(other)


@pytest.mark.parametrize("by", ["gc", "hand"])
async def test_a_worktree_that_was_cleared_away_is_made_again(
    daemon, merged, undo, git, paths, by
):
    if by == "gc":
        paths.config.mkdir(parents=True, exist_ok=True)
        (paths.config / "config.toml").write_text("trash_days = 0\n")
        await daemon.core.housekeeper.collect()
    else:
        git(daemon.root, "worktree", "unlock", str(merged.worktree))
        git(daemon.root, "worktree", "remove", "--force", str(merged.worktree))
    assert not merged.worktree.exists()
    git(daemon.root, "gc", "-q", "--prune=now")
    undone = await undo(merged)
    assert undone.task.state is State.REVIEW
    assert (merged.worktree / "x").read_text() == "x\n"
    assert (daemon.root / "plain.txt").read_text() == "plain\n"
    await daemon.merge(undone.task)
    assert (daemon.root / "x").exists()


async def test_nothing_is_made_again_for_an_undo_that_is_refused(
    daemon, merged, undo, git
):
    git(daemon.root, "worktree", "unlock", str(merged.worktree))
    git(daemon.root, "worktree", "remove", "--force", str(merged.worktree))
    git(daemon.root, "commit", "-q", "--allow-empty", "-m", "Newer")
    with pytest.raises(TargetMoved, match="Newer"):
        await undo(merged)
    assert not merged.worktree.exists()
