"""The entries of the setup cache on the disk: how they are named, read and made.

An entry is a folder that is there wholly or not at all: what is to be one is copied
aside and then renamed. What isn't said to be otherwise blocks.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import attrs

from agentls.config import Config
from agentls.config.running import Cache
from agentls.errors import AgentlsError
from agentls.git.lock import filling_lock
from agentls.git.process import run_process
from agentls.tasks.copying import clone_file, leads_outside
from agentls.threads import in_thread

__all__ = [
    "CacheEntry",
    "aside_of",
    "copy_in",
    "copy_out",
    "half_made",
    "key_of",
    "made_by",
    "make_folder",
    "mark_used",
    "measure",
    "publish",
    "read_entries",
    "read_entry",
    "shares_blocks",
]

_FORM = 1
"""Grows when entries are laid out otherwise."""
_ABOUT, _FILES, _MAKING = "entry.json", "files", ".making-"
_COPY_SECONDS = 3600.0


@attrs.frozen(kw_only=True)
class CacheEntry:
    """What one setup made."""

    path: Path
    size: int
    """Bytes of its files."""
    setup: float
    """Seconds that the setup took, and the copy of what it made:"""
    copy: float
    used: float
    """When it was made or used last, in seconds since the epoch."""


def key_of(config: Config, cache: Cache, worktree: Path) -> str | None:
    """Name what decides what a setup makes; None where no file of the keys is there."""
    files: list[tuple[str, str]] = []
    for pattern in cache.keys:
        for file in sorted(worktree.glob(pattern)):
            inside = not leads_outside(file, worktree)
            if inside and file.is_file() and not file.is_symlink():
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                files.append((str(file.relative_to(worktree)), content))
    if not files:
        return None
    system = os.uname()
    told = [
        _FORM,
        config.setup,
        sorted(config.env.items()),
        cache.paths,
        (system.sysname, system.machine),
        files,
    ]
    data = json.dumps(told).encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()[:32]


def made_by(patterns: Sequence[str], worktree: Path) -> tuple[Path, ...]:
    """Give what is there of the paths, the outermost only."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        for path in sorted(worktree.glob(pattern)):
            relative = path.relative_to(worktree)
            if ".git" in relative.parts or leads_outside(path.parent, worktree):
                continue
            if not any(parent in found for parent in relative.parents):
                found[relative] = None
    return tuple(found)


def measure(paths: Sequence[Path]) -> tuple[int, int]:
    """Count the files below the paths, and their bytes."""
    files = size = 0
    for path in paths:
        for parent, _, names in [("", (), [str(path)]), *os.walk(path)]:
            for name in names:
                with contextlib.suppress(OSError):
                    size += os.lstat(Path(parent, name)).st_size
                    files += 1
    return files, size


def shares_blocks(folder: Path) -> bool:
    """Tell whether files beside a folder can be copied without their content."""
    if sys.platform == "darwin":
        return True  # APFS; `cp -c` copies whole elsewhere
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".agentls-") as probe:
        source = Path(probe, "source")
        source.write_bytes(b"x")
        return clone_file(source, Path(probe, "target"))


async def copy_out(place: Path, worktree: Path, *, link: bool) -> None:
    """Copy an entry's paths; where one can't be copied, none is left half there."""
    files = place / _FILES
    for source in await in_thread(_tops, files):
        target = worktree / source.relative_to(files)
        if await in_thread(os.path.lexists, target):
            continue
        await in_thread(make_folder, target.parent)
        if await in_thread(leads_outside, target.parent, worktree):
            raise AgentlsError(f"{target} leads outside of the worktree.")
        done = False
        try:
            async with filling_lock(worktree) as lock:
                await _copy(source, target, link=link, inherit=(lock,))
            done = True
        finally:
            if not done:
                await in_thread(shutil.rmtree, target, ignore_errors=True)


async def copy_in(
    aside: Path, worktree: Path, made: Sequence[Path], *, link: bool
) -> None:
    """Copy what a setup made to where an entry is about to be."""
    for path in made:
        target = aside / _FILES / path
        await in_thread(make_folder, target.parent)
        await _copy(worktree / path, target, link=link)


async def _copy(
    source: Path, target: Path, *, link: bool, inherit: tuple[int, ...] = ()
) -> None:
    """Copy a file or folder with all that it is; share the blocks if that can be.

    By a program: to copy a hundred thousand files here would hold up the daemon.
    """
    if link:
        how = ("-al",)
    elif sys.platform == "darwin":
        how = ("-ac",)
    else:
        how = ("-a", "--reflink=auto")
    done = await run_process(
        ("cp", *how, os.fsencode(source), os.fsencode(target)),
        cwd=Path("/"),
        environ={"PATH": os.defpath, "LC_ALL": "C"},
        within=_COPY_SECONDS,
        inherit=inherit,
        name="cp",
    )
    if done.status:
        raise AgentlsError(
            f"{source} can't be copied: {done.stderr.decode('utf-8', 'replace')}"
        )


def _tops(files: Path) -> tuple[Path, ...]:
    """Give what was kept: the entry says which paths those are."""
    about = json.loads((files.parent / _ABOUT).read_text("utf-8"))
    return tuple(files / path for path in about["paths"])


def aside_of(place: Path) -> Path:
    """Name where what is to be an entry is made."""
    return place.with_name(_MAKING + secrets.token_hex(8))


def publish(
    aside: Path, place: Path, *, made: Sequence[Path], setup: float, copy: float
) -> None:
    """Give an entry its name; it stays aside where another one has it already."""
    _, size = measure([aside / _FILES / path for path in made])
    about = {
        "paths": [str(path) for path in made],
        "size": size,
        "setup": setup,
        "copy": copy,
    }
    try:
        (aside / _ABOUT).write_text(json.dumps(about), "utf-8")
        aside.rename(place)
    except OSError as error:
        if not place.exists():
            raise AgentlsError(f"{place} can't be made: {error}.") from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, for nobody else to read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def mark_used(place: Path) -> None:
    """Keep that an entry was used now."""
    with contextlib.suppress(OSError):
        os.utime(place / _ABOUT)


def read_entry(place: Path) -> CacheEntry | None:
    """Give an entry; None where there is none that is whole."""
    try:
        about = json.loads((place / _ABOUT).read_text("utf-8"))
        return CacheEntry(
            path=place,
            size=int(about["size"]),
            setup=float(about["setup"]),
            copy=float(about["copy"]),
            used=(place / _ABOUT).stat().st_mtime,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_entries(root: Path) -> tuple[CacheEntry, ...]:
    """Give all entries, the longest unused first."""
    found = (read_entry(file.parent) for file in root.glob(f"*/[!.]*/{_ABOUT}"))
    return tuple(sorted(filter(None, found), key=lambda entry: entry.used))


def half_made(root: Path) -> tuple[Path, ...]:
    """Give what was about to be an entry."""
    return tuple(root.glob(f"*/{_MAKING}*"))
