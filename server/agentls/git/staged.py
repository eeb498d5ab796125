"""What a worktree's index holds, as a tree and as a commit; it isn't touched."""

import shutil
import tempfile
from pathlib import Path

import attrs

from agentls.git.checkouts import Checkout
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "IDENTITY",
    "index_tree",
    "keep_staged",
    "kept_unmerged",
    "not_committed",
]

IDENTITY = {
    "GIT_AUTHOR_NAME": "agentls",
    "GIT_AUTHOR_EMAIL": "agentls@localhost",
    "GIT_COMMITTER_NAME": "agentls",
    "GIT_COMMITTER_EMAIL": "agentls@localhost",
}
"""Who makes hidden commits, whether or not the user told git a name."""

_EPOCH = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
_STAGES = ".agentls-unmerged"


async def not_committed(
    repo: Repository, checkout: Checkout, head: CommitId
) -> frozenset[bytes]:
    """Give the paths of which the index has another content than the commit."""
    return await _differing(repo, checkout, head)


async def keep_staged(
    repo: Repository,
    checkout: Checkout,
    *,
    head: CommitId,
    uncommitted: frozenset[bytes],
    tree: str,
) -> CommitId | None:
    """Make a commit of the index if some content is in it alone; else give None.

    That is: not committed in `head`, as `not_committed` says, and not in `tree`, the
    files. The same state gives the same commit.
    """
    if not uncommitted or not uncommitted & await _differing(repo, checkout, tree):
        return None
    made = await git(
        *("commit-tree", await index_tree(repo, checkout), "-p", head),
        at=repo.main,
        stdin=b"What was staged\n",
        env=IDENTITY | _EPOCH,
    )
    return CommitId(made.decode("ascii").strip())


async def index_tree(repo: Repository, checkout: Checkout) -> str:
    """Write the index as a tree; unmerged entries stand below a name of ours."""
    place = checkout.place(repo)
    with tempfile.TemporaryDirectory(prefix="agentls-pin-") as folder:
        index = Path(folder) / "index"
        copied = await in_thread(_copy, checkout.admin / "index", index)
        # Not in its own folder, which may have been moved away already.
        aside = attrs.evolve(place, work_tree=Path(folder), index=index)
        if not copied:
            return await _empty_tree(repo)
        listing = await git("ls-files", "-u", "-z", at=aside)
        if listing:
            await git(
                "update-index",
                "-z",
                "--index-info",
                at=aside,
                stdin=_staged(listing, zero=repo.no_commit),
            )
        return (await git("write-tree", "--missing-ok", at=aside)).decode().strip()


async def kept_unmerged(repo: Repository, staged: CommitId) -> tuple[bytes, ...]:
    """Give what an index that was kept had unmerged, each as git reads it."""
    listing = await git(
        *("ls-tree", "-r", "-z", "--full-tree", staged, "--", _STAGES), at=repo.main
    )
    found: list[bytes] = []
    for entry in listing.split(b"\0")[:-1]:
        about, _, name = entry.partition(b"\t")
        mode, _, blob = about.split(b" ")
        stage, _, path = name.removeprefix(f"{_STAGES}/".encode()).partition(b"/")
        found.append(b"%s %s %s\t%s" % (mode, blob, stage, path))
    return tuple(found)


async def _empty_tree(repo: Repository) -> str:
    return (await git("mktree", "-z", at=repo.main, stdin=b"")).decode().strip()


def _staged(listing: bytes, *, zero: str) -> bytes:
    lines: list[bytes] = []
    for entry in listing.split(b"\0")[:-1]:
        about, _, path = entry.partition(b"\t")
        mode, blob, stage = about.split(b" ")
        lines.append(b"0 " + zero.encode("ascii") + b"\t" + path)
        aside = b"/".join((_STAGES.encode("ascii"), stage, path))
        lines.append(mode + b" " + blob + b"\t" + aside)
    # A path is removed once, before its stages are added elsewhere.
    return b"\0".join([*dict.fromkeys(lines), b""])


async def _differing(
    repo: Repository, checkout: Checkout, tree: str
) -> frozenset[bytes]:
    """Give the paths whose content in the index isn't the tree's."""
    listing = await git(
        *("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"),
        *("--end-of-options", tree),
        at=checkout.place(repo),
    )
    fields = listing.split(b"\0")[:-1]
    rows = zip(fields[0::2], fields[1::2], strict=True)
    # Deleted in the index: nothing is held there.
    return frozenset(path for about, path in rows if not about.endswith(b" D"))


def _copy(source: Path, destination: Path) -> bool:
    try:
        shutil.copy2(source, destination)
    except FileNotFoundError:
        return False
    return True
