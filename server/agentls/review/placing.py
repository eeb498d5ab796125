"""Where lines of one tree are in another: how comments follow their lines.

`follow` is the one thing that reads git; what becomes of lines by edits is pure.
"""

from collections.abc import Mapping, Sequence

import attrs

from agentls.git.changes import read_blob
from agentls.git.edits import Edit, blobs_of, read_edits, renames
from agentls.git.repository import Repository
from agentls.model import Lines

__all__ = ["Place", "Spot", "follow", "follow_lines", "lines_of"]


@attrs.frozen(kw_only=True)
class Spot:
    """A file, or lines of it, in one tree."""

    path: bytes
    lines: Lines | None = None
    """None for the whole file."""


@attrs.frozen(kw_only=True)
class Place:
    """Where a spot is in another tree."""

    path: bytes
    lines: Lines | None
    """Where the lines are, or the nearest to where they were."""
    intact: bool
    """All the lines are still there as they were."""
    edits: tuple[Edit, ...] = ()
    """The file's edits between the two trees."""


async def follow(
    repository: Repository, spots: Sequence[Spot], *, old: str, new: str
) -> tuple[Place, ...]:
    """Find where each spot of the tree `old` is in the tree `new`.

    Renamed files are followed, and lines that were moved within their file.
    """
    paths = tuple(dict.fromkeys(spot.path for spot in spots))
    before = await blobs_of(repository, old, paths)
    after = await blobs_of(repository, new, paths)
    renamed: Mapping[bytes, bytes] = {}
    if any(path not in after for path in paths):
        renamed = await renames(repository, old, new)
    files: dict[bytes, _File] = {}
    for path in paths:
        new_path = path if path in after else renamed.get(path)
        if new_path is None:
            files[path] = _File(path=path)
        elif after.get(path) == before.get(path):  # the most of them
            files[path] = _File(path=path, there=True)
        else:
            files[path] = await _read(repository, path, new_path, old=old, new=new)
    return tuple(_place(spot, files[spot.path]) for spot in spots)


def follow_lines(edits: Sequence[Edit], lines: Lines) -> tuple[Lines | None, bool]:
    """Give the lines' new range, and whether all of them are still there.

    Where none is left it is the range of what took their place, or the line before;
    None before the first line of a file.
    """
    touching = [edit for edit in edits if edit.old_count and _overlap(edit, lines)]
    within = [
        edit
        for edit in touching
        if edit.old_start in lines and _old_last(edit) in lines
    ]
    left = [
        _new_line(edits, line)
        for line in range(lines.first, lines.last + 1)
        if not any(line in _old_lines(edit) for edit in touching)
    ]
    inside = left + _ends(within)
    if found := inside or _ends(touching):
        return Lines(first=min(found), last=max(found)), not touching
    nearest = touching[0].new_start
    return Lines(first=nearest, last=nearest) if nearest else None, False


def lines_of(content: bytes | None) -> list[bytes]:
    """Split a file's content into its lines, without their ends."""
    if not content:
        return []
    return content.removesuffix(b"\n").split(b"\n")


@attrs.frozen(kw_only=True)
class _File:
    path: bytes
    old: Sequence[bytes] = ()
    new: Sequence[bytes] = ()
    edits: tuple[Edit, ...] = ()
    there: bool = False


async def _read(
    repository: Repository, path: bytes, new_path: bytes, *, old: str, new: str
) -> _File:
    edits = await read_edits(repository, old, new, old_path=path, new_path=new_path)
    return _File(
        path=new_path,
        old=lines_of(await read_blob(repository, old, path) if edits else None),
        new=lines_of(await read_blob(repository, new, new_path) if edits else None),
        edits=edits,
        there=True,
    )


def _place(spot: Spot, file: _File) -> Place:
    if not file.there:
        return Place(path=file.path, lines=None, intact=False)
    if spot.lines is None:
        return Place(path=file.path, lines=None, intact=True, edits=file.edits)
    lines, intact = follow_lines(file.edits, spot.lines)
    if not intact and (moved := _moved(file, spot.lines)):
        lines, intact = moved, True
    if lines is None and file.new:
        lines = Lines(first=1, last=1)
    return Place(path=file.path, lines=lines, intact=intact, edits=file.edits)


def _moved(file: _File, lines: Lines) -> Lines | None:
    """Find the lines where they were put in as a whole, if that is one place."""
    wanted = file.old[lines.first - 1 : lines.last]
    if not any(line.strip() for line in wanted):
        return None
    found = [
        start
        for edit in file.edits
        for start in range(
            edit.new_start, edit.new_start + edit.new_count - len(wanted) + 1
        )
        if file.new[start - 1 : start - 1 + len(wanted)] == wanted
    ]
    if len(found) != 1:
        return None
    return Lines(first=found[0], last=found[0] + len(wanted) - 1)


def _new_line(edits: Sequence[Edit], line: int) -> int:
    return line + sum(edit.shift for edit in edits if _old_last(edit) < line)


def _old_last(edit: Edit) -> int:
    return edit.old_start + max(edit.old_count, 1) - 1


def _old_lines(edit: Edit) -> Lines:
    return Lines(first=edit.old_start, last=_old_last(edit))


def _overlap(edit: Edit, lines: Lines) -> bool:
    return edit.old_start <= lines.last and _old_last(edit) >= lines.first


def _ends(edits: Sequence[Edit]) -> list[int]:
    """Give the first and last new line of each edit that has any."""
    return [
        line
        for edit in edits
        if edit.new_count
        for line in (edit.new_start, edit.new_start + edit.new_count - 1)
    ]
