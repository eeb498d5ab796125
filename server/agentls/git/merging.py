"""Merges of commits and trees, away from any checkout.

They are computed in the shadow repository, so hooks, filters and the config
of the user's repository have no say. Merge drivers of the user's own config
and trusted ones run; another one that would decide about a path is refused.
"""

import os
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from agentls.errors import StorageFull, Untrusted
from agentls.git.changes import changed_paths
from agentls.git.drivers import MergeDriver, merge_drivers_in
from agentls.git.filters import attributes
from agentls.git.history import merge_base
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, load_settings, run_git, user_environ
from agentls.git.shadow import shadow_of
from agentls.git.staged import IDENTITY
from agentls.git.wording import shown
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "Conflicted",
    "Merged",
    "hidden_commit",
    "laid_out_attributes",
    "merge_trees",
    "try_merge",
]

_BUILT_IN = {"text", "binary", "union"}
_EPOCH = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}

_REMEMBERED = 200
_ATTRIBUTE_BLOBS: dict[tuple[Path, str], tuple[tuple[bytes, bytes], ...]] = {}
"""Of the trees that were merged last, since a target is merged with many tasks."""


@attrs.frozen(kw_only=True)
class Merged:
    """Both sides went together."""

    tree: str


@attrs.frozen(kw_only=True)
class Conflicted:
    """They didn't: the files in question, and what git says about them."""

    files: tuple[bytes, ...]
    messages: tuple[str, ...]
    stages: tuple[bytes, ...]
    """What an index has of them: `<mode> <object> <stage>\\t<path>` each."""
    tree: str
    """The result with conflict markers in it."""


async def merge_trees(
    repo: Repository,
    ours: CommitId,
    theirs: CommitId,
    *,
    base: CommitId | None = None,
) -> Merged | Conflicted:
    """Merge two commits and keep the result in the repository's objects.

    With `base`, exactly what leads from it to `theirs` is applied to `ours`,
    whatever the history says. Raises `Untrusted` when the repository's config
    has a merge driver of its own for a path that both sides changed.
    """
    return await _merge(repo, ours, theirs, base=base, objects=repo.objects)


async def try_merge(
    repo: Repository,
    ours: CommitId,
    theirs: CommitId,
    *,
    base: CommitId | None = None,
) -> Merged | Conflicted:
    """Do the same without keeping any object: the answer's tree can't be read."""
    with tempfile.TemporaryDirectory(prefix="agentls-objects-") as folder:
        return await _merge(repo, ours, theirs, base=base, objects=Path(folder))


async def _merge(
    repo: Repository,
    ours: CommitId,
    theirs: CommitId,
    *,
    base: CommitId | None,
    objects: Path,
) -> Merged | Conflicted:
    drivers = await _drivers(repo, ours, theirs, base=base)
    async with laid_out_attributes(repo, ours) as work_tree:
        if repo.partial:  # only the repository itself can fetch what is missing
            place = attrs.evolve(
                repo.main,
                work_tree=work_tree,
                objects=objects,
                alternates=(repo.git_dir / "objects",),
            )
        else:
            place = await shadow_of(repo, objects=objects, work_tree=work_tree)
        if base is not None:
            ours = await hidden_commit(ours, parent=base, at=place)
            theirs = await hidden_commit(theirs, parent=base, at=place)
        args = ("merge-tree", "--write-tree", "-z", "--messages")
        finished = await run_git(
            *args,
            "--end-of-options",
            ours,
            theirs,
            at=place,
            settings={f"merge.{one.name}.driver": one.command for one in drivers},
            env=user_environ() if drivers else None,
        )
    # 1 means a conflict, but also a name that git can't make sense of.
    if finished.status not in {0, 1} or not finished.stdout:
        raise failure(args, finished)
    return _parse(finished.stdout, clean=not finished.status)


async def hidden_commit(tree: str, *, parent: CommitId, at: Place) -> CommitId:
    """Make a commit of that tree whose only history is `parent`; always the same.

    No branch ever has it. `at` says where it is written.
    """
    made = await git(
        *("commit-tree", f"{tree}^{{tree}}", "-p", parent),
        at=at,
        stdin=b"",
        env=IDENTITY | _EPOCH,
    )
    return CommitId(made.decode("ascii").strip())


