"""Worktrees of finished tasks go when a person says so, and work never does."""

import shutil
from pathlib import Path

import pytest

from agentls.errors import InvalidState
from agentls.model import State
from agentls.tasks.clearing import room_of
from agentls.tasks.housekeeping import What
from agentls.tasks.trash import Trash

_WORK = """\
echo committed > committed.txt; git add .; git commit -qm committed
echo open > plain.txt; echo new > untracked.txt; echo secret > ignored
"""


@pytest.fixture(autouse=True)
def ignoring(repository: Path, git) -> None:
    (repository / ".gitignore").write_text("ignored\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "ignore")


def configure(paths, days: float) -> None:
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "config.toml").write_text(f"trash_days = {days}\n")


async def worktrees(daemon) -> list[str]:
    items = await daemon.core.housekeeper.due()
    return [item.task for item in items if item.what is What.DROP_WORKTREE]


async def test_only_old_worktrees_of_finished_tasks_are_due(daemon, paths):
    configure(paths, 0)
    merged, discarded, open_one = [await daemon.done(_WORK) for _ in range(3)]
    await daemon.merge(merged)
    await daemon.core.discarding.discard(discarded.id)
    assert await worktrees(daemon) == [merged.id, discarded.id]
    await daemon.core.housekeeper.collect()
    assert await worktrees(daemon) == []
    assert not merged.worktree.exists()
    assert list(paths.trash.iterdir()) == []
    assert (open_one.worktree / "ignored").exists()
    configure(paths, 7)
    await daemon.core.discarding.discard(open_one.id)
    assert await worktrees(daemon) == []


async def test_a_restore_after_that_has_all_but_what_git_ignores(daemon, paths, git):
    configure(paths, 0)
    task = await daemon.done(_WORK)
    committed = git(task.worktree, "rev-parse", "HEAD")
    status = git(task.worktree, "status", "--porcelain")
    await daemon.core.discarding.discard(task.id)
    await daemon.core.housekeeper.collect()
    restored = await daemon.core.discarding.restore(task.id)
    assert restored.state is State.REVIEW
    assert "what git ignores is gone" in restored.why
    assert git(task.worktree, "rev-parse", "HEAD") == committed
    assert git(task.worktree, "status", "--porcelain") == status
    assert not (task.worktree / "ignored").exists()
    await daemon.merge(restored)


async def test_a_merged_task_can_be_put_away_and_comes_back_merged(daemon):
    task = await daemon.done(_WORK)
    await daemon.merge(task)
    await daemon.core.discarding.discard(task.id)
    assert not task.worktree.exists()
    restored = await daemon.core.discarding.restore(task.id)
    assert restored.state is State.MERGED
    assert (task.worktree / "ignored").read_text() == "secret\n"


async def test_what_a_rewind_moved_aside_goes_with_the_worktree(daemon, paths):
    configure(paths, 0)
    task = await daemon.done("echo built > out")
    (task.worktree / "out").unlink()
    (task.worktree / ".gitignore").write_text("out\n")
    (task.worktree / "out").write_text("ignored by now\n")
    done = await daemon.core.rewinding.rewind(
        task.id, 1, stop=False, progress=lambda _: None
    )
    assert (done.aside_folder / "out").read_text() == "ignored by now\n"
    assert await worktrees(daemon) == []
    await daemon.core.discarding.discard(task.id)
    assert await worktrees(daemon) == [task.id]
    await daemon.core.housekeeper.collect()
    assert list(paths.aside.iterdir()) == []
    assert await worktrees(daemon) == []


def test_room_is_the_size_of_all_files(tmp_path: Path):
    top = tmp_path / "top"
    (top / "folder").mkdir(parents=True)
    (top / "folder" / "file").write_bytes(b"x" * 10_000)
    (top / "link").symlink_to("/")
    assert room_of(top) == 10_000
    assert room_of(top / "nothing") == 0


async def test_the_trash_isn_t_emptied_of_the_only_copy(daemon, paths, repository, git):
    configure(paths, 0)
    task = await daemon.done(_WORK)
    await daemon.core.discarding.discard(task.id)
    git(repository, "update-ref", "-d", f"refs/agentls/{task.id}")
    (item,) = await daemon.core.housekeeper.collect()
    assert "all that is left" in item.why
    assert (paths.trash / task.id / "untracked.txt").read_text() == "new\n"


async def test_a_folder_removed_by_hand_is_made_again_by_discard_and_restore(
    daemon, git
):
    task = await daemon.done(_WORK)
    shutil.rmtree(task.worktree)
    await daemon.core.discarding.discard(task.id)
    assert str(task.worktree) not in git(daemon.root, "worktree", "list")
    await daemon.core.discarding.restore(task.id)
    assert (task.worktree / "untracked.txt").read_text() == "new\n"
    assert git(task.worktree, "branch", "--show-current") == task.branch


async def test_what_only_a_reflog_held_is_held_through_a_second_discard(
    daemon, paths, git
):
    configure(paths, 0)
    task = await daemon.done(
        "git commit -q --allow-empty -m lost; git rev-parse HEAD > id;"
        " git reset -q --hard HEAD^"
    )
    lost = (task.worktree / "id").read_text().strip()
    for _ in range(2):
        await daemon.core.discarding.discard(task.id)
        await daemon.core.housekeeper.collect()
        await daemon.core.discarding.restore(task.id)
    git(daemon.root, "gc", "-q", "--prune=now")
    assert git(daemon.root, "cat-file", "-t", lost) == "commit"


async def test_a_restore_says_when_the_work_is_gone(daemon, paths, git):
    configure(paths, 0)
    task = await daemon.done("echo work > work")
    await daemon.core.discarding.discard(task.id)
    await daemon.core.housekeeper.collect()
    for line in git(daemon.root, "for-each-ref", "refs/agentls").splitlines():
        git(daemon.root, "update-ref", "-d", line.split()[-1])
    git(daemon.root, "gc", "-q", "--prune=now")
    with pytest.raises(InvalidState, match="gone from the repository"):
        await daemon.core.discarding.restore(task.id)
    assert daemon.core.book.get(task.id).state is State.DISCARDED


async def test_what_a_daemon_was_about_to_remove_goes_with_the_next(
    start, paths, monkeypatch
):
    configure(paths, 0)

    async def never(_) -> None:
        return

    async with start() as daemon:
        task = await daemon.done("mkdir shut; echo x > shut/x; chmod 500 shut")
        await daemon.core.discarding.discard(task.id)
        with monkeypatch.context() as patched:
            patched.setattr("agentls.tasks.clearing.remove_slowly", never)
            await daemon.core.housekeeper.collect()
        assert await worktrees(daemon) == []
        assert len(Trash(paths).leftovers(())) == 1
    async with start() as daemon:
        await daemon.core.housekeeper._clearing.go_on()
    assert Trash(paths).leftovers(()) == ()


async def test_worktrees_elsewhere_have_a_trash_there(daemon, paths, monkeypatch):
    """On another file system a folder can't be renamed into the first trash."""
    task = await daemon.done(_WORK)
    place = "agentls.tasks.trash._device"
    monkeypatch.setattr(place, lambda path: str(path).startswith(str(paths.trash)))
    await daemon.core.discarding.discard(task.id)
    assert not (paths.trash / task.id).exists()
    assert (Trash(paths).place(task) / "ignored").exists()
    await daemon.core.discarding.restore(task.id)
    assert (task.worktree / "ignored").read_text() == "secret\n"
