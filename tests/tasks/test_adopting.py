"""A worktree that somebody made becomes a task, and stays theirs."""

from pathlib import Path

import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.model import State
from agentls.tasks.adopting import Adoption
from agentls.tasks.reviewing import Asked


@pytest.fixture
def own(repository: Path, git) -> Path:
    """Make a worktree by hand: a commit, an edit, an untracked and an ignored file."""
    path = repository.parent / "own worktree"
    git(repository, "worktree", "add", "-q", "-b", "feature", str(path))
    (path / "made.txt").write_text("made\n")
    (path / ".gitignore").write_text("ignored\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "by hand")
    (path / "plain.txt").write_text("edited\n")
    (path / "untracked.txt").write_text("untracked\n")
    (path / "ignored").write_text("ignored\n")
    return path


def adoption(path: Path, **asked) -> Adoption:
    return Adoption(path=path, agent="shell", **asked)


async def test_what_it_has_beyond_the_target_is_the_change(daemon, own):
    task = await daemon.core.adopting.adopt(adoption(own / "made.txt"))
    assert (task.state, task.worktree, task.title) == (State.REVIEW, own, "feature")
    change = await daemon.core.reviewing.changes(task.id, Asked())
    assert [file.display for file in change.files] == [
        ".gitignore",
        "made.txt",
        "plain.txt",
        "untracked.txt",
    ]


async def test_it_merges_as_any_task(daemon, own, repository, git):
    task = await daemon.core.adopting.adopt(adoption(own))
    await daemon.merge(task)
    assert git(repository, "show", "HEAD:plain.txt") == "edited"
    assert (repository / "untracked.txt").exists()


async def test_an_agent_can_go_on_in_it(daemon, own):
    task = await daemon.core.adopting.adopt(adoption(own, prompt="echo more > more"))
    await daemon.until(task.id, State.REVIEW)
    assert (own / "more").exists()


async def test_a_discard_lets_go_and_touches_nothing(daemon, own, repository, git):
    task = await daemon.core.adopting.adopt(adoption(own))
    assert "locked agentls" in git(repository, "worktree", "list", "--porcelain")
    before = git(own, "status", "--porcelain", "--ignored"), git(own, "log", "-1")
    await daemon.core.discarding.discard(task.id)
    assert (git(own, "status", "--porcelain", "--ignored"), git(own, "log", "-1")) == (
        before
    )
    assert "locked" not in git(repository, "worktree", "list", "--porcelain")
    assert "untracked.txt" in git(
        repository, "ls-tree", "--name-only", f"refs/agentls/{task.id}"
    )
    restored = await daemon.core.discarding.restore(task.id)
    assert restored.state is State.REVIEW
    await daemon.core.discarding.discard(task.id)
    await daemon.core.adopting.adopt(adoption(own))  # by somebody who thinks again


async def test_gc_leaves_an_adopted_worktree_alone(daemon, own, paths):
    (paths.config).mkdir(parents=True, exist_ok=True)
    (paths.config / "config.toml").write_text("trash_days = 0\n")
    task = await daemon.core.adopting.adopt(adoption(own))
    await daemon.merge(task)
    await daemon.core.housekeeper.collect()
    assert (own / "ignored").exists()


async def test_the_main_checkout_and_a_stranger_are_refused(daemon, own, repository):
    with pytest.raises(InvalidParams, match="no linked worktree"):
        await daemon.core.adopting.adopt(adoption(repository))
    task = await daemon.core.adopting.adopt(adoption(own))
    with pytest.raises(InvalidState, match=f"task {task.id} already"):
        await daemon.core.adopting.adopt(adoption(own))


async def test_no_branch_and_another_ones_lock_are_refused(
    daemon, own, repository, git
):
    git(repository, "worktree", "lock", "--reason", "on a stick", str(own))
    with pytest.raises(InvalidState, match="on a stick"):
        await daemon.core.adopting.adopt(adoption(own))
    git(repository, "worktree", "unlock", str(own))
    git(own, "switch", "-q", "--detach")
    with pytest.raises(InvalidState, match="on no branch"):
        await daemon.core.adopting.adopt(adoption(own))
    assert "locked" not in git(repository, "worktree", "list", "--porcelain")
