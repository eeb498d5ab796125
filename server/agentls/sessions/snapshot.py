"""The emulator's snapshots, read: a terminal's whole state as plain values.

The form is that of Ghostty's snapshots, version 1, of the library that is pinned
(src/terminal/snapshot in its sources). It holds both screens, the lines above the
primary one, saved cursors, modes, and the bytes of a sequence that is under way.
"""

import enum
import struct
from collections.abc import Mapping

import attrs

from agentls.errors import AgentlsError

__all__ = [
    "PLAIN",
    "Cell",
    "Charsets",
    "Cursor",
    "Link",
    "Look",
    "Mode",
    "Page",
    "Row",
    "SavedCursor",
    "Screen",
    "SnapshotUnknown",
    "State",
    "read_snapshot",
]

_MAGIC = b"GHOSTSNP\x01\x00"
_TERMINAL, _SCREEN, _PAGE, _HISTORY, _READY, _FINISH, _CONTINUATION = range(1, 8)

_UNITS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_WIDTHS = (1, 2, 0, 1)

PLAIN = bytes(16)
"""The style of a cell that has none."""


class SnapshotUnknown(AgentlsError):
    """A snapshot is torn, or another version of the library wrote it."""


class Mode(enum.IntFlag):
    """The modes of a terminal that a repaint sets, by their bits."""

    INSERT = 1 << 1
    LINE_FEED = 1 << 3
    CURSOR_KEYS = 1 << 4
    REVERSE_COLORS = 1 << 7
    ORIGIN = 1 << 8
    WRAP = 1 << 9
    MOUSE_X10 = 1 << 11
    BLINK = 1 << 12
    VISIBLE = 1 << 13
    REVERSE_WRAP = 1 << 15
    ALTERNATE_47 = 1 << 16
    KEYPAD = 1 << 17
    BACKARROW = 1 << 18
    MARGINS = 1 << 19
    MOUSE_NORMAL = 1 << 20
    MOUSE_BUTTON = 1 << 21
    MOUSE_ANY = 1 << 22
    FOCUS = 1 << 23
    MOUSE_UTF8 = 1 << 24
    MOUSE_SGR = 1 << 25
    MOUSE_SCROLL = 1 << 26
    MOUSE_URXVT = 1 << 27
    MOUSE_PIXELS = 1 << 28
    NUM_LOCK = 1 << 29
    ALT_PREFIX = 1 << 30
    ALT_ESCAPE = 1 << 31
    ALTERNATE_1047 = 1 << 33
    ALTERNATE_1049 = 1 << 35
    PASTE = 1 << 36
    SYNCHRONIZED = 1 << 37
    GRAPHEMES = 1 << 38
    COLOR_SCHEME = 1 << 39
    SIZE_REPORTS = 1 << 41


@attrs.frozen(kw_only=True)
class Link:
    """Where a hyperlink leads."""

    id: bytes
    uri: bytes


@attrs.frozen(kw_only=True)
class Look:
    """How a cell is drawn, beside its character."""

    style: bytes = PLAIN
    """As the snapshot has it: three colours of four bytes, and flags."""
    protected: bool = False
    link: Link | None = None


@attrs.frozen(kw_only=True)
class Cell:
    """What stands in one column, or in two for a wide character."""

    text: str = ""
    """Its characters; empty where nothing was written or all was erased."""
    look: Look = Look()
    """How it is drawn; of an erased one only the background."""
    width: int = 1
    head: bool = False
    """The place at a line's end where a wide character had no room."""


@attrs.frozen(kw_only=True)
class Page:
    """Rows that share their styles and hyperlinks."""

    styles: Mapping[int, bytes]
    links: Mapping[int, Link]
    joined: Mapping[tuple[int, int], str]
    """What is joined to the first character of a cell, by row and column."""
    cells: dict[int, Cell] = attrs.field(factory=dict[int, Cell], eq=False, repr=False)
    """The cells met so far by how they are encoded: most of them come again."""


