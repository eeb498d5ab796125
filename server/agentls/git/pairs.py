"""Many pairs of commits at once: what each changed, and which would merge.

All of it is for looking ahead: nothing is kept in the user's repository, and
no program of its config runs. The caller says where it works: the shadow
repository, with a folder for objects that nobody needs afterwards.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import chain

import attrs

from agentls.errors import AgentlsError, GitFailed, StorageFull
from agentls.git.changes import ChangedFile, raw_entries
from agentls.git.place import Place
from agentls.git.process import OUTPUT_MAX
from agentls.git.runner import git
from agentls.model import CommitId

__all__ = [
    "Clash",
    "LineEdit",
    "Trial",
    "line_edits",
    "paths_between",
    "store_blob",
    "try_pairs",
]

_BATCH = 64
"""Merges in one call of git: so much passes before anybody else's turn."""

_WITHIN = 300.0


@attrs.frozen(kw_only=True)
class Clash:
    """A file in which two commits conflict, with its three versions where it has them.

    None for a side on which there is no such file.
    """

    path: bytes
    base: str | None = None
    ours: str | None = None
    theirs: str | None = None


@attrs.frozen(kw_only=True)
class Trial:
    """How the merge of a pair went."""

    tree: str
    """The result; with conflict markers in it where there are clashes."""
    clean: bool
    clashes: tuple[Clash, ...] = ()


@attrs.frozen(kw_only=True)
class LineEdit:
    """Lines of a file that others took the place of.

    As `git diff -U0` counts: from 1, and with no lines on a side, the line after
    which they would stand.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    added: bytes = attrs.field(repr=False)
    """The new lines, each after a `+`."""

    @property
    def old_range(self) -> tuple[int, int]:
        """The lines that were replaced, from 0, the end not among them."""
        start = self.old_start - (1 if self.old_lines else 0)
        return start, start + self.old_lines


async def try_pairs(
    pairs: Sequence[tuple[CommitId, CommitId]], *, at: Place
) -> tuple[Trial | None, ...]:
    """Merge each pair; None for one that git can't merge, since an object is missing.

    Raises `StorageFull`. Without a pair no git is called.
    """
    found: list[Trial | None] = []
    for begin in range(0, len(pairs), _BATCH):
        found += await _try_batch(pairs[begin : begin + _BATCH], at=at)
    return tuple(found)


async def paths_between(
    pairs: Sequence[tuple[CommitId, CommitId]], *, at: Place
) -> tuple[tuple[ChangedFile, ...], ...]:
    """Give, for each pair of commits, what leads from the first to the second.

    Without counts; a rename is a file deleted and one added.
    """
    found: dict[tuple[CommitId, CommitId], tuple[ChangedFile, ...]] = {}
    waiting: list[tuple[CommitId, CommitId]] = list(dict.fromkeys(pairs))
    while waiting:
        # Answers are told apart by the second commit alone, so each comes once a call.
        now: dict[CommitId, CommitId] = {tip: base for base, tip in reversed(waiting)}
        waiting = [(base, tip) for base, tip in waiting if now[tip] != base]
        asked = "".join(f"{tip} {base}\n" for tip, base in now.items())
        listing = await git(
            *("diff-tree", "--stdin", "-r", "--raw", "-z", "--no-renames"),
            "--no-abbrev",
            at=at,
            stdin=asked.encode("ascii"),
            within=_WITHIN,
        )
        for tip, base in now.items():
            found[base, tip] = ()  # of commits that are the same, git says nothing
        for tip, files in _parts(listing):
            found[now[tip], tip] = files
    return tuple(found[pair] for pair in pairs)


async def line_edits(
    blobs: Sequence[tuple[str, str]], *, at: Place, line_ends: bool = True
) -> tuple[tuple[LineEdit, ...] | None, ...]:
    """Give the edits that lead from one blob to the other.

    None where git sees no text, or an object is missing.

    They are found in the way of git's own merge: edits of two sides that neither
    overlap nor touch are merged without a conflict. Without `line_ends`, CR LF and LF
    end a line alike.
    """
    if not blobs:
        return ()
    try:
        return await _line_edits(blobs, at=at, line_ends=line_ends)
    except StorageFull:
        raise
    except AgentlsError:  # an object is missing: look for it among the others
        if len(blobs) == 1:
            return (None,)
        half = len(blobs) // 2
        first = await line_edits(blobs[:half], at=at, line_ends=line_ends)
        return first + await line_edits(blobs[half:], at=at, line_ends=line_ends)


async def store_blob(content: bytes, *, at: Place) -> str:
    """Store some content where the place says, and give its id."""
    made = await git(
        "hash-object", "-w", "--no-filters", "--stdin", at=at, stdin=content
    )
    return made.decode("ascii").strip()


async def _line_edits(
    blobs: Sequence[tuple[str, str]], *, at: Place, line_ends: bool
) -> tuple[tuple[LineEdit, ...] | None, ...]:
    made = await asyncio.gather(*(_tree_of(blobs, side, at=at) for side in (0, 1)))
    patch = await git(
        *("diff-tree", "-r", "-p", "-U0", "--no-renames", "--inter-hunk-context=0"),
        *("--diff-algorithm=histogram", "--no-indent-heuristic"),
        *(() if line_ends else ("--ignore-cr-at-eol",)),
        *("--no-ext-diff", "--no-textconv", "--no-color"),
        *("--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", *made),
        at=at,
        within=_WITHIN,
        output_max=OUTPUT_MAX,
    )
    found: list[tuple[LineEdit, ...] | None] = [() for _ in blobs]
    for number, edits in _files_of(patch):
        found[number] = edits
    return tuple(found)


async def _tree_of(blobs: Sequence[tuple[str, str]], side: int, *, at: Place) -> str:
    """Make a tree that names one blob of each pair by the pair's number."""
    made = await git(
        *("mktree", "--missing", "-z"),
        at=at,
        stdin=b"".join(
            b"100644 blob %s\t%d\0" % (pair[side].encode("ascii"), number)
            for number, pair in enumerate(blobs)
        ),
    )
    return made.decode("ascii").strip()


