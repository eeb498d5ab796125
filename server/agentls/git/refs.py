"""References: read, and changed only from the value that the caller expects."""

import os
from collections.abc import Collection, Sequence

import attrs

from agentls.errors import AgentlsError, TargetMoved
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, run_git
from agentls.model import CommitId, TaskId

__all__ = [
    "RefChange",
    "branch_ref",
    "delete_ref",
    "list_refs",
    "read_ref",
    "read_refs",
    "task_ref",
    "update_ref",
    "update_refs",
]


@attrs.frozen(kw_only=True)
class RefChange:
    """One reference from a value to another; None for "there is none"."""

    ref: str
    """The full name, such as `refs/heads/main`."""
    new: CommitId | None
    expected: CommitId | None


def task_ref(task: TaskId) -> str:
    """Name the hidden reference that keeps a task's work."""
    return f"refs/agentls/{task}"


def branch_ref(branch: str) -> str:
    """Give the full name of a branch."""
    return f"refs/heads/{branch}"


async def read_ref(repo: Repository, ref: str) -> CommitId | None:
    """Give the object that a reference (by its full name) names, None if none."""
    # Not rev-parse, which would also try refs/heads/<ref> and the like.
    found = await run_git("show-ref", "--verify", "--hash", "--", ref, at=repo.main)
    return CommitId(found.stdout.decode("ascii").strip()) if not found.status else None


async def read_refs(repo: Repository, refs: Collection[str]) -> dict[str, CommitId]:
    """Give those of the references that there are, by full name."""
    if not refs:
        return {}
    listing = await git(
        "for-each-ref", "--format=%(objectname) %(refname)", *sorted(refs), at=repo.main
    )
    pairs = (line.split(b" ", 1) for line in listing.splitlines())
    found = {os.fsdecode(name): CommitId(one.decode("ascii")) for one, name in pairs}
    return {name: found[name] for name in refs if name in found}


async def list_refs(repo: Repository, prefix: str) -> dict[str, CommitId]:
    """Give the references below a prefix such as `refs/agentls`, by full name."""
    listing = await git(
        "for-each-ref", "--format=%(objectname) %(refname)", prefix, at=repo.main
    )
    pairs = (line.split(b" ", 1) for line in listing.splitlines())
    return {os.fsdecode(name): CommitId(one.decode("ascii")) for one, name in pairs}


async def update_ref(
    repo: Repository,
    ref: str,
    *,
    new: CommitId,
    expected: CommitId | None,
    why: str = "agentls",
) -> None:
    """Set a reference if it still is as expected; raise `TargetMoved` if not."""
    change = RefChange(ref=ref, new=new, expected=expected)
    await update_refs(repo, (change,), why=why)


async def delete_ref(repo: Repository, ref: str, *, expected: CommitId) -> None:
    """Delete a reference if it still is as expected; raise `TargetMoved` if not."""
    await update_refs(repo, (RefChange(ref=ref, new=None, expected=expected),))


async def update_refs(
    repo: Repository, changes: Sequence[RefChange], *, why: str = "agentls"
) -> None:
    """Make all changes or none; raise `TargetMoved` naming the one that moved."""
    zero = repo.no_commit
    lines = [b"start"]
    for change in changes:
        ref, old = os.fsencode(change.ref), (change.expected or zero).encode("ascii")
        if change.new is None:
            lines.append(b"delete " + ref + b"\0" + old)
        else:
            new = change.new.encode("ascii")
            lines.append(b"update " + ref + b"\0" + new + b"\0" + old)
    lines += [b"prepare", b"commit", b""]
    args = ("update-ref", "-m", why, "--no-deref", "-z", "--stdin")
    finished = await run_git(*args, at=repo.main, stdin=b"\0".join(lines))
    if finished.status:
        raise await _explain(repo, changes, otherwise=failure(args, finished))


async def _explain(
    repo: Repository, changes: Sequence[RefChange], *, otherwise: AgentlsError
) -> AgentlsError:
    for change in changes:
        now = await read_ref(repo, change.ref)
        if now == change.expected:
            continue
        name = change.ref.removeprefix("refs/heads/")
        was = change.expected[:10] if change.expected else "nothing"
        is_now = now[:10] if now else "nothing"
        return TargetMoved(
            f"{name} moved: expected {was}, found {is_now}. Nothing was changed.",
            hint="Look at the new commits and try again.",
        )
    return otherwise
