"""Times, numbers and other people's words, as a page shows them."""

import html
import unicodedata
from datetime import datetime, tzinfo

__all__ = ["clock", "lasted", "safe", "shortly"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""What a browser would act upon, hide, or turn the reading order by."""


def safe(text: str) -> str:
    """Make somebody's text fit for HTML: in one line, and nothing but text."""
    line = " ".join(text.split())
    shown = "".join(
        "\ufffd" if unicodedata.category(one) in _HARMFUL else one for one in line
    )
    return html.escape(shown)


def lasted(seconds: float) -> str:
    """Say how long something took, in one unit or two."""
    whole = round(seconds)
    for unit, part, name, small in (
        (_DAY, _HOUR, "d", "h"),
        (_HOUR, _MINUTE, "h", "m"),
    ):
        if whole >= unit:
            large, left = divmod(whole // part, unit // part)
            return f"{large}{name} {left}{small}" if left else f"{large}{name}"
    if whole >= _MINUTE:
        minutes, left = divmod(whole, _MINUTE)
        return (
            f"{minutes}m {left}s" if left and minutes < _MINUTE // 6 else f"{minutes}m"
        )
    return f"{whole}s"


def shortly(seconds: float) -> str:
    """Say the same in one unit, for where there is little room."""
    whole = round(seconds)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if whole >= unit:
            return f"{whole / unit:.1f}{name}".replace(".0", "")
    return f"{whole}s"


def clock(moment: datetime, *, zone: tzinfo, day: bool = False) -> str:
    """Give the time of the day, with the day where that isn't clear."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}" if day else f"{local:%H:%M}"
