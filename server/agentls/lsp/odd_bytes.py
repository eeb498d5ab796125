"""Text with bytes that are no UTF-8, for clients whose JSON can't hold it.

A file's name may have any bytes. Those that are no UTF-8 go through Python, and over
the wire, as lone low surrogates (U+DC80 to U+DCFF), which many readers of JSON refuse:
Neovim's throws the whole message away. A client that says so by
`initializationOptions.oddBytes = "private"` is told, and tells us, U+10FE80 to U+10FEFF
instead: private characters that nothing else is known to use.
"""

import re
from typing import Any

__all__ = ["readable", "restored"]

_SHIFT = 0x10FE00 - 0xDC00
_SURROGATES = re.compile("[\udc80-\udcff]")
_PRIVATE = re.compile(f"[{chr(0x10FE80)}-{chr(0x10FEFF)}]")


def readable(value: Any) -> Any:
    """Give a JSON value with private characters in place of lone surrogates."""
    return _shifted(value, _SURROGATES, _SHIFT)


def restored(value: Any) -> Any:
    """Give a JSON value as it was before `readable`."""
    return _shifted(value, _PRIVATE, -_SHIFT)


def _shifted(value: Any, pattern: re.Pattern[str], by: int) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        return pattern.sub(lambda found: chr(ord(found[0]) + by), value)
    if isinstance(value, dict):
        return {name: _shifted(item, pattern, by) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shifted(item, pattern, by) for item in value]
    return value
