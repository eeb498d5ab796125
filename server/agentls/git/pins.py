"""Keeps from git's gc what only a set-aside worktree reaches.

The entry of such a worktree is out of git's sight, and so are its index, its
HEAD, its reflog and a merge or rebase in progress. One hidden commit names
them all: the index as its tree, the commits as its parents.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

import attrs

from agentls.git.checkouts import Checkout
from agentls.git.place import Place
from agentls.git.refs import delete_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["IDENTITY", "pin_worktree", "unpin_worktree"]

IDENTITY = {
    "GIT_AUTHOR_NAME": "agentls",
    "GIT_AUTHOR_EMAIL": "agentls@localhost",
    "GIT_COMMITTER_NAME": "agentls",
    "GIT_COMMITTER_EMAIL": "agentls@localhost",
}
"""Who makes hidden commits, whether or not the user told git a name."""

_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
_TEXT_MAX = 16 * 1024 * 1024
_STAGES = ".agentls-unmerged"


async def pin_worktree(repo: Repository, checkout: Checkout, *, name: str) -> None:
    """Make everything reachable that the worktree's own git folder names."""
    ref = _ref(name)
    tree = await _index_tree(repo, checkout)
    parents = await _commits(repo, await in_thread(_ids_in, checkout.admin))
    args = [part for parent in parents for part in ("-p", parent)]
    commit = await git(
        "commit-tree",
        tree,
        *args,
        at=repo.main,
        stdin=b"What a set-aside worktree reaches\n",
        env=IDENTITY,
    )
    new = CommitId(commit.decode("ascii").strip())
    await update_ref(repo, ref, new=new, expected=await read_ref(repo, ref))


async def unpin_worktree(repo: Repository, *, name: str) -> None:
    """Let go of what was pinned; nothing happens if it was let go already."""
    ref = _ref(name)
    if (pinned := await read_ref(repo, ref)) is not None:
        await delete_ref(repo, ref, expected=pinned)


def _ref(name: str) -> str:
    return f"refs/agentls/_trash/{name}"


async def _index_tree(repo: Repository, checkout: Checkout) -> str:
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


async def _commits(repo: Repository, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Give those of the ids that are commits here."""
    if not ids:
        return ()
    asked = "\n".join((*ids, ""))
    at = Place(git_dir=repo.git_dir)  # objects only: nothing may be fetched for this
    listing = await git("cat-file", "--batch-check", at=at, stdin=asked.encode("ascii"))
    rows = (line.split(b" ") for line in listing.splitlines())
    return tuple(row[0].decode("ascii") for row in rows if row[1:2] == [b"commit"])


def _ids_in(admin: Path) -> tuple[str, ...]:
    """Collect all object ids in the worktree's small files: HEAD, logs, rebase."""
    found: dict[str, None] = {}
    for folder, folders, files in os.walk(admin):
        if Path(folder) == admin and "modules" in folders:
            folders.remove("modules")  # repositories of their own
        for name in sorted(files):
            file = Path(folder) / name
            if name == "index" or not file.is_file() or file.is_symlink():
                continue
            if file.stat().st_size <= _TEXT_MAX:
                ids = _ID.findall(file.read_bytes())
                found |= dict.fromkeys(one.decode("ascii") for one in ids)
    return tuple(found)


def _copy(source: Path, destination: Path) -> bool:
    try:
        shutil.copy2(source, destination)
    except FileNotFoundError:
        return False
    return True
