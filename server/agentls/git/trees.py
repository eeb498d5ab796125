"""Trees made from other trees, without any checkout."""

import tempfile
from pathlib import Path

import attrs

from agentls.git.changes import changed_paths
from agentls.git.repository import Repository
from agentls.git.runner import git

__all__ = ["leave_out"]


async def leave_out(repo: Repository, tree: str, *, base: str, made: str) -> str:
    """Give the tree without what leads from `base` to `made`.

    A path that was changed again since `made` stays as it is in the tree.
    """
    since = {file.path for file in await changed_paths(repo, made, tree)}
    back = [
        file for file in await changed_paths(repo, base, made) if file.path not in since
    ]
    if not back:
        return tree
    lines = (
        b"%06o %s\t%s\0" % (file.old_mode, file.old_blob.encode("ascii"), file.path)
        for file in back
    )
    with tempfile.TemporaryDirectory(prefix="agentls-tree-") as folder:
        at = attrs.evolve(repo.main, index=Path(folder) / "index")
        await git("read-tree", f"{tree}^{{tree}}", at=at)
        await git("update-index", "-z", "--index-info", at=at, stdin=b"".join(lines))
        written = await git("write-tree", at=at)
    return written.decode("ascii").strip()
