"""Submodules of a new worktree: those that the user's checkout has initialised.

They are made by hand and not by `git submodule`, which would write into the
user's config, run `submodule.<name>.update = !command`, and clone over the
network what lies in the main checkout already. The objects of a submodule are
hard links of the main checkout's (git never writes to one again); only what is
missing there is fetched, as the user's own git would.
"""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, GitFailed
from agentls.git.checkouts import own_checkout
from agentls.git.lock import FILLING_WITHIN, filling_lock
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings, run_git
from agentls.git.settings import Setting, parse_settings
from agentls.threads import in_thread

__all__ = ["init_submodules"]

_FETCH_WITHIN = 600.0
_DEEPEST = 16


@attrs.frozen(kw_only=True)
class _Side:
    """A repository with submodules: the user's checkout, or the worktree."""

    git_dir: Path
    top: Path


async def init_submodules(repo: Repository, worktree: Path) -> tuple[Path, ...]:
    """Fill the submodules of a worktree, recursively; give those that were filled.

    A submodule that the user has not initialised stays empty. Raises
    `GitFailed` naming the submodule whose commit can't be had.
    """
    checkout = await own_checkout(repo, worktree)
    filled: list[Path] = []
    async with filling_lock(worktree) as lock:
        await _fill_all(
            repo,
            place=checkout.place(repo),
            user=_Side(git_dir=repo.git_dir, top=repo.root),
            filled=filled,
            depth=0,
            lock=lock,
        )
    return tuple(filled)


async def _fill_all(
    repo: Repository,
    *,
    place: Place,
    user: _Side,
    filled: list[Path],
    depth: int,
    lock: int,
) -> None:
    wanted = await _links(place)
    if not wanted or depth > _DEEPEST:
        return
    names = await _names(place)
    at_user = Place(git_dir=user.git_dir, work_tree=user.top)
    known = _initialised(await load_settings(at_user))
    for path, commit in wanted.items():
        name = names.get(path)
        if name is None or name not in known or not _is_safe(name):
            continue
        source = await in_thread(_source, user, name, path)
        if source is None:
            continue
        top = place.cwd / path
        target = place.git_dir / "modules" / name
        inside = Place(git_dir=target, work_tree=top, trusted=place.trusted)
        try:
            await _fill(inside, source=source, commit=commit, lock=lock)
        except AgentlsError as error:
            raise GitFailed(
                f"The submodule {path} can't be filled: {error.message}",
                hint=f"Run git submodule update --init in {repo.root}, then retry.",
            ) from error
        filled.append(top)
        if depth:  # the config there is our own copy; at the top it is the user's
            key = f"submodule.{name}.url"
            await git("config", "--replace-all", key, known[name], at=place)
        await _fill_all(
            repo,
            place=inside,
            user=_Side(git_dir=source, top=user.top / path),
            filled=filled,
            depth=depth + 1,
            lock=lock,
        )


async def _links(place: Place) -> dict[str, str]:
    """Give the submodules in an index: path and commit."""
    listing = await git("ls-files", "-s", "-z", at=place)
    found: dict[str, str] = {}
    for line in listing.split(b"\0")[:-1]:
        if line.startswith(b"160000 "):
            about, _, path = line.partition(b"\t")
            found[os.fsdecode(path)] = about.split(b" ")[1].decode("ascii")
    return found


async def _names(place: Place) -> dict[str, str]:
    """Read names by path from `.gitmodules`, as the index has it."""
    listing = await run_git(
        *("config", "--blob", ":.gitmodules", "--list", "-z", "--show-scope"), at=place
    )
    # The scope of a blob is "command", as if it were given by the call.
    text = listing.stdout.replace(b"command\0", b"local\0")
    return {
        one.value: one.subsection
        for one in parse_settings(text)
        if one.section == "submodule" and one.name == "path"
        if one.value is not None and one.subsection is not None
    }


def _initialised(settings: tuple[Setting, ...]) -> dict[str, str]:
    """Give the initialised submodules by name, with their address."""
    return {
        one.subsection: one.value
        for one in settings
        if one.section == "submodule" and one.name == "url"
        if one.subsection is not None and one.value is not None
        if not one.scope.of_the_user
    }


def _is_safe(name: str) -> bool:
    """Refuse names that lead out of the folder of submodules."""
    parts = name.split("/")
    return not name.startswith("-") and not {"", ".", ".."} & set(parts)


def _source(user: _Side, name: str, path: str) -> Path | None:
    """Find the git folder of the user's own copy of a submodule."""
    for folder in (user.git_dir / "modules" / name, user.top / path / ".git"):
        if (folder / "objects").is_dir() and (folder / "HEAD").exists():
            return folder
    return None


