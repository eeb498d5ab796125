"""Where a git call works: its git folder, work tree, index and object store.

They are always named explicitly. A worktree's `.git` file lies where an agent
writes, and could lead git to a config that runs code.
"""

from pathlib import Path

import attrs

__all__ = ["Place"]


@attrs.frozen(kw_only=True)
class Place:
    """One work tree (or none), and all that git needs to know to work in it."""

    git_dir: Path
    """The git folder: the common one, or `.git/worktrees/<id>` of a worktree."""
    common_dir: Path | None = None
    """The common git folder where it isn't `git_dir` itself."""
    work_tree: Path | None = None
    """The top folder of the files; None for what concerns objects and refs only."""
    index: Path | None = None
    """Another index than the work tree's own."""
    objects: Path | None = None
    """Where new objects go, if not into the repository."""
    alternates: tuple[Path, ...] = ()
    """Further object folders to read from."""
    isolated: bool = False
    """A repository of our own: neither environment nor user config reach git."""
    network: bool = False
    """Whether git may fetch; else every protocol is refused."""
    trusted: frozenset[str] = frozenset()
    """The exact texts of the repository's own filters that the user trusts."""

    @property
    def cwd(self) -> Path:
        """The folder that git is started in."""
        return self.work_tree or self.git_dir
