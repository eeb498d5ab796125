"""Which lines of a file became which others between two trees.

Read from objects only, never from a worktree by path.
"""

import re
from collections.abc import Collection, Mapping

import attrs

from agentls.git.repository import Repository
from agentls.git.runner import git

__all__ = ["Edit", "blobs_of", "read_edits", "renames"]

_HEADER = re.compile(
    rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", flags=re.MULTILINE
)


@attrs.frozen(kw_only=True)
class Edit:
    """Lines of the old side that others of the new side took the place of.

    Lines count from 1. With no lines on a side, its `start` is the line after which
    they were put in, or stood.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int

    @property
    def shift(self) -> int:
        """How far it moves the lines below it."""
        return self.new_count - self.old_count


async def blobs_of(
    repo: Repository, tree: str, paths: Collection[bytes]
) -> Mapping[bytes, bytes]:
    """Give the ids of the files that a commit or tree has at these paths."""
    if not paths:
        return {}
    listing = await git(
        "ls-tree", "-z", "--full-tree", tree, "--", *paths, at=repo.main
    )
    entries = (entry.partition(b"\t") for entry in listing.split(b"\0")[:-1])
    found = ((about.split(b" "), name) for about, _, name in entries)
    return {name: blob for (_, kind, blob), name in found if kind == b"blob"}


async def renames(repo: Repository, old: str, new: str) -> Mapping[bytes, bytes]:
    """Give the new paths of the files that were renamed, by their old ones."""
    listing = await git(
        *("diff-tree", "-r", "--name-status", "-z", "-M", "--diff-filter=R"),
        *("--no-ext-diff", "--no-textconv", "--end-of-options", old, new),
        at=repo.main,
    )
    fields = listing.split(b"\0")[:-1]
    return dict(zip(fields[1::3], fields[2::3], strict=True))


async def read_edits(
    repo: Repository, old: str, new: str, *, old_path: bytes, new_path: bytes
) -> tuple[Edit, ...]:
    """Give a file's edits in the order of its lines, whatever kind of file it is."""
    patch = await git(
        *("diff-tree", "-r", "-p", "-U0", "-M", "--text", "--histogram"),
        *("--no-ext-diff", "--no-textconv", "--no-color", "--end-of-options"),
        *(old, new, "--", *dict.fromkeys((old_path, new_path))),
        at=repo.main,
    )
    return tuple(
        Edit(
            old_start=int(found[1]),
            old_count=int(found[2] or 1),
            new_start=int(found[3]),
            new_count=int(found[4] or 1),
        )
        for found in _HEADER.finditer(patch)
    )
