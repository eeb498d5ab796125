"""What a merge would do is told, and nothing is left of it."""

from pathlib import Path
from typing import Any

import pytest

from agentls.errors import InvalidState
from agentls.model import State, Strategy


@pytest.fixture
def preview(daemon: Any):
    async def preview(task: Any, strategy: str | None = None, **wish: Any) -> Any:
        _, found = await daemon.core.merging.preview(
            task.id,
            **{"message": None} | wish,
            strategy=Strategy(strategy) if strategy else None,
        )
        return found

    return preview


def everything(root: Path) -> dict[str, bytes]:
    """Give all files of a repository, git's own included."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "agentls/" not in str(path.relative_to(root))
    }


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_it_tells_commits_message_and_files_and_leaves_nothing(
    daemon, preview, git, strategy
):
    task = await daemon.done(
        "echo x > x; git add x; git commit -qm X; echo more >> plain.txt", title="Do"
    )
    git(daemon.root, "commit", "-q", "--allow-empty", "-m", "Mine")
    (task.worktree / "late").write_text("since the checkpoint\n")
    before = everything(daemon.root)
    found = await preview(task, strategy)
    assert everything(daemon.root) == before
    assert found.commits == {"squash": 1, "merge": 3, "rebase": 2}[strategy]
    assert found.message == f"Do\n\nAgent: shell\nTask: {task.id}\n"
    assert [file.path for file in found.files] == [b"late", b"plain.txt", b"x"]
    assert found.checkout == daemon.root
    assert (found.conflicts, found.in_the_way, found.why_not) == ((), (), "")
    merged = await daemon.core.merging.merge(
        task.id,
        message=None,
        stop=False,
        progress=lambda _: None,
        strategy=Strategy(strategy),
    )
    listed = git(daemon.root, "rev-list", f"{found.target}..{merged.commit}")
    assert len(listed.split()) == found.commits


async def test_a_conflict_is_told_with_gits_words(daemon, preview, git):
    task = await daemon.done("echo theirs > plain.txt")
    (daemon.root / "plain.txt").write_text("mine\n")
    git(daemon.root, "commit", "-qam", "Mine")
    found = await preview(task)
    assert found.conflicts == (b"plain.txt",)
    assert "CONFLICT" in found.messages[0]
    assert found.files == ()


async def test_what_is_in_the_way_is_told(daemon, preview, git):
    task = await daemon.done("echo theirs > plain.txt; echo x > x")
    (daemon.root / "plain.txt").write_text("not committed\n")
    (daemon.root / "x").write_text("untracked\n")
    assert set((await preview(task)).in_the_way) == {b"plain.txt", b"x"}
    git(daemon.root, "checkout", "-q", "-f", "--detach")
    found = await preview(task)
    assert (found.checkout, found.in_the_way) == (None, ())


async def test_a_checkout_in_the_middle_of_a_rebase_is_told(daemon, preview, git):
    task = await daemon.done("echo x > x")
    git(daemon.root, "checkout", "-q", "--detach")
    folder = daemon.root / ".git/rebase-merge"
    folder.mkdir()
    (folder / "head-name").write_text("refs/heads/main\n")
    assert "in the middle of" in (await preview(task)).why_not


async def test_a_task_that_works_is_previewed_as_it_is_now(daemon, preview):
    task = await daemon.create("echo x > x; cat")
    await daemon.until(task.id, State.WORKING)
    task.worktree.joinpath("y").write_text("y\n")
    assert b"y" in [file.path for file in (await preview(task)).files]


async def test_what_can_not_be_merged_is_refused_as_by_the_merge(daemon, preview):
    task = await daemon.done("true")
    with pytest.raises(InvalidState, match="nothing to merge"):
        await preview(task)
    other = await daemon.done("echo x > x")
    await daemon.merge(other)
    with pytest.raises(InvalidState, match="merged"):
        await preview(other)
