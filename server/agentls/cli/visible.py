"""Text of somebody else, made safe to show: no byte of it drives the terminal.

Titles, prompts and what a repository wants to run may hold escape sequences or
characters that reverse the reading order, so that a person would see something
else than what is there. Here they become visible.
"""

import unicodedata

__all__ = ["brief", "cells", "one_line", "shorten", "visible"]

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Controls, invisible formatting (bidi among them), lone surrogates, private use."""

_JOINER = "\u200d"  # within emoji, where it is meant
_BRIEF = 60


def visible(text: str) -> str:
    """Show every character that a terminal would act upon or hide as an escape.

    Line feeds and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str) -> str:
    """Show text in one line."""
    return visible(" ".join(text.split()))


def brief(text: str) -> str:
    """Show text in one line, cut so that a sentence around it stays readable."""
    return shorten(one_line(text), _BRIEF)


def cells(text: str) -> int:
    """Give the columns that a terminal needs for visible text."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def shorten(text: str, width: int) -> str:
    """Cut visible text to a number of columns, an ellipsis at its end."""
    if cells(text) <= width:
        return text
    kept: list[str] = []
    room = width - 1
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def _shown(character: str) -> str:
    if character in {"\n", "\t", _JOINER}:
        return character
    if unicodedata.category(character) not in _HARMFUL:
        return character
    code = ord(character)
    if code < 0x100:  # noqa: PLR2004 - the last of two hexadecimal digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def _cells(character: str) -> int:
    if unicodedata.combining(character) or character == _JOINER:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
