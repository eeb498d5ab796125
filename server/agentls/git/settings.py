"""What a repository's config says, and who said it.

The user's own config (system and global) is trusted as it is for the user's
own git. What the repository's config (local and worktree) would run is not.
"""

import enum

import attrs

__all__ = ["Scope", "Setting", "parse_settings"]


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
    settings: list[Setting] = []
    for scope, entry in zip(fields[0:-1:2], fields[1::2], strict=False):
        text = scope.decode("ascii")
        if text not in set(Scope):
            continue
        key, separator, value = entry.decode("utf-8", "surrogateescape").partition("\n")
        section, _, rest = key.partition(".")
        subsection, dot, name = rest.rpartition(".")
        settings.append(
            Setting(
                scope=Scope(text),
                section=section,
                subsection=subsection if dot else None,
                name=name,
                value=value if separator else None,
            )
        )
    return tuple(settings)
