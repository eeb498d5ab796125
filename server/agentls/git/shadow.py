"""A bare repository of our own beside the user's, to merge in.

It reads the user's objects as its alternates, and has no config, hooks or
attributes but ours; git is called in it with an empty environment. So nothing
in the user's repository can make a merge run a program. It holds nothing that
must survive: each call writes it anew where it differs.
"""

import os
import threading
from pathlib import Path

from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.threads import in_thread

__all__ = ["shadow_of"]


async def shadow_of(repo: Repository, *, objects: Path, work_tree: Path) -> Place:
    """Give the shadow, writing new objects to a folder of the caller's choice.

    `work_tree` is a folder of ours that holds the `.gitattributes` to heed.
    """
    folder = await in_thread(_write, repo)
    theirs = repo.git_dir / "objects"
    return Place(
        git_dir=folder,
        work_tree=work_tree,
        objects=objects,
        alternates=() if objects == theirs else (theirs,),
        isolated=True,
    )


def _write(repo: Repository) -> Path:
    folder = repo.own_dir / "shadow"
    for name in ("refs", "objects", "info"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    version = 1 if repo.object_format == "sha256" else 0
    config = f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n"
    if version:
        config += f"[extensions]\n\tobjectFormat = {repo.object_format}\n"
    _put(folder / "config", config.encode("ascii"))
    _put(folder / "HEAD", b"ref: refs/heads/none\n")
    for name in ("shallow", "info/attributes"):  # which commits end; who merges how
        _put(folder / name, _get(repo.git_dir / name))
    return folder


def _get(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _put(file: Path, content: bytes | None) -> None:
    """Make a file hold that, at once and only where it doesn't yet."""
    if _get(file) == content:
        return
    if content is None:
        file.unlink(missing_ok=True)
        return
    # Threads of one daemon may write it at the same moment.
    aside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.new")
    aside.write_bytes(content)
    aside.rename(file)
