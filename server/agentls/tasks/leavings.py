"""What a program leaves in a worktree beside git's files, and taking it away again.

Git's own `clean` knows files that it doesn't track, but not which of them were there
before: what a setup made and git ignores would go as well, or all caches would stay.
"""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import attrs

from agentls.git.trees import folders_above

__all__ = ["Fixture", "survey", "tidy"]

_Mark = tuple[int, int, int, int]
"""Mode, size, time of change and inode of a file: another one was written anew."""


@attrs.frozen(kw_only=True)
class Fixture:
    """What stands in a worktree beside the files that git tracks there."""

    files: dict[bytes, _Mark]
    folders: frozenset[bytes]


def survey(worktree: Path, *, tracked: Collection[bytes]) -> Fixture:
    """Note what a worktree holds beside these files. Blocking.

    A submodule's files count as beside them.
    """
    files: dict[bytes, _Mark] = {}
    folders: set[bytes] = set()
    top = os.fsencode(worktree)
    left = [b""]
    while left:
        folder = left.pop()
        for name, found in _listed(top, folder):
            path = folder + name
            if found.is_dir(follow_symlinks=False):
                folders.add(path)
                left.append(path + b"/")
            elif path not in tracked:
                files[path] = _mark(found.stat(follow_symlinks=False))
    return Fixture(
        files=files,
        folders=frozenset(folders - folders_above(tracked)) | folders_above(files),
    )


def tidy(worktree: Path, *, tracked: Collection[bytes], fixture: Fixture) -> bool:
    """Remove what came beside `fixture` and these files; tell whether that did it.

    False, too, where something of the fixture is gone or another: nothing here could
    bring that back. Blocking.
    """
    known = fixture.folders | folders_above(tracked)
    there: set[bytes] = set()
    top = os.fsencode(worktree)
    left = [b""]
    try:
        while left:
            folder = left.pop()
            for name, found in _listed(top, folder):
                path = folder + name
                there.add(path)
                if found.is_dir(follow_symlinks=False):
                    if path in known or path in tracked:
                        left.append(path + b"/")
                    else:
                        shutil.rmtree(found.path)
                elif path in fixture.files:
                    if _mark(found.stat(follow_symlinks=False)) != fixture.files[path]:
                        return False
                elif path not in tracked:
                    os.unlink(found.path)  # noqa: PTH108 - any bytes
    except OSError:  # a folder that was made read-only, …
        return False
    return there.issuperset(fixture.files) and there.issuperset(fixture.folders)


def _listed(top: bytes, folder: bytes) -> list[tuple[bytes, os.DirEntry[bytes]]]:
    """List a folder, but for the file that leads to git's own."""
    with os.scandir(os.path.join(top, folder)) as found:  # noqa: PTH118 - any bytes
        return [
            (one.name, one)
            for one in found
            if one.name != b".git" or one.is_dir(follow_symlinks=False)
        ]


def _mark(found: os.stat_result) -> _Mark:
    return found.st_mode, found.st_size, found.st_mtime_ns, found.st_ino
