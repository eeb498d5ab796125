"""Many pairs of commits at once: what each changed, and which would merge.

All of it is for looking ahead: nothing is kept in the user's repository, and
no program of its config runs. The caller says where it works: the shadow
repository, with a folder for objects that nobody needs afterwards.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import attrs

from agentls.errors import AgentlsError, GitFailed, StorageFull
from agentls.git.changes import ChangedFile, raw_entries
from agentls.git.patches import PATCH_OPTIONS, Block, numbered_trees, read_patch
from agentls.git.place import Place
from agentls.git.process import OUTPUT_MAX
from agentls.git.runner import git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "Clash",
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
) -> tuple[tuple[Block, ...] | None, ...]:
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
) -> tuple[tuple[Block, ...] | None, ...]:
    old, new = zip(*blobs, strict=True)
    patch = await git(
        *("diff-tree", *PATCH_OPTIONS, "--diff-algorithm=histogram"),
        *("--no-indent-heuristic", *(() if line_ends else ("--ignore-cr-at-eol",))),
        *("--end-of-options", *await numbered_trees(old, new, at=at)),
        at=at,
        within=_WITHIN,
        output_max=OUTPUT_MAX,
    )
    found = await in_thread(read_patch, patch)
    return tuple(found.get(number, ()) for number in range(len(blobs)))


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
