"""The hunks of changed files: the least parts of a change, known by their content.

A hunk is what `git diff -U0` shows as one: removed and added lines without any
between them. What stands above the lines of a diff (a rename, a mode, content that
has no lines) is a hunk too, at most one a file. A hunk's id is made of its path and
content and not of its position: it stays when other parts of the file change.

They are computed from blobs alone, under names of our own, so that odd names and
attributes can't bend what is parsed.
"""

import enum
import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from agentls.git.changes import ChangedFile, Status
from agentls.git.patches import PATCH_OPTIONS, Block, numbered_trees, read_patch
from agentls.git.process import TooMuchOutput
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.model import HunkId
from agentls.threads import in_thread

__all__ = ["LINES_MAX", "Hunk", "HunkKind", "hunks_of"]

LINES_MAX = 20_000
"""Changed lines above which a file's content is one hunk without lines."""

_OUTPUT_MAX = 64 * 1024 * 1024
_ID_DIGITS = 16


class HunkKind(enum.StrEnum):
    """What a hunk is made of."""

    LINES = "lines"
    FILE = "file"
    """No lines: a rename, a copy, a mode, or content that isn't shown as lines."""


@attrs.frozen(kw_only=True)
class Hunk:
    """One part of a file's change that can be seen, taken or refused by itself."""

    id: HunkId
    path: bytes
    """The file's path on the new side."""
    kind: HunkKind
    old_start: int = 0
    """The first line on the old side, from 1; where nothing was removed, the line
    that the added ones follow (0 at the file's beginning). 0 for a file's hunk."""
    old_lines: int = 0
    new_start: int = 0
    """The same on the new side."""
    new_lines: int = 0
    removed: bytes = b""
    """The removed lines with their ends; the file's last one may have none."""
    added: bytes = b""


async def hunks_of(
    repo: Repository, files: Iterable[ChangedFile]
) -> Mapping[bytes, tuple[Hunk, ...]]:
    """Give each file's hunks in their order, by the path on the new side.

    The files are those of one `changed_files`. Every file has at least one hunk; a
    hunk of the kind `FILE` comes first.
    """
    files = tuple(files)
    shown = [file for file in files if _has_lines(file)]
    lines = await _lines_of(repo, shown)
    return {file.path: _hunks(file, lines.get(file.path)) for file in files}


def _has_lines(file: ChangedFile) -> bool:
    return (
        not file.binary
        and not file.symlink
        and not file.submodule
        and file.status is not Status.TYPE_CHANGED
        and 0 < file.added + file.deleted <= LINES_MAX
    )


def _hunks(file: ChangedFile, lines: Sequence[Block] | None) -> tuple[Hunk, ...]:
    moved = file.status in {Status.RENAMED, Status.COPIED}
    changed_mode = file.old_mode and file.new_mode and file.old_mode != file.new_mode
    found: list[Hunk] = []
    if moved or changed_mode or not lines:
        blobs = () if lines else (file.old_blob, file.new_blob)
        old = b"%s\0%06o" % (file.old_path, file.old_mode)
        new = b"%06o\0%s" % (file.new_mode, ",".join(blobs).encode("ascii"))
        name = _digest(file.path, HunkKind.FILE, old, new)
        found.append(Hunk(id=name, path=file.path, kind=HunkKind.FILE))
    seen: Counter[tuple[bytes, bytes]] = Counter()
    for one in lines or ():
        content = (one.removed, one.added)
        # The same lines more than once in a file: each has its number.
        name = _digest(file.path, HunkKind.LINES, *content, number=seen[content])
        seen[content] += 1
        found.append(
            Hunk(
                id=name,
                path=file.path,
                kind=HunkKind.LINES,
                **attrs.asdict(one),
            )
        )
    return tuple(found)


def _digest(
    path: bytes, kind: HunkKind, old: bytes, new: bytes, *, number: int = 0
) -> HunkId:
    digest = hashlib.sha256()
    for part in (path, kind.encode("ascii"), old, new, b"%d" % number):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return HunkId(digest.hexdigest()[:_ID_DIGITS])


async def _lines_of(
    repo: Repository, files: Sequence[ChangedFile]
) -> Mapping[bytes, tuple[Block, ...]]:
    """Read the lines of files; a file whose lines are too much is left out."""
    if not files:
        return {}
    try:
        output = await _diff(repo, files)
    except TooMuchOutput:
        if len(files) == 1:
            return {}
        half = len(files) // 2
        first = await _lines_of(repo, files[:half])
        return {**first, **await _lines_of(repo, files[half:])}
    blocks = await in_thread(read_patch, output)
    return {files[number].path: found or () for number, found in blocks.items()}


async def _diff(repo: Repository, files: Sequence[ChangedFile]) -> bytes:
    """Compare the files' blobs in two trees that name them by number."""
    with tempfile.TemporaryDirectory(prefix="agentls-objects-") as folder:
        at = attrs.evolve(
            repo.main,
            objects=Path(folder),
            alternates=(repo.git_dir / "objects",),
        )
        old = [file.old_blob if file.old_mode else None for file in files]
        new = [file.new_blob if file.new_mode else None for file in files]
        trees = await numbered_trees(old, new, at=at)
        return await git(
            *("diff-tree", *PATCH_OPTIONS, "--text", "--diff-algorithm=myers"),
            *("--indent-heuristic", "--end-of-options", *trees),
            at=at,
            output_max=_OUTPUT_MAX,
        )
