"""What was read of a config, as long as the files that it was read from are the same.

One operation asks for the config before each of its calls that could run a filter;
reading it takes git longer than most of these calls.
"""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from agentls.git.place import Place
from agentls.git.settings import Setting

__all__ = ["Known", "files_behind", "key_of", "read_at_rest"]

_HOLDS_SECONDS = 5.0
"""For how long at the most: an operation's calls follow each other closely."""

_AT_REST_NS = 1_000_000_000
"""A file that changed this short a time ago may change again within the same tick of
the file system's clock, and would look the same then."""

_VARIABLES = ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
_INCLUDES = {"include", "includeif"}
_BY_HISTORY = ("onbranch:", "hasconfig:")

Stamp = tuple[int, ...]
Stamps = Mapping[Path, Stamp | None]
"""What tells whether a file is the same; None for one that isn't there."""


@attrs.frozen(kw_only=True)
class Known:
    """A config that was read."""

    settings: tuple[Setting, ...]
    stamps: Stamps
    read: float
    """When it was read, by the monotonic clock."""

    def holds(self) -> bool:
        """Tell whether no file that says what it is has changed; touches the disk."""
        if time.monotonic() - self.read > _HOLDS_SECONDS:
            return False
        return all(_stamp(file) == stamp for file, stamp in self.stamps.items())


def files_behind(
    rows: Iterable[tuple[Setting, str]], *, at: Place
) -> frozenset[Path] | None:
    """Give the files that decide what the config is, those included that aren't there.

    `rows` are the settings with the file of each. None where it depends on more than
    on files: on the branch, for instance.
    """
    common = at.common_dir or at.git_dir
    found = {common / "config", at.git_dir / "config.worktree", Path("/etc/gitconfig")}
    home = Path(os.environ.get("HOME", "/"))
    shared = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    found |= {home / ".gitconfig", Path(shared, "git/config")}
    found |= {Path(one) for key in _VARIABLES[2:] if (one := os.environ.get(key))}
    for setting, origin in rows:
        file = at.cwd / origin
        found.add(file)
        if setting.section in _INCLUDES and setting.name == "path":
            if (setting.subsection or "").startswith(_BY_HISTORY):
                return None
            given = setting.value or ""
            if given.startswith(("~", "%(prefix)")) and not given.startswith("~/"):
                return None
            found.add(file.parent / Path(given).expanduser())
    return frozenset(found)


def read_at_rest(files: Iterable[Path], *, begun_ns: int) -> Stamps | None:
    """Stamp the files; None if one changed since, or shortly before, that time."""
    stamps = {file: _stamp(file) for file in files}
    newest = max((stamp[-1] for stamp in stamps.values() if stamp), default=0)
    return None if newest > begun_ns - _AT_REST_NS else stamps


def key_of(at: Place) -> tuple[object, ...]:
    """Name what else decides which config holds at a place."""
    variables = (os.environ.get(name) for name in (*_VARIABLES, "GIT_CONFIG_NOSYSTEM"))
    return (at.git_dir, at.common_dir, at.cwd, *variables)


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (
        *(found.st_dev, found.st_ino, found.st_size, found.st_mode),
        *(found.st_mtime_ns, found.st_ctime_ns),
    )
