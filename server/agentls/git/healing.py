"""A fast-forward that was cut off in the middle: made wholly old or wholly new.

git writes the files first, then the index, then the branch. So an index that
is new means that all files were written, and the branch follows. Otherwise
each changed file that stands as the merge writes it goes back, and a file that
stands otherwise is the user's and stays.
"""

import contextlib
import enum
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from agentls.errors import DirtyCheckout
from agentls.git.changes import ChangedFile, changed_paths
from agentls.git.checkouts import Checkout, find_checkout
from agentls.git.lock import advance_lock
from agentls.git.place import Place
from agentls.git.refs import branch_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["Outcome", "heal_advance", "heal_checkout"]


class Outcome(enum.StrEnum):
    """On which side a healed branch stands."""

    OLD = "old"
    NEW = "new"
    ELSEWHERE = "elsewhere"
    """Somebody moved the branch since; nothing was touched."""


async def heal_advance(
    repo: Repository,
    branch: str,
    *,
    old: CommitId,
    new: CommitId,
    checkout: Path | None,
) -> Outcome:
    """Finish or undo an `advance_branch` that a crash cut off, and say which.

    Only for one that the caller's journal shows as begun: it takes a lock file
    that no process holds open for ours. A git that still runs is waited for.
    """
    async with advance_lock(repo, within=600):
        found = await find_checkout(repo, checkout) if checkout is not None else None
        if found is None:
            tip = await read_ref(repo, branch_ref(branch))
            return _outcome(tip, old=old, new=new)
        return await heal_checkout(repo, found, branch=branch, old=old, new=new)


async def heal_checkout(
    repo: Repository, checkout: Checkout, *, branch: str, old: CommitId, new: CommitId
) -> Outcome:
    """Do the same in one checkout, for a caller that holds the lock."""
    tip = await read_ref(repo, branch_ref(branch))
    outcome = _outcome(tip, old=old, new=new)
    if outcome is Outcome.ELSEWHERE or checkout.branch != branch:
        return outcome
    await in_thread(_drop_locks, repo, checkout, branch)
    if outcome is Outcome.NEW:
        return outcome
    place = checkout.place(repo)
    changed = await changed_paths(repo, old, new)
    index = await _index_entries(place)
    if changed and all(_is_new(file, index) for file in changed):
        ref = branch_ref(branch)
        await update_ref(repo, ref, new=new, expected=old, why="agentls: merge")
        return Outcome.NEW
    await _roll_back(place, changed, index=index, old=old)
    return Outcome.OLD


def _outcome(tip: CommitId | None, *, old: CommitId, new: CommitId) -> Outcome:
    if tip == new:
        return Outcome.NEW
    return Outcome.OLD if tip == old else Outcome.ELSEWHERE


async def _roll_back(
    place: Place,
    changed: Sequence[ChangedFile],
    *,
    index: Mapping[bytes, tuple[int, str]],
    old: CommitId,
) -> None:
    # What the index has as new was staged by the user: the merge left it alone.
    ours = [file for file in changed if not _is_new(file, index)]
    unlike_old = await _unlike(place, ours, side="old")
    unlike_new = await _unlike(place, ours, side="new")
    restored: list[bytes] = []
    added: list[bytes] = []
    for file in ours:
        if file.submodule or file.path not in unlike_old:
            continue
        if file.path in unlike_new and not await _is_cut_off(place, file):
            continue
        (restored if file.old_mode else added).append(file.path)
    await in_thread(_unlink, place.cwd, added)
    restored = await in_thread(_free, place.cwd, restored)
    if restored:
        await git(
            *("restore", f"--source={old}", "--worktree"),
            *("--pathspec-from-file=-", "--pathspec-file-nul"),
            at=place,
            stdin=b"".join(path + b"\0" for path in restored),
        )
    await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))


async def _index_entries(place: Place) -> dict[bytes, tuple[int, str]]:
    listing = await git("ls-files", "-s", "-z", at=place)
    entries: dict[bytes, tuple[int, str]] = {}
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, blob, _ = about.decode("ascii").split(" ")
        entries[path] = (int(mode, 8), blob)
    return entries


def _is_new(file: ChangedFile, index: Mapping[bytes, tuple[int, str]]) -> bool:
    wanted = (file.new_mode, file.new_blob) if file.new_mode else None
    return index.get(file.path) == wanted


