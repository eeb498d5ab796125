"""What setups made (`node_modules`, …), kept so that the next task begins with it.

An entry is a folder named by all that decides what the setup makes. It is there
wholly or not at all: it is copied aside and then renamed, after the setup ended well.
Whatever goes wrong with it costs time and nothing else: the setup makes it anew.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from agentls.config import Config
from agentls.config.running import Cache, PlainCopy
from agentls.errors import AgentlsError
from agentls.git.lock import filling_lock
from agentls.git.process import run_process
from agentls.model import Task
from agentls.paths import Paths
from agentls.tasks.copying import clone_file, leads_outside
from agentls.tasks.names import repository_folder
from agentls.tasks.trash import Trash, remove_slowly
from agentls.threads import in_thread

__all__ = ["CacheEntry", "Found", "SetupCache"]

_LOG = logging.getLogger(__name__)

_FORM = 1
"""Grows when entries are laid out otherwise."""
_ABOUT, _FILES, _MAKING = "entry.json", "files", ".making-"
_COPY_SECONDS = 3600.0
_BYTES_A_SECOND, _FILES_A_SECOND = 150e6, 3000
"""What a disk copies at least, for a guess before the first copy."""


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


@attrs.frozen(kw_only=True)
class Found:
    """What was looked for before a setup."""

    place: Path | None
    """Where the entry is, or is to be; None where nothing is cached."""
    hit: bool = False
    """Whether its files are in the worktree now."""


class SetupCache:
    """Gives worktrees what an earlier setup made, and keeps what a new one does."""

    def __init__(
        self, *, paths: Paths, spawn: Callable[..., asyncio.Task[Any]]
    ) -> None:
        self._paths = paths
        self._trash = Trash(paths)
        self._spawn = spawn

    async def set_up(
        self,
        task: Task,
        config: Config,
        *,
        say: Callable[[str], None],
        run: Callable[[], Awaitable[None]],
    ) -> None:
        """Set a fresh worktree up with what an earlier setup made; keep what this does.

        `run` runs the setup, and raises where it doesn't end well.
        """
        if not config.setup:
            return
        found = await self.fill(task, config, say=say)
        if found.hit and config.cache and config.cache.skip_setup:
            return
        say("Running the setup")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await run()
        await self.keep(task, config, found, seconds=loop.time() - begun)

    async def fill(
        self, task: Task, config: Config, *, say: Callable[[str], None]
    ) -> Found:
        """Copy what fits into a fresh worktree, whose files it leaves alone."""
        cache, place = config.cache, await self.place(task, config)
        if cache is None or place is None:
            return Found(place=None)
        entry = await in_thread(_read, place)
        if entry is None:
            return Found(place=place)
        if not await self._pays(cache, place, entry=entry):
            return Found(place=None)
        say("Copying what setup made before")
        try:
            await _copy_all(place / _FILES, task.worktree, link=cache.link)
        except AgentlsError as error:
            _LOG.warning("%s isn't used: %s", place, error.message)
            return Found(place=None)
        await in_thread(_touch, place)
        return Found(place=place, hit=True)

    async def keep(
        self, task: Task, config: Config, found: Found, *, seconds: float
    ) -> None:
        """Keep what a setup made that ended well and took so many seconds."""
        cache, place = config.cache, found.place
        if cache is None or place is None or found.hit:
            return
        made = await in_thread(_made, cache.paths, task.worktree)
        if not made or not await self._is_worth_it(
            config, cache, task.worktree, made, seconds=seconds
        ):
            return
        aside = place.with_name(_MAKING + secrets.token_hex(8))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            for path in made:
                target = aside / _FILES / path
                await in_thread(_make_folder, target.parent)
                await _copy(task.worktree / path, target, link=cache.link)
            await in_thread(
                _publish,
                aside,
                place,
                made=made,
                setup=seconds,
                copy=loop.time() - begun,
            )
        except AgentlsError as error:
            _LOG.warning("what the setup made isn't kept: %s", error.message)
            await remove_slowly(aside)
            return
        except BaseException:
            self._spawn(remove_slowly(aside), name=f"remove {aside.name}")
            raise
        if await in_thread(aside.exists):  # another task was first
            await remove_slowly(aside)
        await self.shrink(config, to=config.disk.cache)

    async def place(self, task: Task, config: Config) -> Path | None:
        """Name the entry of what the setup makes of a worktree's files as they are.

        None where nothing says what that depends on.
        """
        if config.cache is None or not config.setup:
            return None
        key = await in_thread(_key, config, config.cache, task.worktree)
        if key is None:
            return None
        return self._root(config) / repository_folder(task.repository) / key

    async def entries(self, config: Config) -> tuple[CacheEntry, ...]:
        """Give all that is kept, the longest unused first."""
        return await in_thread(_entries, self._root(config))

    async def shrink(self, config: Config, *, to: int) -> int:
        """Let the longest unused go until all fit; give the bytes that were freed."""
        entries = await self.entries(config)
        room, freed = sum(entry.size for entry in entries), 0
        for entry in entries:
            if room - freed <= to:
                break
            if await self.drop(entry.path):
                freed += entry.size
        return freed

    async def drop(self, place: Path) -> bool:
        """Let one entry go; False when it is gone already."""
        going = await in_thread(self._trash.going, place)
        try:
            await in_thread(place.rename, going)
        except FileNotFoundError:
            return False
        self._spawn(remove_slowly(going), name=f"remove {place.name}")
        return True

    async def clean(self, config: Config) -> None:
        """Remove what a daemon was about to keep when it ended."""
        for aside in await in_thread(_half_made, self._root(config)):
            await remove_slowly(aside)

    def _root(self, config: Config) -> Path:
        """Give the folder of all entries: on the file system of the worktrees."""
        if config.worktrees is not None:
            return config.worktrees / ".agentls-cache"
        return self._paths.data / "cache"

    async def _pays(self, cache: Cache, place: Path, *, entry: CacheEntry) -> bool:
        if cache.link or await in_thread(_shares, place):
            return True
        match cache.plain_copy:
            case PlainCopy.ALWAYS:
                return True
            case PlainCopy.NEVER:
                return False
            case PlainCopy.AUTO:
                return entry.copy < entry.setup

    async def _is_worth_it(
        self,
        config: Config,
        cache: Cache,
        worktree: Path,
        made: Sequence[Path],
        *,
        seconds: float,
    ) -> bool:
        """Tell whether there is room for it, and whether copying it pays."""
        files, size = await in_thread(_measure, [worktree / path for path in made])
        if size > config.disk.cache:
            _LOG.info("what the setup made is larger than disk.cache: %d bytes", size)
            return False
        root = self._root(config)
        await in_thread(_make_folder, root)
        if cache.link or await in_thread(_shares, root):
            return True
        free = (await in_thread(shutil.disk_usage, root)).free
        if free - size < config.disk.reserve:
            _LOG.warning("what the setup made isn't kept: %d bytes are free", free)
            return False
        guess = size / _BYTES_A_SECOND + files / _FILES_A_SECOND
        return cache.plain_copy is PlainCopy.ALWAYS or (
            cache.plain_copy is PlainCopy.AUTO and guess < seconds
        )


def _key(config: Config, cache: Cache, worktree: Path) -> str | None:
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


def _made(patterns: Sequence[str], worktree: Path) -> tuple[Path, ...]:
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


def _measure(paths: Sequence[Path]) -> tuple[int, int]:
    """Count the files below the paths, and their bytes."""
    files = size = 0
    for path in paths:
        for parent, _, names in [("", (), [str(path)]), *os.walk(path)]:
            for name in names:
                with contextlib.suppress(OSError):
                    size += os.lstat(Path(parent, name)).st_size
                    files += 1
    return files, size


def _shares(folder: Path) -> bool:
    """Tell whether files beside a folder can be copied without their content."""
    if sys.platform == "darwin":
        return True  # APFS; `cp -c` copies whole elsewhere
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".agentls-") as probe:
        source = Path(probe, "source")
        source.write_bytes(b"x")
        return clone_file(source, Path(probe, "target"))


async def _copy_all(files: Path, worktree: Path, *, link: bool) -> None:
    """Copy an entry's paths; where one can't be copied, none is left half there."""
    for source in await in_thread(_tops, files):
        target = worktree / source.relative_to(files)
        if await in_thread(os.path.lexists, target):
            continue
        await in_thread(_make_folder, target.parent)
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


def _publish(
    aside: Path, place: Path, *, made: Sequence[Path], setup: float, copy: float
) -> None:
    """Give an entry its name; it stays aside where another one has it already."""
    _, size = _measure([aside / _FILES / path for path in made])
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


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _touch(place: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(place / _ABOUT)


def _read(place: Path) -> CacheEntry | None:
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


def _entries(root: Path) -> tuple[CacheEntry, ...]:
    found = (_read(file.parent) for file in root.glob(f"*/[!.]*/{_ABOUT}"))
    return tuple(sorted(filter(None, found), key=lambda entry: entry.used))


def _half_made(root: Path) -> tuple[Path, ...]:
    return tuple(root.glob(f"*/{_MAKING}*"))
