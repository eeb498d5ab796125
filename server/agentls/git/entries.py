"""The files of a worktree: its folder, and git's entry for it.

The entry is `.git/worktrees/<id>`: HEAD, index, submodules' git folders, a
rebase in progress. Each function is one step that can be run again; none
replaces what is there.
"""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from agentls.errors import GitFailed, InvalidState
from agentls.git.checkouts import LOCK_REASON
from agentls.git.refs import branch_ref
from agentls.git.repository import Repository

__all__ = [
    "bring_back_entry",
    "check_may_come_back",
    "is_set_aside",
    "move",
    "move_folder",
    "remove_folder",
    "remove_unlisted",
    "trash_of",
    "write_entry",
]


def trash_of(repo: Repository, *, keep: Path) -> Path:
    """Name the folder for a worktree's entry; each `keep` has its own."""
    digest = hashlib.sha256(os.fsencode(keep)).hexdigest()[:16]
    return repo.own_dir / "trash" / digest


def is_set_aside(path: Path, keep: Path) -> bool:
    """Tell whether a worktree's folder lies where it is kept, and nowhere else."""
    return os.path.lexists(keep) and not os.path.lexists(path)


def check_may_come_back(path: Path, keep: Path) -> None:
    """Raise `InvalidState` unless exactly one of both is there."""
    there, kept = os.path.lexists(path), os.path.lexists(keep)
    if there and kept:
        raise InvalidState(
            f"There is something at {path} already; it was not touched, and "
            f"the kept worktree stays in {keep}.",
            hint="Move it away and restore again.",
        )
    if not there and not kept:
        raise InvalidState(
            f"The kept worktree {keep} is gone; nothing was changed.",
            hint="Its last checkpoint can still be had as a new task.",
        )


def move_folder(path: Path, keep: Path) -> None:
    """Rename a worktree's folder; one that somebody deleted is kept as empty."""
    if not os.path.lexists(path) and not os.path.lexists(keep):
        keep.mkdir(parents=True)
    move(path, keep)


def move(source: Path, destination: Path) -> None:
    """Rename a folder; do nothing if that was done, never replace anything."""
    if not os.path.lexists(source) and os.path.lexists(destination):
        return
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        # An empty folder alone could be replaced: rename refuses all else.
        if os.path.lexists(destination):
            raise InvalidState(
                f"There is something at {destination} already; {source} was kept.",
                hint="Move it away and try again.",
            )
        source.rename(destination)
    except OSError as error:
        raise GitFailed(
            f"{source} can't be moved to {destination}: {error.strerror}. "
            "It was kept where it is.",
            hint="Both must lie on one file system that has room.",
        ) from error


def bring_back_entry(repo: Repository, trash: Path, path: Path) -> Path | None:
    """Move the entry back out of the trash; None when there is none in it."""
    entries = sorted(trash.iterdir()) if trash.is_dir() else []
    if not entries:
        return None
    destination = repo.git_dir / "worktrees" / entries[0].name
    if os.path.lexists(destination):
        raise InvalidState(
            f"Another worktree goes by git's name {destination.name} meanwhile; "
            f"{path} was not brought back and stays kept.",
            hint=f"Remove that one first: git worktree list, in {repo.root}.",
        )
    move(entries[0], destination)
    with contextlib.suppress(OSError):
        trash.rmdir()
    return destination


def write_entry(repo: Repository, path: Path, keep: Path, branch: str) -> Path:
    """Make git's entry for a kept worktree again, all but its index."""
    name = _entry_name(keep) or path.name
    admin = repo.git_dir / "worktrees" / name
    if (admin / "gitdir").exists():
        raise InvalidState(
            f"Another worktree goes by git's name {name} meanwhile; {path} was not "
            "brought back and stays kept.",
            hint=f"Remove that one first: git worktree list, in {repo.root}.",
        )
    admin.mkdir(parents=True, exist_ok=True)  # it may be there from before a crash
    real = Path(os.path.realpath(path.parent)) / path.name
    (admin / "locked").write_text(LOCK_REASON, "utf-8")
    (admin / "commondir").write_text("../..\n", "utf-8")
    (admin / "HEAD").write_bytes(os.fsencode(f"ref: {branch_ref(branch)}\n"))
    (admin / "gitdir").write_bytes(os.fsencode(f"{real}/.git\n"))  # now git lists it
    return admin


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; do nothing if it is gone."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)


def remove_unlisted(repo: Repository, path: Path) -> None:
    """Remove what git left when it was killed before it listed the worktree."""
    admin = repo.git_dir / "worktrees" / path.name
    with contextlib.suppress(OSError):
        reason = (admin / "locked").read_text("utf-8", "replace").strip()
        if reason == LOCK_REASON and not (admin / "gitdir").exists():
            remove_folder(admin)
    try:
        names = os.listdir(path)  # noqa: PTH208 - names only
    except (FileNotFoundError, NotADirectoryError):
        names = []
    if set(names) <= {".git"}:
        remove_folder(path)
        return
    raise InvalidState(
        f"{path} isn't a worktree that agentls made; it was not touched.",
        hint="git worktree list shows which there are.",
    )


def _entry_name(keep: Path) -> str:
    """Read the name from the worktree's `.git` file; only ever the last part."""
    try:
        text = os.fsdecode((keep / ".git").read_bytes()).rstrip("\n")
    except OSError:
        return ""
    name = text.rpartition("/")[2]
    return "" if name in {"", ".", ".."} else name
