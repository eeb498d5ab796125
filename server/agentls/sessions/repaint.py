"""A terminal's state written as escape sequences, for a viewer that comes late.

What is written begins by undoing whatever the viewer's terminal was set to; it
asks nothing and rings no bell. The viewer's terminal must have the session's size;
then it shows what a terminal shows that has been there from the start.
"""

import attrs

from agentls.sessions.drawing import Pen, draw_last_column, draw_rows, printable
from agentls.sessions.snapshot import Charsets, Mode, Row, SavedCursor, Screen, State

__all__ = ["repaint"]

# The mouse's modes stand first: many terminals keep one state for all of them.
_SWITCHES = (
    (Mode.MOUSE_X10, b"?9"),
    (Mode.MOUSE_NORMAL, b"?1000"),
    (Mode.MOUSE_BUTTON, b"?1002"),
    (Mode.MOUSE_ANY, b"?1003"),
    (Mode.MOUSE_UTF8, b"?1005"),
    (Mode.MOUSE_SGR, b"?1006"),
    (Mode.MOUSE_URXVT, b"?1015"),
    (Mode.MOUSE_PIXELS, b"?1016"),
    (Mode.FOCUS, b"?1004"),
    (Mode.PASTE, b"?2004"),
    (Mode.CURSOR_KEYS, b"?1"),
    (Mode.REVERSE_COLORS, b"?5"),
    (Mode.REVERSE_WRAP, b"?45"),
    (Mode.COLOR_SCHEME, b"?2031"),
    (Mode.LINE_FEED, b"20"),
)
# A user's terminal may have these as the user likes: written only where the program
# has changed them.
_TASTES = (
    (Mode.BACKARROW, b"?67"),
    (Mode.MOUSE_SCROLL, b"?1007"),
    (Mode.NUM_LOCK, b"?1035"),
    (Mode.ALT_PREFIX, b"?1036"),
    (Mode.ALT_ESCAPE, b"?1039"),
)

# Switched off and never on: switching it on asks the terminal for a report, which
# would be taken for something that the viewer has typed.
_SIZE_REPORTS_OFF = b"\x1b[?2048l"

# A program that used one of these without 1049 leaves by the same.
_ALTERNATES = ((Mode.ALTERNATE_1047, b"?1047"), (Mode.ALTERNATE_47, b"?47"))

_NO_KEYBOARD = b"\x1b[<99u\x1b[=0;1u"
_SET_NAMES = (b"B", b"B", b"A", b"0")
_SET_SLOTS = (b"(", b")", b"*", b"+")
_LEFT = (b"\x0f", b"\x0e", b"\x1bn", b"\x1bo")
_RIGHT = (b"", b"\x1b~", b"", b"\x1b|")
_SINGLE = (b"", b"", b"", b"\x1bN", b"\x1bO")
_SHAPES = (5, 1, 3, 1)
"""By the cursor's shape, the number of its blinking form; the steady one is next."""


def repaint(state: State) -> bytes:
    """Write all of the state, with as much history as it was read with."""
    primary, shown = state.screens[0], state.shown
    parts = [
        _reset(),
        # Before anything is drawn: it says how wide joined characters are.
        b"\x1b[?2027h" if state.modes & Mode.GRAPHEMES else b"",
        draw_rows(_to_draw(primary), cols=state.cols),
    ]
    if state.alternate:
        parts += [
            _keyboard(primary.keyboard),
            _to_alternate(primary, state=state),
            draw_rows(_to_draw(shown), cols=state.cols),
        ]
    parts += [
        _tabs(state.tabs),
        _region(state),
        _switches(state),
        _names(state),
        _keyboard(shown.keyboard),
        _saved(shown.saved, state=state) if shown.saved else b"",
        _cursor(shown, state=state),
        state.unfinished,
    ]
    return b"".join(parts)


def _reset() -> bytes:
    """End what is under way, set all back, leave an empty primary screen."""
    return b"".join(
        (
            b"\x18\x1b\\\x1b[?2026h\x1b[?25l",
            _NO_KEYBOARD,  # each screen has its own
            b"\x1b[?1049l\x1b[?47l",
            _NO_KEYBOARD,
            b"\x1b[>4m",
            b"".join(b"\x1b[%bl" % number for _, number in _SWITCHES),
            _SIZE_REPORTS_OFF,
            b"\x1b[4l\x1b[?6l\x1b[?7h\x1b[?69l\x1b[r\x1b>",
            _charsets(Charsets()),
            b'\x1b[0m\x1b[0"q\x1b]8;;\x1b\\',
            b"\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\",
            b"\x1b[H\x1b[2J\x1b7",
        )
    )


def _to_draw(screen: Screen) -> tuple[Row, ...]:
    """Give the rows to draw: down to the last one that has something.

    A terminal with fewer rows than the session shows short output whole then. With
    history all are drawn: it's they that push it out above.
    """
    if screen.history:
        return screen.history + screen.rows
    count = len(screen.rows)
    while count and not screen.rows[count - 1].count:
        count -= 1
    return screen.rows[:count]