async def _fill(inside: Place, *, source: Path, commit: str, lock: int) -> None:
    """Make a submodule's git folder from another one, and check the commit out."""
    at_source = Place(git_dir=source)
    settings = await load_settings(at_source)
    top = inside.cwd
    await in_thread(_check_folder, top)
    if not await in_thread((inside.git_dir / "HEAD").exists):
        await _copy_git_dir(inside.git_dir, source=source, at_source=at_source)
    for key, value in _origin(settings).items():
        await git("config", "--replace-all", key, value, at=inside)
    await in_thread(_link, top, inside.git_dir)
    relative = await in_thread(os.path.relpath, top, inside.git_dir)
    await git("config", "core.worktree", relative, at=inside)
    await _have_commit(inside, commit)
    await git("update-ref", "--no-deref", "HEAD", commit, at=inside)
    await git(
        *("reset", "-q", "--hard"), at=inside, within=FILLING_WITHIN, inherit=(lock,)
    )


async def _copy_git_dir(target: Path, *, source: Path, at_source: Place) -> None:
    refs = await git(
        "for-each-ref",
        "--format=%(objectname) %(refname)",
        "refs/remotes",
        at=at_source,
    )
    kind = (await git("rev-parse", "--show-object-format", at=at_source)).decode()
    aside = target.with_name(f"{target.name}.new")
    await in_thread(_copy_objects, source, aside, object_format=kind.strip())
    lines = [line.split(b" ", 1) for line in refs.splitlines()]
    known = b"".join(b"create " + ref + b" " + one + b"\n" for one, ref in lines)
    await git("update-ref", "--stdin", at=Place(git_dir=aside), stdin=known)
    await in_thread(aside.rename, target)


async def _have_commit(inside: Place, commit: str) -> None:
    wanted = ("cat-file", "-e", f"{commit}^{{commit}}")
    if not (await run_git(*wanted, at=inside)).status:
        return
    # Protocols as git allows them for submodules: no local paths, no helpers.
    online = attrs.evolve(inside, network=True)
    for refs in ((), (commit,)):
        finished = await run_git(
            *("fetch", "-q", "--no-write-fetch-head", "origin", *refs),
            at=online,
            env={"GIT_PROTOCOL_FROM_USER": "0"},
            within=_FETCH_WITHIN,
        )
        if not (await run_git(*wanted, at=inside)).status:
            return
        if finished.status:
            why = finished.stderr.decode("utf-8", "replace").strip()
            raise GitFailed(f"its commit {commit[:10]} can't be fetched: {why}")


def _origin(settings: tuple[Setting, ...]) -> Mapping[str, str]:
    """Keep where it came from: the address that the user's copy has."""
    kept = {("remote", "url"), ("remote", "fetch")}
    return {
        f"{one.section}.{one.subsection}.{one.name}": one.value
        for one in settings
        if (one.section, one.name) in kept and not one.scope.of_the_user
        if one.value is not None
    }


def _check_folder(top: Path) -> None:
    """Make sure that the submodule's folder is a real one, and empty."""
    mode = top.lstat().st_mode if os.path.lexists(top) else None
    if mode is None:
        top.mkdir(parents=True)
    elif not stat.S_ISDIR(mode):
        raise GitFailed("there is something else in its place.")
    elif set(os.listdir(top)) - {".git"}:  # noqa: PTH208 - names only
        raise GitFailed("its folder isn't empty.")


def _link(top: Path, git_dir: Path) -> None:
    relative = os.path.relpath(git_dir, top)
    (top / ".git").write_bytes(os.fsencode(f"gitdir: {relative}\n"))


def _copy_objects(source: Path, target: Path, *, object_format: str) -> None:
    """Make a git folder with all objects of another, as hard links."""
    if target.exists():  # left by a crash
        shutil.rmtree(target)
    shutil.copytree(
        source / "objects",
        target / "objects",
        copy_function=_link_or_copy,
        ignore=shutil.ignore_patterns("tmp_*", "*.lock"),
    )
    (target / "refs").mkdir()
    (target / "HEAD").write_text("ref: refs/heads/main\n", "ascii")
    if (source / "shallow").exists():
        shutil.copy2(source / "shallow", target / "shallow")
    version = 1 if object_format == "sha256" else 0
    config = f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n"
    if version:
        config += f"[extensions]\n\tobjectFormat = {object_format}\n"
    (target / "config").write_text(config, "ascii")


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
    return target