@attrs.frozen(kw_only=True)
class Row:
    """One line of a screen, its cells still encoded."""

    page: Page
    index: int
    wraps: bool
    """The line goes on in the next row."""
    continues: bool
    """The line began in a row before."""
    unit: int
    """Bytes that a cell is encoded in."""
    data: bytes

    @property
    def count(self) -> int:
        """How many columns have something in them, counted from the left."""
        return len(self.data) // self.unit

    def text(self) -> str:
        """Give the row's characters without the blanks at its end."""
        return "".join(
            cell.text or " " for cell in self.cells() if not cell.head
        ).rstrip(" ")

    def cells(self) -> list[Cell]:
        """Give the cells from the left, those that are empty at the end left out."""
        words = struct.unpack(f"<{self.count}{_UNITS[self.unit]}", self.data)
        known, page = self.page.cells, self.page
        made: list[Cell] = []
        for col, word in enumerate(words):
            key = word << 2 | self.unit >> 2  # the units 1 and 2 say the same
            cell = known.get(key)
            if cell is None:
                cell = known[key] = _cell(page, word, unit=self.unit)
            if cell.width == 0:  # the right half of the one before
                continue
            if page.joined and (joined := page.joined.get((self.index, col))):
                cell = attrs.evolve(cell, text=cell.text + joined)
            made.append(cell)
        return made


@attrs.frozen(kw_only=True)
class Charsets:
    """The character sets, and which of them are in use."""

    sets: tuple[int, int, int, int] = (0, 0, 0, 0)
    """For G0 to G3: 0 and 1 ASCII, 2 British, 3 line drawing."""
    left: int = 0
    right: int = 2
    single: int = 0
    """One more than the set of the next character alone; 0 for none."""


@attrs.frozen(kw_only=True)
class SavedCursor:
    """What DECSC has kept."""

    x: int
    y: int
    look: Look
    wrap_pending: bool
    origin: bool
    charsets: Charsets


@attrs.frozen(kw_only=True)
class Cursor:
    """Where the next character goes, and how it will look."""

    x: int
    y: int
    shape: int
    """0 bar, 1 block, 2 underline, 3 hollow block."""
    wrap_pending: bool
    look: Look
    charsets: Charsets


@attrs.frozen(kw_only=True)
class Screen:
    """One of the two screens."""

    cursor: Cursor
    saved: SavedCursor | None
    keyboard: tuple[int, ...]
    """The stack of the keyboard protocol's flags, the last one in force."""
    rows: tuple[Row, ...]
    history: tuple[Row, ...]
    """The lines above, oldest first, as many as were asked for."""


@attrs.frozen(kw_only=True)
class State:
    """All that a terminal knows."""

    rows: int
    cols: int
    region: tuple[int, int, int, int]
    """Top, bottom, left and right of the scrolling region, counted from 0."""
    modes: Mode
    defaults: Mode
    cursor_default: bool
    """The program has asked for no shape of the cursor."""
    modify_other_keys: bool
    tabs: tuple[int, ...]
    palette: Mapping[int, bytes]
    """Colours that the program has changed."""
    background: bytes | None
    foreground: bytes | None
    cursor_color: bytes | None
    title: bytes
    folder: bytes
    alternate: bool
    """The alternate screen is shown."""
    screens: tuple[Screen, ...]
    """The primary screen, and the alternate one if there is one."""
    unfinished: bytes
    """The beginning of a sequence or character whose rest is still to come."""

    @property
    def shown(self) -> Screen:
        """The screen that is seen."""
        return self.screens[1 if self.alternate else 0]


def read_snapshot(data: bytes, *, history: int) -> State:
    """Read a snapshot with at most `history` lines above the primary screen.

    Raises `SnapshotUnknown` for what isn't one.
    """
    try:
        return _read_state(_Source(data), history=history)
    except (struct.error, IndexError, ValueError, KeyError, UnicodeError) as error:
        raise SnapshotUnknown(
            f"The screen's snapshot can't be read: {error}.",
            hint="It is made again from the session's log.",
        ) from error


