"""Rows of a screen as the sequences that draw them, and the pen that draws."""

import functools

from agentls.sessions.snapshot import PLAIN, Cell, Link, Look, Row

__all__ = ["Pen", "draw_last_column", "draw_rows", "printable"]

_ATTRIBUTES = (
    (0, b";1"),
    (2, b";2"),
    (1, b";3"),
    (3, b";5"),
    (4, b";7"),
    (5, b";8"),
    (6, b";9"),
    (7, b";53"),
)
_PLAIN_LOOK = Look()
_SHORT_GAP = 4

# Characters of which every terminal knows the width. Where they differ (emoji,
# joined characters, symbols), the column is set anew behind them.
_SURE_NARROW = (
    range(0x20, 0x300),
    range(0x370, 0x483),
    range(0x2010, 0x2028),
    range(0x2500, 0x25A0),
    range(0x2800, 0x2900),
)
_SURE_WIDE = (
    range(0x3041, 0x3097),
    range(0x30A0, 0x3100),
    range(0x4E00, 0xA000),
    range(0xAC00, 0xD7A4),
)


class Pen:
    """How the viewer's terminal draws just now; gives what has to change it."""

    def __init__(self) -> None:
        self.look = _PLAIN_LOOK

    def take(self, look: Look) -> bytes:
        """Give what makes the terminal draw like this."""
        before, self.look = self.look, look
        out = b"" if look.style == before.style else _sgr(look.style)
        if look.protected != before.protected:
            out += b'\x1b[1"q' if look.protected else b'\x1b[0"q'
        return out if look.link == before.link else out + _hyperlink(look.link)

    def plain(self) -> bytes:
        """Give what makes the terminal draw plainly."""
        return self.take(_PLAIN_LOOK)


def draw_rows(rows: tuple[Row, ...], *, cols: int) -> bytes:
    """Draw rows downwards from the cursor's; the first ones scroll out above.

    Lines that were broken by the terminal's width alone stay one line.
    """
    out = bytearray()
    pen = Pen()
    open_end = False
    for number, row in enumerate(rows):
        cells = row.cells()
        joined = open_end and row.continues and bool(cells and cells[0].text)
        if number and not joined:
            out += pen.plain() + b"\r\n"
        elif joined and rows[number - 1].cells()[-1].head:
            out += b"\x1b[%dG" % cols  # where a wide character has no room
        col = _draw(cells, out, pen=pen, cols=cols, joined=joined)
        # Only a character in the last column makes the terminal go on by itself.
        open_end = row.wraps and col == cols and bool(cells[-1].text or cells[-1].head)
    return bytes(out + pen.plain())


def draw_last_column(row: Row, *, y: int, cols: int, pen: Pen) -> bytes:
    """Draw what is in the last column again: the next character then wraps."""
    cells = row.cells()
    cell = cells[-1] if row.count == cols else Cell()
    return b"\x1b[%d;%dH" % (y + 1, cols - cell.width + 1) + (
        pen.take(cell.look) + (cell.text or " ").encode("utf-8", "replace")
    )


def printable(text: bytes) -> bytes:
    """Leave out what would end, or begin, a sequence."""
    return bytes(
        byte
        for byte in text
        if byte >= 0x20 and byte != 0x7F  # noqa: PLR2004
    )


def _draw(
    cells: list[Cell], out: bytearray, *, pen: Pen, cols: int, joined: bool
) -> int:
    """Draw a row's cells from its first column on; give the column behind them."""
    col = 0
    at: int | None = 0  # the viewer's own column; None when nobody can be sure
    index, count = 0, len(cells)
    while index < count:
        cell = cells[index]
        index += 1
        look = cell.look
        if not cell.text and look.style == PLAIN:
            col += 1
            continue
        if at != col:
            if at is not None and pen.look is _PLAIN_LOOK and col - at <= _SHORT_GAP:
                out += b" " * (col - at)
            else:
                out += b"\x1b[%dG" % (col + 1)
            at = col
        if look is not pen.look:
            out += pen.take(look)
        if cell.text:
            utf8, sure = _encoded(cell.text, cell.width)
            out += utf8
            col += cell.width
            at = col if sure else None
            if joined and col < cols and look.style[4]:
                # It began a new line, which was filled with its background.
                out += pen.plain() + b"\x1b[K"
            joined = False
            continue
        begin = col
        col += 1
        while index < count and cells[index] == cell:
            col += 1
            index += 1
        out += b"\x1b[K" if col >= cols else b"\x1b[%dX" % (col - begin)
    return col


@functools.lru_cache(maxsize=4096)
def _encoded(text: str, width: int) -> tuple[bytes, bool]:
    """Give the characters' bytes, and whether every terminal knows their width."""
    sure = len(text) == 1 and any(
        ord(text) in known for known in (_SURE_WIDE if width > 1 else _SURE_NARROW)
    )
    return text.encode("utf-8", "replace"), sure


@functools.lru_cache(maxsize=4096)
def _sgr(style: bytes) -> bytes:
    """Give the sequence for a style as a snapshot has it."""
    flags = int.from_bytes(style[12:14], "little")
    out = b"".join(number for bit, number in _ATTRIBUTES if flags >> bit & 1)
    underline = flags >> 8 & 7
    if underline:
        out += b";4" if underline == 1 else b";4:%d" % underline
    out += _color(style[0:4], basic=30, bright=90, full=b";38")
    out += _color(style[4:8], basic=40, bright=100, full=b";48")
    # With colons: a terminal that doesn't know it leaves out the whole of it.
    match style[8]:
        case 1:
            out += b";58:5:%d" % style[9]
        case 2:
            out += b";58:2::%d:%d:%d" % tuple(style[9:12])
        case _:
            pass
    return b"\x1b[0%bm" % out


def _color(color: bytes, *, basic: int, bright: int, full: bytes) -> bytes:
    kind, first = color[0], color[1]
    if kind == 0:
        return b""
    if kind == 2:  # noqa: PLR2004
        return full + b";2;%d;%d;%d" % tuple(color[1:4])
    if first < 8:  # noqa: PLR2004
        return b";%d" % (basic + first)
    if first < 16:  # noqa: PLR2004
        return b";%d" % (bright + first - 8)
    return full + b";5;%d" % first


def _hyperlink(link: Link | None) -> bytes:
    if link is None:
        return b"\x1b]8;;\x1b\\"
    return b"\x1b]8;id=%b;%b\x1b\\" % (printable(link.id), printable(link.uri))
