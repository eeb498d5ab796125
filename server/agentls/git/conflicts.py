"""Conflicts in a worktree: left as git leaves them, and found again.

That is: markers in the files, both sides in the index, `MERGE_HEAD`. So an editor's
merge view works, `git add` says that a file is resolved, and `git commit` ends it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from agentls.git.checkouts import Checkout
from agentls.git.merging import Conflicted
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.git.staged import kept_unmerged
from agentls.git.trees import Entry, read_entry, with_entries
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["find_unresolved", "mark_unmerged", "put_back_unmerged", "with_labels"]

_BINARY_LOOK = 8000
"""Bytes in which git looks for a NUL."""

_FILES = frozenset({0o100644, 0o100755})
_BOTH = frozenset({b"2", b"3"})


async def with_labels(
    repo: Repository, conflicted: Conflicted, *, labels: Mapping[CommitId, str]
) -> str:
    """Give the tree with names beside the markers, where git has put commits' ids."""
    entries: dict[bytes, Entry] = {}
    for path in conflicted.files:
        entry = await read_entry(repo, conflicted.tree, path)
        if entry is None or entry.mode not in _FILES:
            continue
        content = await git("cat-file", "blob", entry.blob, at=repo.main)
        named = content
        for commit, label in labels.items():
            for marker in (b"<<<<<<< ", b">>>>>>> ", b"||||||| "):
                mark = marker + commit.encode("ascii")
                named = named.replace(mark, marker + os.fsencode(label))
        if named != content:
            made = await git(
                *("hash-object", "-w", "--no-filters", "--stdin"),
                at=repo.main,
                stdin=named,
            )
            blob = made.decode("ascii").strip()
            entries[path] = Entry(mode=entry.mode, blob=blob)
    return await with_entries(repo, conflicted.tree, entries)


async def mark_unmerged(
    repo: Repository,
    checkout: Checkout,
    *,
    tree: str,
    conflicted: Conflicted,
    theirs: CommitId,
    message: str,
) -> None:
    """Let the index hold the tree, and both sides of what conflicts.

    The worktree is in the middle of a merge of `theirs` then. Can be run again.
    """
    await git("read-tree", "--reset", tree, at=checkout.place(repo))
    await _unmerge(repo, checkout, conflicted.stages)
    await in_thread(_write_merge, checkout.admin, theirs, message)


async def put_back_unmerged(
    repo: Repository, checkout: Checkout, staged: CommitId | None
) -> None:
    """Let the index have what was unmerged in one that a checkpoint kept, if anything.

    So what nobody had resolved then still has to be; nothing is being merged.
    """
    if staged and (stages := await kept_unmerged(repo, staged)):
        await _unmerge(repo, checkout, stages)


async def _unmerge(
    repo: Repository, checkout: Checkout, stages: tuple[bytes, ...]
) -> None:
    place = checkout.place(repo)
    zero = repo.no_commit.encode("ascii")
    paths = dict.fromkeys(stage.partition(b"\t")[2] for stage in stages)
    gone = (b"0 " + zero + b"\t" + path for path in paths)
    lines = b"\0".join((*gone, *stages, b""))
    await git("update-index", "-z", "--index-info", at=place, stdin=lines)
    await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))


async def find_unresolved(repo: Repository, checkout: Checkout) -> tuple[bytes, ...]:
    """Give the files that are unmerged and not resolved.

    One that git merged as text is resolved when its markers are gone; another when
    it was added or removed in the index.
    """
    listing = await git("ls-files", "-u", "-z", at=checkout.place(repo))
    stages: dict[bytes, dict[bytes, Entry]] = {}
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, blob, stage = about.split(b" ")
        entry = Entry(mode=int(mode, 8), blob=blob.decode("ascii"))
        stages.setdefault(path, {})[stage] = entry
    return tuple(
        [
            path
            for path, sides in stages.items()
            if not await _is_resolved(repo, checkout, path, sides)
        ]
    )


async def _is_resolved(
    repo: Repository, checkout: Checkout, path: bytes, sides: Mapping[bytes, Entry]
) -> bool:
    if not sides.keys() >= _BOTH:
        return False  # one side removed it: which one counts, the index says
    for side in _BOTH:
        if sides[side].mode not in _FILES:
            return False
        content = await git("cat-file", "blob", sides[side].blob, at=repo.main)
        if b"\0" in content[:_BINARY_LOOK]:
            return False
    return not await in_thread(_has_markers, checkout.path / os.fsdecode(path))


def _has_markers(file: Path) -> bool:
    """Tell whether markers are left; a link or folder in its place has none."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as lines:
        return any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in lines)


def _write_merge(admin: Path, theirs: CommitId, message: str) -> None:
    (admin / "MERGE_MODE").write_text("", "ascii")
    (admin / "MERGE_MSG").write_text(message, "utf-8", "surrogateescape")
    (admin / "MERGE_HEAD").write_text(f"{theirs}\n", "ascii")
