"""What a repository's config says, and who said it.

The user's own config (system and global) is trusted as it is for the user's
own git. What the repository's config (local and worktree) would run is not.
"""

import enum
import os

import attrs

__all__ = ["Scope", "Setting", "parse_settings", "parse_with_files"]


class Scope(enum.StrEnum):
    """Where a setting stands."""

    SYSTEM = "system"
    GLOBAL = "global"
    LOCAL = "local"
    WORKTREE = "worktree"

    @property
    def of_the_user(self) -> bool:
        """Tell whether it is the user's own, for all repositories."""
        return self in {Scope.SYSTEM, Scope.GLOBAL}


@attrs.frozen(kw_only=True)
class Setting:
    """One line of config; a later one for the same key wins."""

    scope: Scope
    section: str
    """In lower case, as git gives it."""
    subsection: str | None
    """As written; it may hold dots, `=` and anything but a newline."""
    name: str
    """In lower case."""
    value: str | None
    """None for a key without `=`, which means true."""


def parse_settings(listing: bytes) -> tuple[Setting, ...]:
    """Read the output of `git config --list -z --show-scope`.

    Settings of the call itself are left out.
    """
    fields = listing.split(b"\0")
    rows = zip(fields[0:-1:2], fields[1::2], strict=False)
    return tuple(_setting(*row) for row in rows if row[0] in _SCOPES)


def parse_with_files(listing: bytes) -> tuple[tuple[Setting, str], ...]:
    """Do the same for the output with `--show-origin`; give each setting's file too."""
    fields = listing.split(b"\0")
    rows = zip(fields[0:-1:3], fields[1::3], fields[2::3], strict=False)
    return tuple(
        (_setting(scope, entry), os.fsdecode(origin.removeprefix(b"file:")))
        for scope, origin, entry in rows
        if scope in _SCOPES
    )


_SCOPES = frozenset(scope.encode("ascii") for scope in Scope)


def _setting(scope: bytes, entry: bytes) -> Setting:
    key, separator, value = entry.decode("utf-8", "surrogateescape").partition("\n")
    section, _, rest = key.partition(".")
    subsection, dot, name = rest.rpartition(".")
    return Setting(
        scope=Scope(scope.decode("ascii")),
        section=section,
        subsection=subsection if dot else None,
        name=name,
        value=value if separator else None,
    )
