"""Checkpoints of a task: what they hold, and what they leave alone."""

import hashlib
from pathlib import Path

import pytest

from agentls.errors import InvalidParams, InvalidState
from agentls.git.repository import find_repository
from agentls.model import Checkpoint, State, Task


async def _take(daemon, task: Task) -> Checkpoint:
    return (await daemon.core.checkpointing.take(task.id))[1]


def _admin(git, task: Task) -> Path:
    return Path(git(task.worktree, "rev-parse", "--absolute-git-dir"))


def _everything(git, task: Task) -> dict[str, str]:
    """Hash all files of the worktree and of git's folder for it, and the stash."""
    found = {"stash": git(task.worktree, "stash", "list")}
    for top in (task.worktree, _admin(git, task)):
        for file in sorted(top.rglob("*")):
            if file.is_file():
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                found[str(file)] = f"{digest} {file.stat().st_mtime_ns}"
    return found


async def test_the_same_state_is_saved_once(daemon):
    task = await daemon.done("echo x > new")
    first = await _take(daemon, task)
    assert (first.number, first.reason) == (1, "Turn 1")
    (task.worktree / "new").write_text("y\n")
    second = await _take(daemon, task)
    assert (second.number, second.reason) == (2, "On demand")
    assert await _take(daemon, task) == second
    task, all_of_them, _ = await daemon.core.checkpointing.list(task.id)
    assert all_of_them == (first, second)


async def test_nothing_of_the_agents_is_touched(daemon, git):
    task = await daemon.done(
        "echo one > staged; git add staged; echo two > staged; echo x > untracked;"
        " echo kept > kept; git add kept; git stash push -q kept;"
        " git mv plain.txt moved; rm moved"
    )
    (task.worktree / "plain.txt").write_text("again\n")
    before = _everything(git, task)
    assert before["stash"]
    taken = await _take(daemon, task)
    assert taken.number == 2
    assert _everything(git, task) == before
    listed = git(task.repository, "ls-tree", "-r", "--name-only", taken.commit)
    assert listed.split() == ["plain.txt", "staged", "untracked"]


async def test_the_chain_reaches_what_the_agent_committed_and_threw_away(daemon, git):
    task = await daemon.done(
        "echo 1 > one; git add one; git commit -qm one; git rev-parse HEAD > ../sha"
    )
    commit = (task.worktree.parent / "sha").read_text().strip()
    git(task.worktree, "reset", "-q", "--hard", "HEAD^")
    await _take(daemon, task)
    git(task.worktree, "reflog", "expire", "--expire=all", "--all")
    git(task.repository, "gc", "-q", "--prune=now")
    assert git(task.repository, "show", f"{commit}:one") == "1"
    assert [one.head for one in (await daemon.core.checkpointing.list(task.id))[1]] == [
        commit,
        task.base.commit,
    ]


async def test_what_is_only_staged_is_kept_too(daemon, git):
    task = await daemon.done("echo only > staged; git add staged; rm staged")
    (taken,) = (await daemon.core.checkpointing.list(task.id))[1]
    assert git(task.repository, "ls-tree", "--name-only", taken.commit) == "plain.txt"
    assert taken.staged is not None
    assert taken.staged in git(task.repository, "rev-list", taken.commit).split()
    assert git(task.repository, "show", f"{taken.staged}:staged") == "only"
    assert await _take(daemon, task) == taken  # the same state, found again


async def test_what_is_staged_as_it_stands_needs_no_keeping(daemon):
    task = await daemon.done("echo x > staged; git add staged; git rm -q plain.txt")
    (taken,) = (await daemon.core.checkpointing.list(task.id))[1]
    assert taken.staged is None


async def test_both_sides_of_an_unmerged_file_are_kept(daemon, git):
    task = await daemon.done(
        "git switch -qc side; echo side > plain.txt; git commit -qam side;"
        " git switch -q -; echo mine > plain.txt; git commit -qam mine;"
        " git merge -q side || true"
    )
    (taken,) = (await daemon.core.checkpointing.list(task.id))[1]
    assert "<<<<<<<" in git(task.repository, "show", f"{taken.commit}:plain.txt")
    assert taken.staged is not None
    kept = f"{taken.staged}:.agentls-unmerged"
    assert git(task.repository, "show", f"{kept}/2/plain.txt") == "mine"
    assert git(task.repository, "show", f"{kept}/3/plain.txt") == "side"


async def test_a_damaged_index_and_a_lock_are_no_obstacle(daemon, git):
    task = await daemon.done("echo x > new")
    admin = _admin(git, task)
    (admin / "index").write_bytes(b"rubbish")
    (admin / "index.lock").write_text("")
    (task.worktree / "new").write_text("y\n")
    taken = await _take(daemon, task)
    assert git(task.repository, "show", f"{taken.commit}:new") == "y"
    assert (admin / "index").read_bytes() == b"rubbish"


async def test_when_the_ref_is_gone_the_state_is_saved_again(daemon, git):
    task = await daemon.done("echo x > new")
    git(task.repository, "update-ref", "-d", f"refs/agentls/{task.id}")
    again = await _take(daemon, task)
    assert again.number == 2
    assert git(task.repository, "rev-parse", f"refs/agentls/{task.id}") == again.commit


async def test_what_is_not_stored_is_named(daemon, paths):
    paths.user_config.parent.mkdir(parents=True)
    paths.user_config.write_text("[checkpoint]\nmax_file = 1000\n")
    task = await daemon.done("git init -q inner; printf %2000d 0 > big; echo x > new")
    (taken,) = (await daemon.core.checkpointing.list(task.id))[1]
    assert taken.skipped == ("big: 2000 bytes large", "inner/: a repository of its own")
    assert taken.files == 1


async def test_what_the_setup_made_is_no_part_of_the_size(daemon, repository):
    (repository / ".agentls.toml").write_text('setup = ["echo x > made"]\n')
    await daemon.trust()
    task = await daemon.done("true")
    assert (task.files, task.added, task.deleted) == (0, 0, 0)
    await daemon.core.tasks._starter.repository(task)
    (task.worktree / "new").write_text("1\n2\n")
    await _take(daemon, task)
    task = daemon.core.book.get(task.id)
    assert (task.files, task.added, task.deleted) == (1, 2, 0)


async def test_the_size_is_told_and_counts_as_no_change_of_the_task(daemon):
    task = await daemon.done("true")
    (task.worktree / "new").write_text("1\n")
    heard = []
    with daemon.core.book.listening(heard.append):
        await _take(daemon, task)
    (told,) = heard
    assert told.files == 1
    assert told.changed == task.changed


async def test_reading_and_saving_at_once_is_no_trouble(daemon):
    import asyncio  # noqa: PLC0415

    task = await daemon.done("echo x > new")
    repository = await find_repository(task.repository)
    checkpoints = daemon.core.checkpointing._on.checkpoints
    (task.worktree / "new").write_text("y\n")
    states = await asyncio.gather(
        *(checkpoints.read(repository, task) for _ in range(8))
    )
    assert len({state.tree for state in states}) == 1


async def test_without_a_worktree_there_is_nothing_to_save(daemon):
    task = await daemon.done("echo x > new")
    await daemon.core.discarding.discard(task.id)
    with pytest.raises(InvalidState):
        await _take(daemon, task)
    with pytest.raises(InvalidParams, match="no checkpoint 9"):
        await daemon.core.checkpointing._on.checkpoints.get(task, 9)
    assert daemon.core.book.get(task.id).state is State.DISCARDED
