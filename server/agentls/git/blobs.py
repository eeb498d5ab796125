"""Contents of files as git stores them: many read or written by one git process."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agentls.errors import GitFailed
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.threads import in_thread

__all__ = ["read_blobs", "write_blobs"]


async def read_blobs(repo: Repository, ids: Iterable[str]) -> Mapping[str, bytes]:
    """Give the contents of blobs by their ids; raise `GitFailed` if one is missing."""
    wanted = tuple(dict.fromkeys(ids))
    if not wanted:
        return {}
    asked = "".join(f"{blob}\n" for blob in wanted)
    output = await git(
        "cat-file", "--batch", "--buffer", at=repo.main, stdin=asked.encode("ascii")
    )
    found: dict[str, bytes] = {}
    at = 0
    for blob in wanted:
        end = output.index(b"\n", at)
        about = output[at:end].split(b" ")
        if about[1:2] != [b"blob"]:
            raise GitFailed(
                f"The content {blob} is missing in {repo.root}; nothing was changed.",
                hint="git fsck says what else is.",
            )
        begin, size = end + 1, int(about[2])
        found[blob] = output[begin : begin + size]
        at = begin + size + 1
    return found


async def write_blobs(repo: Repository, contents: Sequence[bytes]) -> tuple[str, ...]:
    """Store contents as they are and give their ids, in the same order."""
    if not contents:
        return ()
    with tempfile.TemporaryDirectory(prefix="agentls-blobs-") as folder:
        paths = await in_thread(_write, Path(folder), contents)
        written = await git(
            *("hash-object", "-w", "--no-filters", "--stdin-paths"),
            at=repo.main,
            stdin=b"".join(os.fsencode(path) + b"\n" for path in paths),
        )
    return tuple(written.decode("ascii").split())


def _write(folder: Path, contents: Sequence[bytes]) -> list[Path]:
    paths = [folder / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths
