"""Which filters and merge drivers apply to which paths, and may they run.

A filter that nobody trusted is blanked wherever files are read or written, so
what it should have encrypted or shortened stands as plain content in a
checkpoint. Such a path must never reach a branch: `refuse_untrusted`.
"""

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

import attrs

from agentls.errors import Untrusted
from agentls.git.changes import changed_paths
from agentls.git.drivers import Filter, filters_in
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings
from agentls.git.wording import shown

__all__ = [
    "attributes",
    "configured_filters",
    "refuse_untrusted",
    "refuse_untrusted_between",
    "repository_filters",
    "untrusted_filters",
]

_UNSET = {b"unspecified", b"unset", b"set"}


async def configured_filters(repo: Repository) -> tuple[Filter, ...]:
    """Give the filters that the config of the repository and the user define."""
    return filters_in(await load_settings(repo.main))


async def repository_filters(repo: Repository) -> tuple[Filter, ...]:
    """Give those of them that are a matter of trust, decided or not."""
    found = await configured_filters(repo)
    return tuple(one for one in found if not one.may_run(frozenset()))


async def untrusted_filters(repo: Repository) -> tuple[Filter, ...]:
    """Give those of them that don't run until the user trusts their text."""
    return tuple(
        one for one in await configured_filters(repo) if not one.may_run(repo.trusted)
    )


async def attributes(
    repo: Repository, name: str, *, tree: str, paths: Collection[bytes]
) -> dict[bytes, str]:
    """Give an attribute's value for each path that has one, as of a tree.

    The tree's own `.gitattributes` count, and what the user's attributes files
    say; not what happens to lie in a checkout.
    """
    if not paths:
        return {}
    with tempfile.TemporaryDirectory(prefix="agentls-attributes-") as folder:
        at = attrs.evolve(repo.main, index=Path(folder) / "index")
        await git("read-tree", f"{tree}^{{tree}}", at=at)
        listing = await git(
            *("check-attr", "--cached", "-z", "--stdin", name),
            at=at,
            stdin=b"".join(path + b"\0" for path in paths),
        )
    fields = listing.split(b"\0")[:-1]
    rows = zip(fields[0::3], fields[2::3], strict=True)
    return {path: os.fsdecode(value) for path, value in rows if value not in _UNSET}


async def refuse_untrusted(
    repo: Repository, *, trees: Collection[str], paths: Collection[bytes]
) -> None:
    """Raise `Untrusted` if, in any of the trees, such a filter applies to a path."""
    untrusted = {one.name: one for one in await untrusted_filters(repo)}
    if not untrusted:
        return
    for tree in trees:
        values = await attributes(repo, "filter", tree=tree, paths=paths)
        for path, name in sorted(values.items()):
            if name in untrusted:
                raise Untrusted(
                    f"{shown(path)} goes through the "
                    f"filter {name}, which nobody has trusted yet: "
                    f"{untrusted[name].text}. Nothing was changed.",
                    hint="Read what it runs, and trust it if you know it.",
                )


async def refuse_untrusted_between(repo: Repository, *, old: str, new: str) -> None:
    """Do the same for what differs between two commits or trees."""
    if await untrusted_filters(repo):
        changed = await changed_paths(repo, old, new)
        paths = tuple(file.path for file in changed)
        await refuse_untrusted(repo, trees=(old, new), paths=paths)