async def _drivers(
    repo: Repository, ours: CommitId, theirs: CommitId, *, base: CommitId | None
) -> tuple[MergeDriver, ...]:
    """Give the merge drivers that may run; refuse one that may not but would."""
    drivers = merge_drivers_in(await load_settings(repo.main))
    mine = {one for one in drivers if one.of_the_user or one.text in repo.trusted}
    others = {one.name: one for one in drivers if one not in mine}
    if others:
        start = base or await merge_base(repo, ours, theirs)
        paths = await _changed_on_both(repo, ours, theirs, start=start)
        values = await attributes(repo, "merge", tree=ours, paths=paths)
        for path, name in sorted(values.items()):
            if name in others and name not in _BUILT_IN:
                raise Untrusted(
                    f"{shown(path)} would be merged by "
                    f"{others[name].text}, which nobody has trusted yet. "
                    "Nothing was changed.",
                    hint="Read what it runs, and trust it if you know it.",
                )
        if repo.partial:
            raise Untrusted(
                "This partial clone's own config names merge drivers "
                f"({', '.join(sorted(others))}), which nobody has trusted yet.",
                hint="Read what they run, and trust them if you know them.",
            )
    return tuple(sorted(mine, key=lambda one: one.name))


async def _changed_on_both(
    repo: Repository, ours: CommitId, theirs: CommitId, *, start: CommitId | None
) -> Collection[bytes]:
    if start is None:
        return ()
    mine = {file.path for file in await changed_paths(repo, start, ours)}
    return mine & {file.path for file in await changed_paths(repo, start, theirs)}


@asynccontextmanager
async def laid_out_attributes(repo: Repository, tree: str) -> AsyncGenerator[Path]:
    """Lay out a folder with a tree's `.gitattributes` files, and nothing else.

    git reads from it which paths are binary or merged by union.
    """
    wanted = await _attribute_blobs(repo, tree)
    folder = Path(await in_thread(tempfile.mkdtemp, prefix="agentls-merge-"))
    try:
        for blob, path in wanted:
            content = await git("cat-file", "blob", blob, at=repo.main)
            await in_thread(_write, folder / os.fsdecode(path), content)
        yield folder
    except OSError as error:
        raise StorageFull(f"{folder} can't be written: {error.strerror}.") from error
    finally:
        await in_thread(shutil.rmtree, folder)


async def _attribute_blobs(
    repo: Repository, tree: str
) -> tuple[tuple[bytes, bytes], ...]:
    """Give blob and path of each such file; what an id names stays as it is."""
    key = (repo.git_dir, tree)
    found = _ATTRIBUTE_BLOBS.get(key)
    if found is None:
        listing = await git("ls-tree", "-r", "-z", "--full-tree", tree, at=repo.main)
        found = tuple(_attribute_files(listing))
        while len(_ATTRIBUTE_BLOBS) >= _REMEMBERED:
            del _ATTRIBUTE_BLOBS[next(iter(_ATTRIBUTE_BLOBS))]
        _ATTRIBUTE_BLOBS[key] = found
    return found


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


_ATTRIBUTES = re.compile(
    rb"100(?:644|755) blob ([0-9a-f]+)\t((?:[^\0]*/)?\.gitattributes)\0"
)


def _attribute_files(listing: bytes) -> list[tuple[bytes, bytes]]:
    return _ATTRIBUTES.findall(listing) if b".gitattributes\0" in listing else []


def _parse(output: bytes, *, clean: bool) -> Merged | Conflicted:
    tree, _, rest = output.partition(b"\0")
    if clean:
        return Merged(tree=tree.decode("ascii"))
    entries, _, told = rest.partition(b"\0\0")
    # The last entry's end and the section's end are both NUL: one may be left.
    stages = tuple(entry for entry in entries.split(b"\0") if entry)
    files = dict.fromkeys(entry.partition(b"\t")[2] for entry in stages)
    return Conflicted(
        files=tuple(files),
        stages=stages,
        messages=tuple(_messages(told)),
        tree=tree.decode("ascii"),
    )


def _messages(told: bytes) -> list[str]:
    """Read `<count> <path>… <type> <message>`, each ended by NUL."""
    fields = iter(told.split(b"\0")[:-1])
    found: list[str] = []
    for count in fields:
        for _ in range(int(count)):
            next(fields)
        kind, text = next(fields), next(fields)
        if kind != b"Auto-merging":
            found.append(text.decode("utf-8", "backslashreplace").rstrip("\n"))
    return found
