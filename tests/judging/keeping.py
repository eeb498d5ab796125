"""What a repository keeps: every object that git can still reach."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["fsck", "kept", "lost"]


def kept(root: Path, *, environ: Mapping[str, str]) -> frozenset[str]:
    """Give all objects that references reach, hidden ones included.

    But for the commits that pin what a set-aside worktree's own folder reaches: they
    are named by nobody once it is back.
    """
    pins = "--exclude=refs/agentls/_trash/*"
    return _objects(root, pins, "--all", environ=environ)


def lost(
    root: Path, wanted: Iterable[str], *, environ: Mapping[str, str]
) -> frozenset[str]:
    """Give those of the objects that git's gc would remove, now or some day."""
    where = ("--all", "--reflog", "--indexed-objects")
    return frozenset(wanted) - _objects(root, *where, environ=environ)


def fsck(root: Path, *, environ: Mapping[str, str]) -> None:
    """Raise `CalledProcessError` unless git finds the repository sound."""
    _git(root, "fsck", "--strict", "--no-dangling", environ=environ)


def _objects(root: Path, *where: str, environ: Mapping[str, str]) -> frozenset[str]:
    listing = _git(root, "rev-list", "--objects", *where, environ=environ)
    return frozenset(line.split(b" ")[0].decode() for line in listing.splitlines())


def _git(root: Path, *args: str, environ: Mapping[str, str]) -> bytes:
    done = subprocess.run(
        ["git", *args], cwd=root, env=environ, capture_output=True, check=True
    )
    return done.stdout
