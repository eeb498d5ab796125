"""Rewind: the worktree as it was, and nothing lost on the way."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from agentls.errors import DirtyCheckout, InvalidParams, InvalidState
from agentls.git import rewriting
from agentls.model import State, Task
from agentls.tasks.starting import silent


async def _rewind(daemon, task: Task, number: int, *, stop: bool = False):
    return await daemon.core.rewinding.rewind(
        task.id, number, stop=stop, progress=silent
    )


async def _take(daemon, task: Task) -> int:
    return (await daemon.core.checkpointing.take(task.id))[1].number


def _files(worktree: Path) -> dict[str, str]:
    return {
        str(file.relative_to(worktree)): file.read_text()
        for file in worktree.rglob("*")
        if file.is_file() and file.name != ".git"
    }


async def test_files_go_back_and_forth(daemon, git):
    task = await daemon.done("echo one > new; mkdir d; echo x > d/x; rm plain.txt")
    then = _files(task.worktree)
    (task.worktree / "new").write_text("two\n")
    (task.worktree / "d/x").unlink()
    (task.worktree / "d").rmdir()
    (task.worktree / "d").write_text("now a file\n")
    (task.worktree / "more").write_text("more\n")
    now = _files(task.worktree)
    done = await _rewind(daemon, task, 1)
    assert _files(task.worktree) == then
    assert done.task.state is State.REVIEW
    assert done.task.why == "Rewound to checkpoint 1."
    assert done.before.reason == "Before the rewind to 1"
    assert git(task.worktree, "status", "--porcelain").split("\n") == [
        " D plain.txt".strip(),
        "?? d/",
        "?? new",
    ]
    await _rewind(daemon, task, done.before.number)
    assert _files(task.worktree) == now


async def test_the_branch_goes_back_with_the_files(daemon, git):
    task = await daemon.done("echo one > new")
    git(task.worktree, "add", ".")
    git(task.worktree, "commit", "-qm", "mine")
    later = git(task.worktree, "rev-parse", "HEAD")
    done = await _rewind(daemon, task, 1)
    assert git(task.worktree, "rev-parse", "HEAD") == task.base.commit
    assert git(task.worktree, "symbolic-ref", "--short", "HEAD") == task.branch
    assert git(task.worktree, "status", "--porcelain") == "?? new"
    # What was committed is still reached, and comes back.
    git(task.worktree, "reflog", "expire", "--expire=all", "--all")
    git(task.repository, "gc", "-q", "--prune=now")
    await _rewind(daemon, task, done.before.number)
    assert git(task.worktree, "rev-parse", "HEAD") == later
    assert git(task.worktree, "status", "--porcelain") == ""


async def test_another_branch_is_left_as_it_is(daemon, git):
    task = await daemon.done("echo one > new; git add new; git commit -qm one")
    first = git(task.worktree, "rev-parse", "HEAD")
    git(task.worktree, "switch", "-qc", "side")
    (task.worktree / "new").write_text("two\n")
    git(task.worktree, "commit", "-qam", "two")
    side = git(task.worktree, "rev-parse", "HEAD")
    await _rewind(daemon, task, 1)
    assert git(task.worktree, "symbolic-ref", "--short", "HEAD") == task.branch
    assert git(task.worktree, "rev-parse", "HEAD") == first
    assert git(task.worktree, "rev-parse", "side") == side


async def test_what_git_ignores_stays_and_what_is_in_the_way_is_moved_aside(daemon):
    task = await daemon.done("echo built > out; mkdir lib; echo l > lib/l")
    top = task.worktree
    (top / "out").unlink()
    (top / "lib/l").unlink()
    (top / "lib").rmdir()
    (top / ".gitignore").write_text("out\nlib\nkeep\n")
    (top / "out").write_text("ignored by now\n")
    (top / "lib").write_text("also ignored\n")
    (top / "keep").write_text("ignored, in nobody's way\n")
    done = await _rewind(daemon, task, 1)
    assert (top / "out").read_text() == "built\n"
    assert (top / "lib/l").read_text() == "l\n"
    assert (top / "keep").read_text() == "ignored, in nobody's way\n"
    assert sorted(done.aside) == [b"lib", b"out"]
    assert (done.aside_folder / "out").read_text() == "ignored by now\n"
    assert (done.aside_folder / "lib").read_text() == "also ignored\n"


async def test_a_folder_with_what_git_does_not_see_gives_way_as_a_whole(daemon, git):
    task = await daemon.done("echo file > thing")
    top = task.worktree
    (top / "thing").unlink()
    (top / "thing").mkdir()
    git(top / "thing", "init", "-q")
    (top / "thing/inside").write_text("in a repository of its own\n")
    done = await _rewind(daemon, task, 1)
    assert (top / "thing").read_text() == "file\n"
    assert done.aside == (b"thing",)
    assert (done.aside_folder / "thing/inside").exists()
    assert (done.aside_folder / "thing/.git").is_dir()


async def test_edits_that_git_was_told_to_overlook_are_not_lost(daemon, git):
    task = await daemon.done("echo changed > plain.txt")
    (task.worktree / "plain.txt").write_text("plain\n")
    git(task.worktree, "update-index", "--assume-unchanged", "plain.txt")
    (task.worktree / "plain.txt").write_text("my own, please overlook\n")
    with pytest.raises(DirtyCheckout, match="plain"):
        await _rewind(daemon, task, 1)
    assert (task.worktree / "plain.txt").read_text() == "my own, please overlook\n"
    assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_an_unmerged_index_and_a_merge_in_progress_are_ended(daemon, git):
    task = await daemon.done("true")
    git(task.worktree, "switch", "-qc", "side")
    (task.worktree / "plain.txt").write_text("side\n")
    git(task.worktree, "commit", "-qam", "side")
    git(task.worktree, "switch", "-q", task.branch)
    (task.worktree / "plain.txt").write_text("mine\n")
    git(task.worktree, "commit", "-qam", "mine")
    before = await _take(daemon, task)
    with pytest.raises(Exception, match="merge"):
        git(task.worktree, "merge", "side")
    done = await _rewind(daemon, task, before)
    assert git(task.worktree, "status", "--porcelain") == ""
    assert (task.worktree / "plain.txt").read_text() == "mine\n"
    assert done.before.staged is not None


async def test_a_rebase_in_progress_is_refused(daemon, git):
    task = await daemon.done("echo x > new")
    admin = Path(git(task.worktree, "rev-parse", "--absolute-git-dir"))
    (admin / "rebase-merge").mkdir()
    with pytest.raises(DirtyCheckout, match="rebase"):
        await _rewind(daemon, task, 1)
    (admin / "rebase-merge").rmdir()
    (admin / "index.lock").write_text("")
    with pytest.raises(DirtyCheckout, match="git process"):
        await _rewind(daemon, task, 1)
    (admin / "index.lock").unlink()


async def test_an_agent_that_works_is_not_rewound_unasked(daemon, tmp_path):

    os.mkfifo(tmp_path / "gate")
    task = await daemon.create(f"echo x > new; cat '{tmp_path}/gate'")
    await _take(daemon, task)
    with pytest.raises(InvalidState, match="working"):
        await _rewind(daemon, task, 1)
    done = await _rewind(daemon, task, 1, stop=True)
    assert done.task.state is State.REVIEW


async def test_half_written_files_are_written_wholly_by_the_next_daemon(
    start, git, monkeypatch
):
    async with start() as daemon:
        task = await daemon.done("echo a > a; echo b > b; seq 1000 > c")
        for name in "abc":
            (task.worktree / name).write_text("later\n")
        (task.worktree / "d").write_text("later too\n")
        written = (task.worktree / "a").read_text()

        async def die(_, checkout, **__):
            """Do as a git that is killed in the middle of it."""
            (checkout.path / "a").unlink()
            (checkout.path / "c").write_text("1\n2\n")
            (checkout.admin / "index.lock").write_text("")
            daemon.core.tasks._starter.closing = True
            raise asyncio.CancelledError

        with monkeypatch.context() as patched, suppress(asyncio.CancelledError):
            patched.setattr(rewriting, "write_files", die)
            await _rewind(daemon, task, 1)
    async with start() as daemon:
        await daemon.operations_end()
        task = daemon.core.book.get(task.id)
        assert task.why == "Rewound to checkpoint 1."
        assert (task.worktree / "a").read_text() == "a\n"
        assert (task.worktree / "c").read_text().count("\n") == 1000
        assert not (task.worktree / "d").exists()
        assert git(task.worktree, "status", "--porcelain") == "?? a\n?? b\n?? c"
        await _rewind(daemon, task, 2)
        assert (task.worktree / "c").read_text() == written
        assert (task.worktree / "d").read_text() == "later too\n"


async def test_only_to_what_is_there(daemon, git):
    task = await daemon.done("echo x > new")
    with pytest.raises(InvalidParams, match="no checkpoint 7"):
        await _rewind(daemon, task, 7)
    git(task.repository, "update-ref", "-d", f"refs/agentls/{task.id}")
    git(task.repository, "gc", "-q", "--prune=now")
    with pytest.raises(InvalidState, match="is gone"):
        await _rewind(daemon, task, 1)


async def test_what_the_setup_made_stays_no_part_of_the_change(daemon, repository):
    (repository / ".agentls.toml").write_text('setup = ["echo x > made"]\n')
    await daemon.trust()
    task = await daemon.done("echo 1 > new")
    listed = (await daemon.core.checkpointing.list(task.id))[1]
    assert [one.reason for one in listed] == ["Prepared", "Turn 1"]
    done = await _rewind(daemon, task, 1)
    assert (task.worktree / "made").exists()
    assert not (task.worktree / "new").exists()
    assert done.task.files == 0
    done = await _rewind(daemon, task, 2)
    assert done.task.files == 1