class _Source:
    """Takes values from the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise ValueError("it is torn")
        self.at += size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def sized(self) -> bytes:
        return self.take(self.number(4))

    def unpack(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def record(self, tag: int) -> "_Source":
        """Take a record of that kind; its checksum is looked at by the library."""
        found, size, _ = self.unpack("<HII")
        if found != tag:
            raise ValueError(f"a record of kind {found} stands in place of {tag}")
        return _Source(self.take(size))


@attrs.frozen(kw_only=True)
class _Head:
    """A screen's record, before its rows are known."""

    key: int
    cursor: Cursor
    saved: SavedCursor | None
    keyboard: tuple[int, ...]
    rows: list[Row]


def _read_state(source: _Source, *, history: int) -> State:
    if source.take(len(_MAGIC)) != _MAGIC:
        raise ValueError("it has another form")
    terminal = source.record(_TERMINAL)
    cols, rows, _, _ = terminal.unpack("<HHII")
    region = terminal.unpack("<4H")
    terminal.take(1)
    active, count, _ = terminal.unpack("<HHI")
    cursor_default, _, _, _, modify = terminal.unpack("<5B")
    terminal.take(5)
    modes, _, defaults = terminal.unpack("<3Q")
    background, foreground, cursor_color = (_dynamic(terminal) for _ in range(3))
    terminal.take(16)
    tabs = _bits(terminal.take((cols + 7) // 8))
    terminal.take(3 * 256)
    palette = {index: terminal.take(3) for index in _bits(terminal.take(32))}
    folder, title = terminal.sized(), terminal.sized()

    heads = sorted((_read_screen(source) for _ in range(count)), key=lambda h: h.key)
    unfinished = source.record(_CONTINUATION).data
    source.record(_READY)
    above = _read_history(source, wanted=max(0, history)) if history else []
    screens: list[Screen] = []
    for head in heads:
        if len(head.rows) < rows:
            raise ValueError("rows are missing")
        earlier = above + head.rows[:-rows] if head.key == 0 else []
        screens.append(
            Screen(
                cursor=head.cursor,
                saved=head.saved,
                keyboard=head.keyboard,
                rows=tuple(head.rows[-rows:]),
                history=tuple(earlier[-history:]) if history else (),
            )
        )
    return State(
        rows=rows,
        cols=cols,
        region=(region[0], region[1], region[2], region[3]),
        modes=Mode(modes),
        defaults=Mode(defaults),
        cursor_default=bool(cursor_default),
        modify_other_keys=bool(modify),
        tabs=tabs,
        palette=palette,
        background=background,
        foreground=foreground,
        cursor_color=cursor_color,
        title=title,
        folder=folder,
        alternate=bool(active),
        screens=tuple(screens),
        unfinished=unfinished,
    )


def _dynamic(source: _Source) -> bytes | None:
    source.take(4)
    changed, color = source.number(1), source.take(3)
    return color if changed else None


def _bits(data: bytes) -> tuple[int, ...]:
    return tuple(i for i in range(len(data) * 8) if data[i // 8] >> (i % 8) & 1)


def _read_screen(source: _Source) -> _Head:
    record = source.record(_SCREEN)
    key, pages, _, x, y, shape, flags = record.unpack("<HHQHHBB")
    style = record.take(16)
    record.take(4)
    charsets = _charsets(record.number(2))
    record.take(1)
    index, keyboard = record.number(1), tuple(record.take(8))
    record.take(2)
    saved = _saved_cursor(record) if record.number(1) else None
    rows: list[Row] = []
    for _ in range(pages):
        rows += _read_page(source.record(_PAGE))
    return _Head(
        key=key,
        cursor=Cursor(
            x=x,
            y=y,
            shape=shape,
            wrap_pending=bool(flags & 1),
            look=Look(style=style, protected=bool(flags & 2), link=_link(record)),
            charsets=charsets,
        ),
        saved=saved,
        keyboard=keyboard[: index + 1],
        rows=rows,
    )


def _saved_cursor(record: _Source) -> SavedCursor:
    x, y = record.unpack("<HH")
    style = record.take(16)
    flags = record.number(1)
    return SavedCursor(
        x=x,
        y=y,
        look=Look(style=style, protected=bool(flags & 1)),
        wrap_pending=bool(flags & 2),
        origin=bool(flags & 4),
        charsets=_charsets(record.number(2)),
    )


def _charsets(raw: int) -> Charsets:
    return Charsets(
        sets=(raw & 3, raw >> 2 & 3, raw >> 4 & 3, raw >> 6 & 3),
        left=raw >> 8 & 3,
        right=raw >> 10 & 3,
        single=raw >> 12 & 7,
    )


def _link(source: _Source) -> Link | None:
    match source.number(1):
        case 0:
            return None
        case 1:
            # Cells of one link belong together, also where it was named by nobody.
            return Link(id=b"agentls-%d" % source.number(4), uri=source.sized())
        case _:
            return Link(id=source.sized(), uri=source.sized())


def _read_history(source: _Source, *, wanted: int) -> list[Row]:
    """Give the primary screen's older rows, oldest first, at least those wanted."""
    pages: list[list[Row]] = []
    while True:
        key, count = source.record(_HISTORY).unpack("<HI")
        for _ in range(count):
            record = source.record(_PAGE)  # the newest page comes first
            if key == 0 and sum(map(len, pages)) < wanted:
                pages.append(_read_page(record))
        if key == 0:
            return [row for page in reversed(pages) for row in page]


def _read_page(source: _Source) -> list[Row]:
    _, rows, styles, links = source.unpack("<4H")
    source.take(2 + 2 + 4 + 4)
    style_of = {0: PLAIN}
    for _ in range(styles):
        number = source.number(2)
        style_of[number] = source.take(16)
    link_of: dict[int, Link] = {}
    for _ in range(links):
        number = source.number(2)
        if found := _link(source):
            link_of[number] = found
    encoded: list[tuple[int, int, bytes]] = []
    for _ in range(rows):
        flags, count = source.unpack("<BH")
        unit = 1 << (flags >> 4 & 3)
        encoded.append((flags, unit, source.take(count * unit)))
    joined: dict[tuple[int, int], str] = {}
    for _ in range(source.number(4)):
        row, col, count = source.unpack("<3H")
        joined[row, col] = source.take(4 * count).decode("utf-32-le")
    page = Page(styles=style_of, links=link_of, joined=joined)
    return [
        Row(
            page=page,
            index=index,
            wraps=bool(flags & 1),
            continues=bool(flags & 2),
            unit=unit,
            data=data,
        )
        for index, (flags, unit, data) in enumerate(encoded)
    ]


def _cell(page: Page, word: int, *, unit: int) -> Cell:
    """Read a cell, as yet without what is joined to it."""
    if unit < 4:  # noqa: PLR2004 - a character and nothing else
        return Cell(text=chr(word) if word else "")
    style = page.styles[word >> 26 & 0xFFFF]
    kind, content = word & 3, word >> 2 & 0xFFFFFF
    text = ""
    if kind == 2:  # erased, with a colour of the palette  # noqa: PLR2004
        style = bytes((0, 0, 0, 0, 1, content, 0, 0)) + bytes(8)
    elif kind == 3:  # erased, with any colour  # noqa: PLR2004
        style = bytes((0, 0, 0, 0, 2)) + content.to_bytes(3, "little") + bytes(8)
    elif content or style != PLAIN:  # half of a wide one that was written over
        text = chr(content or 0x20)
    return Cell(
        text=text,
        look=Look(
            style=style,
            protected=bool(word >> 44 & 1),
            link=page.links.get(word >> 48),
        ),
        width=_WIDTHS[word >> 42 & 3],
        head=word >> 42 & 3 == 3,  # noqa: PLR2004
    )
