"""What a person has seen of a change: a file is viewed when all its hunks are."""

from collections.abc import Collection, Mapping, Sequence

import attrs

from agentls.git.changes import ChangedFile
from agentls.git.hunks import Hunk, hunks_of
from agentls.git.repository import Repository
from agentls.model import HunkId

__all__ = ["Seen", "find_hunks", "see"]


@attrs.frozen(kw_only=True)
class Seen:
    """How much of a file was seen."""

    viewed: bool = False
    hunks: int = 0
    """How many of its hunks were."""


async def see(
    repository: Repository,
    files: Sequence[ChangedFile],
    marks: Mapping[HunkId, bytes],
) -> Mapping[bytes, Seen]:
    """Say by path what was seen of the files; one of which nothing was is left out.

    `marks` are hunks with their files' paths: only those files' lines are read.
    """
    paths = frozenset(marks.values())
    marked = [file for file in files if file.path in paths]
    found = await hunks_of(repository, marked)
    return {
        path: Seen(viewed=seen == len(hunks), hunks=seen)
        for path, hunks in found.items()
        if (seen := sum(hunk.id in marks for hunk in hunks))
    }


def find_hunks(
    hunks: Mapping[bytes, tuple[Hunk, ...]], wanted: Collection[HunkId]
) -> tuple[tuple[Hunk, ...], frozenset[HunkId]]:
    """Find hunks by their ids, in their order; give also the ids that aren't there."""
    ids = frozenset(wanted)
    found = tuple(hunk for of in hunks.values() for hunk in of if hunk.id in ids)
    return found, ids - {hunk.id for hunk in found}
