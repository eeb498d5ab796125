"""Branches: their names, which there are, and who has them checked out."""

import os

import attrs

from agentls.errors import BranchExists, InvalidParams, InvalidState
from agentls.git.checkouts import Checkout, list_checkouts
from agentls.git.refs import branch_ref, delete_ref, list_refs, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import run_git
from agentls.model import CommitId

__all__ = [
    "Branch",
    "branch_exists",
    "check_branch_name",
    "create_branch",
    "delete_branch",
    "list_branches",
    "occupants",
]


@attrs.frozen(kw_only=True)
class Branch:
    """A local branch."""

    name: str
    commit: CommitId
    checkout: Checkout | None
    """Who has it checked out, or rebases or bisects it."""


async def check_branch_name(repo: Repository, name: str) -> None:
    """Raise `InvalidParams` unless git allows a new branch of that name."""
    found = None
    if name and "\0" not in name and not name.startswith("-"):
        found = await run_git("check-ref-format", "--branch", name, at=repo.main)
    # `--branch` also reads @{-1} and the like: only the very name counts.
    if found is None or found.status or os.fsdecode(found.stdout) != f"{name}\n":
        raise InvalidParams(
            f"{name!r} can't be the name of a branch.",
            hint="No spaces, no '..', '~', '^', ':', '?', '*', '[' or leading dash.",
        )


async def branch_exists(repo: Repository, name: str) -> bool:
    """Tell whether there is a local branch of exactly that name."""
    return await read_ref(repo, branch_ref(name)) is not None


async def list_branches(repo: Repository) -> tuple[Branch, ...]:
    """Give all local branches by name, with who has them checked out."""
    refs = await list_refs(repo, "refs/heads")
    checkouts = await list_checkouts(repo)
    return tuple(
        Branch(
            name=name,
            commit=commit,
            checkout=next((one for one in checkouts if _has(one, name)), None),
        )
        for name, commit in (
            (ref.removeprefix("refs/heads/"), commit) for ref, commit in refs.items()
        )
    )


async def occupants(repo: Repository, branch: str) -> tuple[Checkout, ...]:
    """Give the checkouts that have the branch, or rebase or bisect it."""
    return tuple(one for one in await list_checkouts(repo) if _has(one, branch))


async def create_branch(repo: Repository, name: str, *, at: CommitId) -> None:
    """Make a branch; raise `BranchExists` if there is one, or one in its way."""
    await check_branch_name(repo, name)
    for other in await list_refs(repo, "refs/heads"):
        there = other.removeprefix("refs/heads/")
        # main and main/fix can't both be: one is a file, the other a folder.
        if f"{there}/".startswith(f"{name}/") or name.startswith(f"{there}/"):
            raise BranchExists(
                f"The branch {name} can't be made: there is a branch {there}.",
                hint="Choose another name.",
            )
    await update_ref(
        repo, branch_ref(name), new=at, expected=None, why="agentls: created"
    )


async def delete_branch(repo: Repository, name: str, *, expected: CommitId) -> None:
    """Delete a branch that nobody has checked out and that stands as expected.

    Raises `TargetMoved` if it doesn't, `InvalidState` if a checkout has it;
    deleting one that is gone already does nothing.
    """
    if await read_ref(repo, branch_ref(name)) is None:
        return
    if found := await occupants(repo, name):
        raise InvalidState(
            f"The branch {name} is checked out at {found[0].path}; it was kept.",
            hint="Switch that checkout to another branch first.",
        )
    await delete_ref(repo, branch_ref(name), expected=expected)


def _has(checkout: Checkout, branch: str) -> bool:
    return checkout.branch == branch or branch in checkout.busy
