"""Worktrees of finished tasks go when a person says so, and work never does."""

from pathlib import Path

import pytest

from agentls.model import State
from agentls.tasks.clearing import room_of
from agentls.tasks.housekeeping import What

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


def test_room_is_the_size_of_all_files(tmp_path: Path):
    top = tmp_path / "top"
    (top / "folder").mkdir(parents=True)
    (top / "folder" / "file").write_bytes(b"x" * 10_000)
    (top / "link").symlink_to("/")
    assert room_of(top) == 10_000
    assert room_of(top / "nothing") == 0
