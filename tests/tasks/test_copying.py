import os
from pathlib import Path

import pytest

from agentls.errors import AgentlsError
from agentls.tasks.copying import copy_files


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    root, worktree = tmp_path / "root", tmp_path / "worktree"
    root.mkdir()
    worktree.mkdir()
    return root, worktree


def test_a_copy_shares_nothing_with_the_users_own_file(folders):
    root, worktree = folders
    (root / ".env").write_text("SECRET=1")
    assert copy_files([".env"], root=root, worktree=worktree) == [Path(".env")]
    assert (worktree / ".env").stat().st_ino != (root / ".env").stat().st_ino
    (worktree / ".env").write_text("changed")
    assert (root / ".env").read_text() == "SECRET=1"


def test_mode_and_folders_and_links_are_kept(folders):
    root, worktree = folders
    (root / "bin").mkdir()
    (root / "bin" / "tool").write_text("#!/bin/sh\n")
    (root / "bin" / "tool").chmod(0o755)
    (root / "bin" / "link").symlink_to("tool")
    copy_files(["bin"], root=root, worktree=worktree)
    assert os.access(worktree / "bin" / "tool", os.X_OK)
    assert (worktree / "bin" / "link").readlink() == Path("tool")


def test_what_the_worktree_has_is_left_alone(folders):
    root, worktree = folders
    (root / "a").write_text("root")
    (worktree / "a").write_text("worktree")
    assert copy_files(["a"], root=root, worktree=worktree) == []
    assert (worktree / "a").read_text() == "worktree"


def test_gits_own_folder_is_never_copied(folders):
    root, worktree = folders
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("")
    assert copy_files([".git", "**/*"], root=root, worktree=worktree) == []


def test_a_folder_that_leads_outside_is_not_followed(folders, tmp_path: Path):
    root, worktree = folders
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    (root / "way").symlink_to(tmp_path / "outside")
    assert copy_files(["way/secret"], root=root, worktree=worktree) == []


def test_a_worktrees_folder_that_leads_outside_is_refused(folders, tmp_path: Path):
    root, worktree = folders
    (root / "d").mkdir()
    (root / "d" / "file").write_text("x")
    (tmp_path / "outside").mkdir()
    (worktree / "d").symlink_to(tmp_path / "outside")
    with pytest.raises(AgentlsError, match="leads outside"):
        copy_files(["d/file"], root=root, worktree=worktree)
    assert list((tmp_path / "outside").iterdir()) == []


def test_what_has_no_content_is_passed_over(folders):
    root, worktree = folders
    (root / "folder").mkdir()
    (root / "folder" / "file").write_text("file")
    os.mkfifo(root / "fifo")
    os.mkfifo(root / "folder" / "fifo")
    copied = copy_files(["fifo", "folder"], root=root, worktree=worktree)
    assert copied == [Path("folder")]
    assert [path.name for path in (worktree / "folder").iterdir()] == ["file"]


@pytest.mark.parametrize("pattern", ["", "a**", "taken/file"])
def test_what_cannot_be_copied_is_told(folders, pattern):
    root, worktree = folders
    (root / "taken").mkdir()
    (root / "taken" / "file").write_text("file")
    (worktree / "taken").write_text("a file where a folder should be")
    with pytest.raises(AgentlsError, match="can't be copied"):
        copy_files([pattern], root=root, worktree=worktree)