def _to_alternate(primary: Screen, *, state: State) -> bytes:
    """Change to the alternate screen, leaving the cursor where it comes back to."""
    saved = primary.saved
    for mode, number in _ALTERNATES:
        if state.modes & mode and not state.modes & Mode.ALTERNATE_1049:
            kept = b"" if saved is None else _saved(saved, state=state)
            return kept + b"\x1b[%bh\x1b[H\x1b[2J" % number
    back = saved or primary.cursor  # where 1049 leads back to
    return b"".join(
        (
            b"\x1b[%d;%dH" % (back.y + 1, back.x + 1),
            Pen().take(attrs.evolve(back.look, link=None)),
            _charsets(back.charsets),
            b"\x1b[?1049h",
            _plain(),
            b"\x1b[H\x1b[2J",
        )
    )


def _tabs(tabs: tuple[int, ...]) -> bytes:
    return b"\x1b[3g" + b"".join(b"\x1b[%dG\x1bH" % (col + 1) for col in tabs)


def _region(state: State) -> bytes:
    top, bottom, left, right = state.region
    out = b""
    if (top, bottom) != (0, state.rows - 1):
        out += b"\x1b[%d;%dr" % (top + 1, bottom + 1)
    if state.modes & Mode.MARGINS:
        out += b"\x1b[?69h\x1b[%d;%ds" % (left + 1, right + 1)
    return out


def _switches(state: State) -> bytes:
    modes = state.modes
    out = b"".join(b"\x1b[%bh" % number for mode, number in _SWITCHES if modes & mode)
    for mode, number in _TASTES:
        if (modes ^ state.defaults) & mode:
            out += b"\x1b[%b%b" % (number, b"h" if modes & mode else b"l")
    if modes & Mode.KEYPAD:
        out += b"\x1b="
    if state.modify_other_keys:
        out += b"\x1b[>4;2m"
    return out


def _names(state: State) -> bytes:
    """Write the title, the folder, and the colours that the program changed."""
    out = b""
    if state.title:
        out += b"\x1b]2;%b\x1b\\" % printable(state.title)
    if state.folder:
        out += b"\x1b]7;%b\x1b\\" % printable(state.folder)
    for index, color in state.palette.items():
        out += b"\x1b]4;%d;%b\x1b\\" % (index, _rgb(color))
    for number, color in (
        (10, state.foreground),
        (11, state.background),
        (12, state.cursor_color),
    ):
        if color is not None:
            out += b"\x1b]%d;%b\x1b\\" % (number, _rgb(color))
    return out


def _rgb(color: bytes) -> bytes:
    return b"rgb:%02x/%02x/%02x" % tuple(color)


def _keyboard(stack: tuple[int, ...]) -> bytes:
    first, *pushed = stack
    out = _NO_KEYBOARD
    if first:
        out += b"\x1b[=%d;1u" % first
    return out + b"".join(b"\x1b[>%du" % flags for flags in pushed)


def _saved(saved: SavedCursor, *, state: State) -> bytes:
    """Have the viewer's terminal keep a cursor as DECSC has."""
    return b"".join(
        (
            _position(saved.x, saved.y, origin=saved.origin, state=state),
            Pen().take(saved.look),
            _charsets(saved.charsets),
            b"\x1b7",
            b"\x1b[?6l" if saved.origin else b"",
            _plain(),
        )
    )


def _cursor(screen: Screen, *, state: State) -> bytes:
    cursor, modes = screen.cursor, state.modes
    pen = Pen()
    origin = bool(modes & Mode.ORIGIN)
    row = screen.rows[cursor.y]
    if cursor.wrap_pending and cursor.x == state.cols - 1 and not origin:
        out = draw_last_column(row, y=cursor.y, cols=state.cols, pen=pen)
    else:
        out = _position(cursor.x, cursor.y, origin=origin, state=state)
    out += pen.take(cursor.look)
    out += _charsets(cursor.charsets) + _SINGLE[cursor.charsets.single]
    shape = _SHAPES[cursor.shape] + (0 if modes & Mode.BLINK else 1)
    out += b"\x1b[%d q" % (0 if state.cursor_default else shape)
    if modes & Mode.INSERT:
        out += b"\x1b[4h"
    if not modes & Mode.WRAP:
        out += b"\x1b[?7l"
    if modes & Mode.VISIBLE:
        out += b"\x1b[?25h"
    if not modes & Mode.SYNCHRONIZED:
        out += b"\x1b[?2026l"
    return out


def _position(x: int, y: int, *, origin: bool, state: State) -> bytes:
    """Set the cursor; with `origin`, also the mode in which regions count."""
    if not origin:
        return b"\x1b[%d;%dH" % (y + 1, x + 1)
    top, _, left, _ = state.region
    left = left if state.modes & Mode.MARGINS else 0
    return b"\x1b[?6h\x1b[%d;%dH" % (max(0, y - top) + 1, max(0, x - left) + 1)


def _plain() -> bytes:
    return b'\x1b[0m\x1b[0"q' + _charsets(Charsets())


def _charsets(charsets: Charsets) -> bytes:
    out = b"".join(
        b"\x1b%b%b" % (slot, _SET_NAMES[chosen])
        for slot, chosen in zip(_SET_SLOTS, charsets.sets, strict=True)
    )
    return out + _LEFT[charsets.left] + _RIGHT[charsets.right]
