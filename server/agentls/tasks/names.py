"""Names that tasks are given: id, branch, and the worktree's folder."""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Container
from pathlib import Path

from agentls.model import TaskId

__all__ = ["branch_name", "new_ids", "repository_folder", "spare_path", "worktree_path"]

_SLUG_MAX = 40
_ID_LENGTH = 4
_ID_LETTERS = "bcdfghjkmnpqrstvwxz"
_ID_DIGITS = "23456789"
"""Without what looks alike; no vowels, so that no words come out."""


def new_ids(count: int, *, taken: Container[TaskId]) -> tuple[TaskId, ...]:
    """Draw so many ids that no task has; short, to be typed."""
    new: dict[TaskId, None] = {}
    while len(new) < count:
        drawn = "".join(
            secrets.choice(_ID_LETTERS if position % 2 == 0 else _ID_DIGITS)
            for position in range(_ID_LENGTH)
        )
        if TaskId(drawn) not in taken:
            new[TaskId(drawn)] = None
    return tuple(new)


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
