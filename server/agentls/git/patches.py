"""Files of two sides compared by their blobs alone, and the patch that tells how.

The blobs stand under numbers in two trees that are made for this, so that odd names
and attributes can't bend what is read.
"""

import re
from collections.abc import Mapping, Sequence

import attrs

from agentls.git.place import Place
from agentls.git.runner import git
from agentls.together import together

__all__ = ["PATCH_OPTIONS", "Block", "numbered_trees", "read_patch"]

PATCH_OPTIONS = (
    *("-r", "-p", "-U0", "--inter-hunk-context=0", "--no-renames"),
    *("--no-ext-diff", "--no-textconv", "--no-color"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
"""What `diff-tree` must be told for a patch that can be read."""

_FILE = re.compile(rb"diff --git a/(\d+) b/")
_RANGE = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@attrs.frozen(kw_only=True)
class Block:
    """Lines that others took the place of, as `git diff -U0` counts them.

    From 1; with no lines on a side, its start is the line after which they would stand.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    removed: bytes = attrs.field(repr=False)
    """The lines with their ends; a file's last one may have none."""
    added: bytes = attrs.field(repr=False)

    @property
    def old_range(self) -> tuple[int, int]:
        """The lines that were replaced, from 0, the end not among them."""
        start = self.old_start - (1 if self.old_lines else 0)
        return start, start + self.old_lines


async def numbered_trees(
    old: Sequence[str | None], new: Sequence[str | None], *, at: Place
) -> tuple[str, str]:
    """Make two trees that name the blobs of each side by their place in the row.

    None for a file that isn't there on that side.
    """
    return await together(_tree_of(old, at=at), _tree_of(new, at=at))


def read_patch(patch: bytes) -> Mapping[int, tuple[Block, ...] | None]:
    """Give the blocks of each file by its number; None where git saw no text.

    Where lines of content end is counted, never guessed. A file that is the same on
    both sides isn't in the patch.
    """
    found: dict[int, list[Block] | None] = {}
    lines = patch.split(b"\n")
    blocks: list[Block] = []
    number = at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if ranges := _RANGE.match(line):
            old_start, old_lines, new_start, new_lines = (
                1 if part is None else int(part) for part in ranges.groups()
            )
            removed, at = _content(lines, at, old_lines)
            added, at = _content(lines, at, new_lines)
            blocks.append(
                Block(
                    old_start=old_start,
                    old_lines=old_lines,
                    new_start=new_start,
                    new_lines=new_lines,
                    removed=removed,
                    added=added,
                )
            )
        elif name := _FILE.match(line):
            number, blocks = int(name[1]), []
            found[number] = blocks
        elif line.startswith(b"Binary files "):
            found[number] = None
    return {one: None if of is None else tuple(of) for one, of in found.items()}


async def _tree_of(blobs: Sequence[str | None], *, at: Place) -> str:
    entries = (
        b"100644 blob %s\t%d\0" % (blob.encode("ascii"), number)
        for number, blob in enumerate(blobs)
        if blob is not None
    )
    made = await git("mktree", "--missing", "-z", at=at, stdin=b"".join(entries))
    return made.decode("ascii").strip()


def _content(lines: Sequence[bytes], at: int, count: int) -> tuple[bytes, int]:
    """Take so many lines, each after its sign; give them and where they end."""
    content = b"".join(line[1:] + b"\n" for line in lines[at : at + count])
    at += count
    if count and lines[at].startswith(b"\\"):  # the one before has no line feed
        return content[:-1], at + 1
    return content, at