async def _try_batch(
    pairs: Sequence[tuple[CommitId, CommitId]], *, at: Place
) -> list[Trial | None]:
    asked = "".join(f"{ours} {theirs}\n" for ours, theirs in pairs)
    try:
        answer = await git(
            *("merge-tree", "--write-tree", "--stdin"),
            at=at,
            stdin=asked.encode("ascii"),
            within=_WITHIN,
        )
        trials: list[Trial | None] = list(_trials(answer))
    except StorageFull:
        raise
    except AgentlsError:
        # One that git can't merge ends the call: look for it among the others.
        if len(pairs) == 1:
            return [None]
        half = len(pairs) // 2
        first = await _try_batch(pairs[:half], at=at)
        return first + await _try_batch(pairs[half:], at=at)
    if len(trials) != len(pairs):
        raise GitFailed(
            f"git merge-tree gave {len(trials)} answers to {len(pairs)} questions."
        )
    return trials


def _trials(answer: bytes) -> Iterator[Trial]:
    """Read `<clean>, <tree>, [<file>…, , <message>…, ]`, each ended by NUL."""
    fields = iter(answer.split(b"\0")[:-1])
    for status in fields:
        tree = next(fields).decode("ascii")
        if status == b"1":
            next(fields)  # the end of this answer
            yield Trial(tree=tree, clean=True)
            continue
        stages: dict[bytes, dict[bytes, str]] = {}
        for entry in iter(lambda: next(fields), b""):
            about, _, path = entry.partition(b"\t")
            _, blob, stage = about.split(b" ")
            stages.setdefault(path, {})[stage] = blob.decode("ascii")
        named_only: dict[bytes, dict[bytes, str]] = {}
        for count in iter(lambda: next(fields), b""):
            named = [next(fields) for _ in range(int(count))]
            kind, _ = next(fields), next(fields)
            if kind.startswith(b"CONFLICT"):
                named_only |= {path: {} for path in named}
        yield Trial(
            tree=tree,
            clean=False,
            clashes=tuple(
                Clash(
                    path=path,
                    base=blobs.get(b"1"),
                    ours=blobs.get(b"2"),
                    theirs=blobs.get(b"3"),
                )
                for path, blobs in (stages or named_only).items()
            ),
        )


def _parts(listing: bytes) -> Iterator[tuple[CommitId, tuple[ChangedFile, ...]]]:
    """Read what `diff-tree --stdin --raw -z` says of each commit."""
    fields = iter(listing.split(b"\0")[:-1])
    tip = CommitId("")
    mine: list[bytes] = []
    for field in chain(fields, (b"",)):
        if field.startswith(b":"):
            mine += [field, next(fields)]
            continue
        if tip:
            yield tip, raw_entries(mine)
        tip, mine = CommitId(field.decode("ascii")), []


_FILE = re.compile(rb"diff --git a/(\d+) b/")
_RANGE = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def _files_of(patch: bytes) -> Iterator[tuple[int, tuple[LineEdit, ...] | None]]:
    """Read a patch of files that are named by numbers; content is counted, not read."""
    lines = patch.split(b"\n")
    number, at = -1, 0
    found: dict[int, list[LineEdit] | None] = {}
    while at < len(lines):
        line = lines[at]
        at += 1
        if ranges := _RANGE.match(line):
            old_start, old_lines, new_start, new_lines = (
                1 if part is None else int(part) for part in ranges.groups()
            )
            at += old_lines
            at += lines[at : at + 1] == [rb"\ No newline at end of file"]
            added = lines[at : at + new_lines]
            at += new_lines
            if lines[at : at + 1] == [rb"\ No newline at end of file"]:
                added.append(lines[at])
                at += 1
            kept = found[number]
            if kept is not None:
                kept.append(
                    LineEdit(
                        old_start=old_start,
                        old_lines=old_lines,
                        new_start=new_start,
                        new_lines=new_lines,
                        added=b"\n".join(added),
                    )
                )
        elif name := _FILE.match(line):
            number = int(name[1])
            found[number] = []
        elif line.startswith(b"Binary files "):
            found[number] = None
    for name, kept in found.items():
        yield name, None if kept is None else tuple(kept)
