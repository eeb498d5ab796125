"""Names made from a task: its branch and its worktree's folder."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

from agentls.model import TaskId

__all__ = ["branch_name", "repository_folder", "spare_path", "worktree_path"]

_SLUG_MAX = 40


def branch_name(*, prefix: str, title: str, task: TaskId) -> str:
    """Make a branch's name: the prefix, the title in plain letters, the task's id.

    The id makes it unique, so that two tasks with one title never collide.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_SLUG_MAX].strip("-")
    return f"{prefix}{slug}-{task}" if slug else f"{prefix}{task}"


def worktree_path(worktrees: Path, *, repository: Path, number: int) -> Path:
    """Give a worktree's path: opaque, unique for the user, where it stays for life.

    The last part is unique too, since git names its own entry after it.
    """
    return _path(worktrees, repository=repository, last=str(number))


def spare_path(worktrees: Path, *, repository: Path, token: str) -> Path:
    """Give the path of a worktree that no task has yet, and where one will have it."""
    return _path(worktrees, repository=repository, last=f"s{token}")


def _path(worktrees: Path, *, repository: Path, last: str) -> Path:
    return worktrees / repository_folder(repository) / f"{_plain(repository)}-{last}"


def repository_folder(repository: Path) -> str:
    """Name the folder of what belongs to a repository; no other has the same."""
    digest = hashlib.sha256(os.fsencode(repository)).hexdigest()[:8]
    return f"{_plain(repository)}-{digest}"


def _plain(repository: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", repository.name).strip("-.") or "repository"