async def _unlike(
    place: Place, files: Sequence[ChangedFile], *, side: str
) -> frozenset[bytes]:
    """Give the files that don't stand in the work tree as on one side.

    git compares them, through an index that holds only these: it knows about
    filters, line ends and modes.
    """
    entries: list[bytes] = []
    absent: list[bytes] = []
    for file in files:
        mode, blob = (
            (file.old_mode, file.old_blob)
            if side == "old"
            else (file.new_mode, file.new_blob)
        )
        if mode:
            entries.append(f"{mode:o} {blob} 0\t".encode("ascii") + file.path + b"\0")
        else:
            absent.append(file.path)
    with tempfile.TemporaryDirectory(prefix="agentls-heal-") as folder:
        at = attrs.evolve(place, index=Path(folder) / "index")
        await git("update-index", "-z", "--index-info", at=at, stdin=b"".join(entries))
        await git("update-index", "-q", "--refresh", at=at, ok=(0, 1))
        listing = await git(
            *("diff-files", "--name-only", "-z", "--no-renames"),
            "--ignore-submodules=dirty",
            at=at,
        )
    there = await in_thread(_existing, place.cwd, absent)
    return frozenset(listing.split(b"\0")[:-1]) | there


def _existing(top: Path, paths: Sequence[bytes]) -> frozenset[bytes]:
    """Give those that are there; a folder in a file's place isn't that file."""
    modes = ((path, _mode(_whole(top, path))) for path in paths)
    return frozenset(
        path for path, mode in modes if mode is not None and not stat.S_ISDIR(mode)
    )


async def _is_cut_off(place: Place, file: ChangedFile) -> bool:
    """Tell whether a file is missing, or only the beginning of what was to come.

    git removes a file before it writes it anew, and may die on the way.
    """
    found = await in_thread(_content, place.cwd, file.path)
    if found is None or not file.new_mode:
        return found is None
    if file.symlink:
        return False
    written = await git(
        *("cat-file", "--filters", f"--path={os.fsdecode(file.path)}", file.new_blob),
        at=place,
    )
    return written.startswith(found)


def _content(top: Path, path: bytes) -> bytes | None:
    """Give a file's bytes, None if there is no file or link."""
    whole = _whole(top, path)
    mode = _mode(whole)
    if mode is None or stat.S_ISDIR(mode):
        return None
    return whole.read_bytes() if stat.S_ISREG(mode) else b"\0not a file"


def _whole(top: Path, path: bytes) -> Path:
    return top / os.fsdecode(path)


def _mode(whole: Path) -> int | None:
    try:
        return whole.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unlink(top: Path, paths: Sequence[bytes]) -> None:
    """Remove files, and the folders that are empty then."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            _whole(top, path).unlink()
        for folder in _whole(top, path).parents:
            if folder == top:
                break
            try:
                folder.rmdir()
            except OSError:
                break


def _free(top: Path, paths: Sequence[bytes]) -> list[bytes]:
    """Give those whose place isn't taken by something of the user's.

    git would remove a folder with all that is in it, or a file that stands
    where a folder was.
    """
    return [path for path in paths if _is_free(top, _whole(top, path))]


def _is_free(top: Path, whole: Path) -> bool:
    if whole.is_dir() and not whole.is_symlink():
        try:
            whole.rmdir()
        except OSError:
            return False
    for folder in whole.parents:
        if folder == top:
            break
        mode = _mode(folder)
        if mode is not None and not stat.S_ISDIR(mode):
            return False
    return True


def _drop_locks(repo: Repository, checkout: Checkout, branch: str) -> None:
    """Remove the lock files that the git that was cut off left."""
    locks = (
        checkout.admin / "index.lock",
        checkout.admin / "HEAD.lock",
        checkout.admin / "ORIG_HEAD.lock",
        repo.git_dir / f"{branch_ref(branch)}.lock",
    )
    for lock in locks:
        if not os.path.lexists(lock):
            continue
        if _is_open(lock):
            raise DirtyCheckout(
                f"A git process works in {checkout.path} right now.",
                hint="Wait until it is done, then try again.",
            )
        lock.unlink(missing_ok=True)


def _is_open(file: Path) -> bool:
    """Tell whether a process has the file open; without /proc, assume that none."""
    wanted = os.fspath(file)
    try:
        pids = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except FileNotFoundError:
        return False
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{descriptor}") == wanted:  # noqa: PTH115
                        return True
    return False
