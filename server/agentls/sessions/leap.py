"""Catching up with a flood of lines without drawing them all.

Of megabytes of plain lines a terminal shows the last ones. Where the output has
nothing but text, line ends and colours, it is enough to draw those, in the colours
that are set where they begin.
"""

import re

__all__ = ["leap"]

_TEXT = bytes({7, 8, 9, 10, 13, *range(0x20, 0x7F), *range(0x80, 0x100)})
_COLORS = re.compile(rb"\x1b\[[0-9;:]*m")
_OTHER_SEQUENCE = re.compile(rb"\x1b(?!\[[0-9;:]*m)")
_CONTROL_AS_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
_LINE_END = b"\r\n"


def leap(data: bytes, *, lines: int) -> bytes | None:
    """Give what draws the same last `lines` lines, and how it goes on, as the data.

    For a terminal on its primary screen that scrolls as a whole, and that holds no
    more than `lines` lines. None where nothing would be won, or the data has more
    than text and colours.
    """
    last = data.rfind(_LINE_END)
    if last < 0:
        return None
    begin = last
    # From the end, since most of the data is never looked at line by line.
    for _ in range(lines):
        begin = data.rfind(b"\n", 0, begin)
        if begin < 0:
            return None
    begin = data.rfind(_LINE_END, 0, begin)  # the cursor is in the first column there
    if begin <= 0 or not _is_plain(data[: last + 2]):
        return None
    skipped = data[:begin]
    reset = max(skipped.rfind(b"\x1b[0m"), skipped.rfind(b"\x1b[m"), 0)
    return b"".join(_COLORS.findall(skipped, reset)) + data[begin:]


def _is_plain(data: bytes) -> bool:
    strange = data.translate(None, _TEXT)
    if strange.count(b"\x1b") != len(strange):
        return False
    return not (
        (strange and _OTHER_SEQUENCE.search(data)) or _CONTROL_AS_UTF8.search(data)
    )
