"""A copy of a worktree's index that is kept, with a note of where it came from."""

import shutil
from pathlib import Path

__all__ = ["forget_copy", "refresh_copy"]


def refresh_copy(source: Path, copy: Path) -> bool:
    """Copy a worktree's index unless the copy came from that very one.

    Tells whether it was copied.
    """
    note = _note(copy)
    try:
        found = source.stat()
    except FileNotFoundError:
        return False
    state = f"{source} {found.st_ino} {found.st_mtime_ns} {found.st_size}"
    if copy.exists() and _read(note) == state:
        return False
    copy.parent.mkdir(parents=True, exist_ok=True)
    forget_copy(copy)
    aside = copy.with_name(f"{copy.name}.new")
    # With its time stamp: git reads files again that are as new as their index.
    shutil.copy2(source, aside)
    aside.rename(copy)
    note.write_text(state, "utf-8", "surrogateescape")
    return True


def forget_copy(copy: Path) -> None:
    """Remove the copy and what is known of it; nothing if there is none."""
    for file in (_note(copy), copy, copy.with_name(f"{copy.name}.lock")):
        file.unlink(missing_ok=True)


def _note(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.from")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
