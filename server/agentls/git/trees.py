"""Trees made from other trees, without any checkout."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from agentls.git.changes import changed_paths
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import git

__all__ = ["Entry", "folders_above", "leave_out", "read_entry", "with_entries"]


@attrs.frozen(kw_only=True)
class Entry:
    """What a tree has at a path."""

    mode: int
    blob: str


def folders_above(paths: Iterable[bytes]) -> frozenset[bytes]:
    """Give all folders above the paths of a tree, but for its top."""
    found: set[bytes] = set()
    for path in paths:
        folder = path.rpartition(b"/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    return frozenset(found)


async def read_entry(repo: Repository, tree: str, path: bytes) -> Entry | None:
    """Give what a tree has at a path; None for nothing and for a folder."""
    listing = await git("ls-tree", "-z", "--full-tree", tree, "--", path, at=repo.main)
    about, _, name = listing.rstrip(b"\0").partition(b"\t")
    if name != path or b" tree " in about:
        return None
    mode, _, blob = about.split(b" ")
    return Entry(mode=int(mode, 8), blob=blob.decode("ascii"))


async def with_entries(
    repo: Repository,
    tree: str,
    entries: Mapping[bytes, Entry | None],
    *,
    at: Place | None = None,
) -> str:
    """Give the tree with these paths changed; None takes a path out.

    A file replaces a folder of the same name and the reverse. The new tree is written
    into the repository, or where `at` says.
    """
    if not entries:
        return tree
    zero = repo.no_commit.encode("ascii")
    gone = (
        b"0 %s\t%s\0" % (zero, path) for path, entry in entries.items() if not entry
    )
    put = (
        b"%06o %s\t%s\0" % (entry.mode, entry.blob.encode("ascii"), path)
        for path, entry in entries.items()
        if entry
    )
    with tempfile.TemporaryDirectory(prefix="agentls-tree-") as folder:
        at = attrs.evolve(at or repo.main, index=Path(folder) / "index")
        await git("read-tree", f"{tree}^{{tree}}", at=at)
        await git(
            *("update-index", "--replace", "-z", "--index-info"),
            at=at,
            stdin=b"".join((*gone, *put)),
        )
        written = await git("write-tree", at=at)
    return written.decode("ascii").strip()


async def leave_out(
    repo: Repository, tree: str, *, base: str, made: str, at: Place | None = None
) -> str:
    """Give the tree without what leads from `base` to `made`.

    A path that was changed again since `made` stays as it is in the tree. It is
    written as `with_entries` does.
    """
    since = {file.path for file in await changed_paths(repo, made, tree)}
    back = {
        file.path: Entry(mode=file.old_mode, blob=file.old_blob)
        if file.old_mode
        else None
        for file in await changed_paths(repo, base, made)
        if file.path not in since
    }
    return await with_entries(repo, tree, back, at=at)
