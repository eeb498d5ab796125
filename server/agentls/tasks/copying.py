"""Copying what the config names (`.env`, …) from the checkout into a worktree."""

import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from agentls.errors import AgentlsError

__all__ = ["clone_file", "copy_files", "leads_outside"]

_FICLONE = 0x40049409  # linux/fs.h: share the blocks, copy on write


def copy_files(patterns: Sequence[str], *, root: Path, worktree: Path) -> list[Path]:
    """Copy what the patterns match, where the worktree has nothing yet.

    Copy-on-write where the file system can; never a hard link, through which an
    agent's edit would reach the user's own file. Links are copied as links. What
    leads outside of the checkout is refused; fifos, sockets and devices have no
    content and are passed over. Gives the paths that were copied.

    Raises `AgentlsError` naming what can't be copied.
    """
    try:
        return _copy_all(patterns, root=root, worktree=worktree)
    except (OSError, ValueError) as error:
        raise AgentlsError(
            f"A file that the config's `copy` names can't be copied: {error}.",
            hint="Change `copy` in the config, or make the file readable; then retry.",
        ) from error


def _copy_all(patterns: Sequence[str], *, root: Path, worktree: Path) -> list[Path]:
    copied: list[Path] = []
    for pattern in patterns:
        for source in sorted(root.glob(pattern)):
            relative = source.relative_to(root)
            if ".git" in relative.parts or leads_outside(source.parent, root):
                continue
            target = worktree / relative
            if os.path.lexists(target) or _is_special(source):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if leads_outside(target.parent, worktree):
                raise AgentlsError(
                    f"{relative} can't be copied: its folder leads outside of the"
                    " worktree.",
                    hint="Change `copy` in the config.",
                )
            _copy(source, target)
            copied.append(relative)
    return copied


def leads_outside(folder: Path, root: Path) -> bool:
    """Tell whether a folder lies elsewhere, once its links are followed."""
    return not folder.resolve().is_relative_to(root.resolve())


def _is_special(file: Path) -> bool:
    """Tell whether it is neither file, folder nor link: to read it might block."""
    mode = file.lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _special(folder: str, names: Sequence[str]) -> set[str]:
    return {name for name in names if _is_special(Path(folder, name))}


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(
            source, target, symlinks=True, copy_function=_copy_file, ignore=_special
        )
    else:
        _copy_file(source, target)


def _copy_file(source: Path | str, target: Path | str) -> None:
    if os.path.islink(source) or not clone_file(source, target):  # noqa: PTH114 - copytree gives texts
        shutil.copy2(source, target, follow_symlinks=False)
    else:
        shutil.copystat(source, target)


def clone_file(source: Path | str, target: Path | str) -> bool:
    """Share the file's blocks; False where the file system can't."""
    if sys.platform != "linux":
        return False
    with open(source, "rb") as data, open(target, "xb") as copy:  # noqa: PTH123 - copytree gives texts
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, data.fileno())
        except OSError:
            return False
    return True
