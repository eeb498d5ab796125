"""What a program leaves in a worktree is told apart from what stood there."""

import os
from pathlib import Path

import pytest

from agentls.tasks.leavings import survey, tidy

TRACKED = frozenset({b"file", b"folder/tracked"})


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    """Make a worktree with tracked files, and what a setup made beside them."""
    top = tmp_path / "worktree"
    for name in ("file", "folder/tracked", "folder/made", "made/deep/file", ".git"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    (top / "made" / "empty").mkdir()
    (top / "made" / "link").symlink_to("deep")
    return top


def _there(top: Path) -> set[str]:
    return {str(path.relative_to(top)) for path in top.rglob("*")}


def test_what_came_goes_and_what_stood_there_stays(worktree: Path):
    fixture = survey(worktree, tracked=TRACKED)
    before = _there(worktree)
    (worktree / os.fsdecode(b"odd \xff\n")).write_text("new")
    (worktree / "new" / "deep").mkdir(parents=True)
    (worktree / "new" / "link").symlink_to("/")
    (worktree / "made" / "deep" / "new").write_text("new")
    (worktree / "file").write_text("git's to bring back")
    assert tidy(worktree, tracked=TRACKED, fixture=fixture)
    assert _there(worktree) == before
    assert (worktree / "made" / "link").readlink() == Path("deep")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda top: (top / "made/deep/file").write_text("another one"),
        lambda top: (top / "made/deep/file").unlink(),
        lambda top: (top / "made/deep/file").chmod(0o755),
        lambda top: (top / "made/link").unlink(),
        lambda top: (top / "made/empty").rmdir(),
        lambda top: (top / "made").rename(top / "moved"),
    ],
)
def test_what_is_spoilt_is_told(worktree: Path, spoil):
    fixture = survey(worktree, tracked=TRACKED)
    spoil(worktree)
    assert not tidy(worktree, tracked=TRACKED, fixture=fixture)


def test_a_folder_of_tracked_files_goes_with_them(worktree: Path):
    """Another commit may not have them: then the folder is a program's own."""
    fixture = survey(worktree, tracked=TRACKED)
    (worktree / "folder" / "made").unlink()
    fixture = survey(worktree, tracked=TRACKED)
    assert tidy(worktree, tracked={b"file"}, fixture=fixture)
    assert not (worktree / "folder").exists()
    assert (worktree / "made" / "empty").is_dir()
