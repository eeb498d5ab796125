"""Commits made of trees, and read: who made them, when, and what they say."""

import re
from collections.abc import Mapping, Sequence

import attrs

from agentls.errors import GitFailed, InvalidParams
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, run_git
from agentls.model import CommitId

__all__ = [
    "HIDDEN",
    "Commit",
    "Identity",
    "commit_tree",
    "commits_between",
    "commits_to_replay",
    "empty_tree",
    "read_commit",
    "tree_of",
]

_REMEMBERED = 2000
_TREES: dict[str, str] = {}
"""The trees of commits that were asked for last: what an id names stays as it is."""

_PERSON = re.compile(rb"(.*?) ?<([^>]*)> (-?\d+) ([+-]\d{4})")


@attrs.frozen(kw_only=True)
class Identity:
    """A name to commit by, other than the user's."""

    name: str
    email: str
    date: str | None = None
    """As git writes it: `@1700000000 +0100`; None for now."""


HIDDEN = Identity(name="agentls", email="agentls@localhost")
"""Who makes commits that no branch ever has."""


@attrs.frozen(kw_only=True)
class Commit:
    """What stands in a commit."""

    id: CommitId
    tree: str
    parents: tuple[CommitId, ...]
    author: Identity
    message: str
    signed: bool


async def read_commit(repo: Repository, commit: CommitId) -> Commit:
    """Read a commit; a message in another encoding is given as text all the same."""
    data = await git("cat-file", "commit", commit, at=repo.main)
    head, _, message = data.partition(b"\n\n")
    lines = head.split(b"\n")
    parts = [line.partition(b" ") for line in lines if line[:1] != b" "]
    fields = [(key, value) for key, _, value in parts]
    by_name = dict(reversed(fields))
    encoding = by_name.get(b"encoding", b"utf-8").decode("ascii", "replace")
    return Commit(
        id=commit,
        tree=by_name[b"tree"].decode("ascii"),
        parents=tuple(
            CommitId(value.decode("ascii")) for key, value in fields if key == b"parent"
        ),
        author=_identity(by_name[b"author"], encoding),
        message=_text(message, encoding),
        signed=b"gpgsig" in by_name or b"gpgsig-sha256" in by_name,
    )


async def tree_of(repo: Repository, commit: str) -> str:
    """Give the tree of a commit; of a tree, itself."""
    known = _TREES.get(commit)
    if known is None:
        found = await git("rev-parse", "--verify", f"{commit}^{{tree}}", at=repo.main)
        known = found.decode("ascii").strip()
        while len(_TREES) >= _REMEMBERED:
            del _TREES[next(iter(_TREES))]
        _TREES[commit] = known
    return known


async def empty_tree(repo: Repository) -> str:
    """Give the tree without anything in it."""
    return (await git("mktree", at=repo.main, stdin=b"")).decode("ascii").strip()


async def commits_between(
    repo: Repository,
    *,
    tip: CommitId,
    without: Sequence[CommitId],
    only_merges: bool = False,
) -> tuple[CommitId, ...]:
    """Give what leads to a tip and not to the others, the oldest first."""
    return await _listed(
        repo,
        *(("--merges",) if only_merges else ()),
        tip,
        *(f"^{one}" for one in without),
    )


async def commits_to_replay(
    repo: Repository, *, tip: CommitId, onto: CommitId, without: CommitId | None
) -> tuple[CommitId, ...]:
    """Give the commits that `git rebase` would make anew on another, the first first.

    Those that the other has already, by their patch, and merges are left out;
    `without` is a commit that the others lack as well.
    """
    return await _listed(
        repo,
        *("--no-merges", "--cherry-pick", "--right-only"),
        f"{onto}...{tip}",
        *((f"^{without}",) if without else ()),
    )


async def _listed(repo: Repository, *args: str) -> tuple[CommitId, ...]:
    listing = await git(*("rev-list", "--reverse", "--topo-order", *args), at=repo.main)
    return tuple(CommitId(line) for line in listing.decode("ascii").split())


async def commit_tree(
    repo: Repository,
    tree: str,
    *,
    parents: Sequence[CommitId],
    message: str,
    identity: Identity | None = None,
    author: Identity | None = None,
    signing: Mapping[str, str] | None = None,
) -> CommitId:
    """Make a commit, by the user's own name unless another is given.

    `author` is who wrote it where another commits; `signing` the variables for the
    program that signs it. Raises `InvalidParams` when git doesn't know the user's
    name, `GitFailed` when the commit can't be signed.
    """
    args = (
        *("commit-tree", tree),
        *(part for one in parents for part in ("-p", one)),
        *(("-S",) if signing is not None else ()),
    )
    env = dict(signing or {})
    if identity is not None:
        env |= _variables("AUTHOR", identity) | _variables("COMMITTER", identity)
    if author is not None:
        env |= _variables("AUTHOR", author)
    finished = await run_git(
        *args,
        at=repo.main,
        stdin=message.encode("utf-8", "replace"),
        env=env,
        settings={"user.useConfigOnly": "true"},
    )
    if not finished.status:
        return CommitId(finished.stdout.decode("ascii").strip())
    if b"tell me who you are" in finished.stderr or b"empty ident" in finished.stderr:
        raise InvalidParams(
            "Git doesn't know your name, so no commit was made.",
            hint="git config --global user.name 'Your Name', and user.email likewise.",
        )
    if signing is not None:
        why = finished.stderr.decode("utf-8", "replace").strip()
        raise GitFailed(
            f"The commit could not be signed, so nothing was merged: {why}",
            hint="Is the key there and unlocked? `agentls merge --no-sign` merges"
            " without a signature.",
        )
    raise failure(args, finished)


def _variables(role: str, who: Identity) -> dict[str, str]:
    found = {f"GIT_{role}_NAME": who.name, f"GIT_{role}_EMAIL": who.email}
    return found | ({f"GIT_{role}_DATE": who.date} if who.date else {})


def _identity(line: bytes, encoding: str) -> Identity:
    found = _PERSON.fullmatch(line)
    if found is None:  # an old or broken commit, which git shows all the same
        return Identity(name=_text(line, encoding), email="")
    name, email, seconds, zone = found.groups()
    return Identity(
        name=_text(name, encoding),
        email=_text(email, encoding),
        date=f"@{seconds.decode('ascii')} {zone.decode('ascii')}",
    )


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "surrogateescape")
