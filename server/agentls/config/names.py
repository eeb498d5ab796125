"""Names in the configuration that people type: of checks, scripts, templates."""

import re

__all__ = ["refuse_name"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def refuse_name(name: str) -> str | None:
    """Say why something can't be called so; nothing where it can."""
    if _NAME.fullmatch(name):
        return None
    return (
        f"{name!r} can't be typed as a name: up to 40 letters, digits, dots,"
        " dashes and underscores"
    )
