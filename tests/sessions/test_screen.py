"""Repaint, text and answers of a screen, with the emulator itself as the judge."""

import random
from collections.abc import Callable, Iterator

import pytest

from agentls.errors import AgentlsError
from agentls.sessions.screen import Colors, Screen, Unfinished
from agentls.sessions.snapshot import PLAIN, Cell, Mode, Row, State, read_snapshot

ROWS, COLS = 8, 20
CSI = "\x1b["

TEXTS = (
    *("hello", "x" * 7, "x" * 30, "日本語", "😀", "é", "e\u0301", "⚠️", "👩\u200d👧"),
    *("│─┐", " ", "a b  c", "\t", "\r\n", "\n", "\r", "\b"),
)
SEQUENCES = (
    *("\x1b7", "\x1b8", "\x1bM", "\x1bH", f"{CSI}g", f"{CSI}r", f"{CSI}0m", f"{CSI}<u"),
    *("\x1b(0lqk\x1b(B", "\x1b)0\x0eqqx\x0f", "\x1b)0", '\x1b[1"q', '\x1b[0"q'),
    *("\x1b]2;title\x07", "\x1b]7;file:///x\x07", "\x1b]4;3;#010203\x07"),
    *(
        "\x1b]11;#010203\x07",
        "\x1b]8;;http://e/1\x1b\\",
        "\x1b]8;id=a;http://e/2\x1b\\",
    ),
    *(
        "\x1b]8;;\x1b\\",
        f"{CSI}>4;2m",
        f"{CSI}58:2::1:2:3m",
        f"{CSI}4:3m",
        "\x1b=",
        "\x1b>",
    ),
)
NUMBERED = (
    *((f"{CSI}{{}}{final}", 3) for final in "LMPXSTJK@b"),
    (f"{CSI}3{{}}m", 7),
    (f"{CSI}4{{}}m", 7),
    (f"{CSI}9{{}}m", 7),
    (f"{CSI}{{}}m", 9),
    (f"{CSI}38;2;{{}};2;3m", 255),
    (f"{CSI}48;5;{{}}m", 255),
    (f"{CSI}{{}} q", 6),
    (f"{CSI}>{{}}u", 31),
    (f"{CSI}={{}};1u", 31),
    (f"{CSI}{{}};{ROWS}r", ROWS - 2),
)
MODES = (
    *("4", "20", "?1", "?5", "?7", "?9", "?12", "?25", "?45", "?66", "?1000", "?1002"),
    *("?1003", "?1004", "?1005", "?1006", "?1015", "?1016", "?2004", "?2026", "?2031"),
    *("?1049", "?1049", "?47", "?1047"),
)
ALTERNATES = Mode.ALTERNATE_47 | Mode.ALTERNATE_1047 | Mode.ALTERNATE_1049


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - output is made up, no secret


def some_output(chance: random.Random, *, pieces: int) -> bytes:
    """Make up output with all that a terminal understands."""

    def piece() -> str:
        kind = chance.random()
        if kind < 0.4:
            return chance.choice(TEXTS)
        if kind < 0.5:
            at = chance.randint(1, ROWS), chance.randint(1, COLS)
            return f"{CSI}{at[0]};{at[1]}H"
        if kind < 0.65:
            return chance.choice(SEQUENCES)
        if kind < 0.85:
            form, most = chance.choice(NUMBERED)
            return form.format(chance.randint(0, most))
        return CSI + chance.choice(MODES) + chance.choice("hl")

    return "".join(piece() for _ in range(pieces)).encode()


def cells(row: Row) -> list[object]:
    """Give what can be seen of a row."""

    def seen(cell: Cell) -> object:
        look = cell.look
        link = look.link.uri if look.link and cell.text else None
        text = "" if cell.text == " " and not any(look.style) else cell.text
        protected = look.protected and bool(text)
        return (
            None
            if (text, any(look.style)) == ("", False)
            else ((text, look.style, protected, link, cell.width))
        )

    found = [seen(cell) for cell in row.cells()]
    while found and found[-1] is None:
        found.pop()
    return found


def seen(state: State) -> dict[str, object]:
    """Give what a viewer can see, or will see later on."""
    shown = state.shown
    cursor, saved = shown.cursor, shown.saved
    found: dict[str, object] = {
        name: getattr(state, name)
        for name in (
            *("rows", "cols", "region", "tabs", "title", "folder", "background"),
            *("modify_other_keys", "alternate", "palette", "unfinished"),
        )
    }
    return found | {
        "modes": state.modes & ~ALTERNATES & ~Mode.BLINK & ~Mode.SIZE_REPORTS,
        "shape": None
        if state.cursor_default
        else (cursor.shape, state.modes & Mode.BLINK),
        "cursor": (cursor.x, cursor.y, cursor.wrap_pending, cursor.look.style),
        "charsets": [number or 1 for number in cursor.charsets.sets],
        "link": cursor.look.link and cursor.look.link.uri,
        # Where none was kept, restoring goes home, as with one kept there.
        "saved": (saved.x, saved.y, saved.look.style) if saved else (0, 0, PLAIN),
        "keyboard": shown.keyboard,
        "shown": [cells(row) for row in shown.rows],
        "primary": [cells(row) for row in state.screens[0].rows],
        "history": [cells(row) for row in state.screens[0].history],
    }


@pytest.fixture
def opened() -> Iterator[Callable[..., Screen]]:
    """Open screens, fed with something, and close them at the end."""
    screens: list[Screen] = []

    def make(*output: bytes, rows: int = ROWS, cols: int = COLS) -> Screen:
        screen = Screen(rows=rows, cols=cols)
        screens.append(screen)
        for piece in output:
            screen.feed(piece)
        return screen

    yield make
    for screen in screens:
        screen.close()


def state(screen: Screen, *, history: int = 50) -> State:
    return read_snapshot(screen.snapshot(), history=history)


@pytest.mark.parametrize("seed", range(40))
def test_a_late_viewer_knows_what_one_from_the_start_knows(opened, full, seed):
    for part in range(50 if full else 5):
        chance = seeded(seed * 1000 + part)
        output = some_output(chance, pieces=chance.choice((3, 10, 30, 120)))
        screen = opened(output[: chance.randint(0, len(output))])

        late = opened(screen.repaint())

        expected, found = seen(state(screen)), seen(state(late))
        assert found == expected, output


@pytest.mark.parametrize("seed", range(10))
def test_what_the_viewer_showed_before_is_gone(opened, seed):
    chance = seeded(seed)
    output = some_output(chance, pieces=20)
    screen = opened(output)
    dirty = opened(some_output(chance, pieces=60), b"\x1b[?1049h\x1b]0;unfin")

    dirty.feed(screen.repaint(history=0))

    assert dirty.text() == screen.text()
    assert seen(state(dirty))["cursor"] == seen(state(screen))["cursor"]
    assert seen(state(dirty))["modes"] == seen(state(screen))["modes"]


def test_a_repaint_asks_nothing_and_rings_no_bell(opened):
    for seed in range(50):
        screen = opened(some_output(seeded(seed), pieces=60))
        screen.feed(b"\x1b[?2048h\x18")
        late = opened(repaint := screen.repaint())
        assert late.replies() == b""
        assert b"\x07" not in repaint


def test_the_next_output_goes_on_where_a_sequence_or_character_was_cut(opened):
    for output in (b"\x1b[38;2;1;2;3mred", "日本".encode(), b"\x1b]2;name\x1b\\x"):
        for cut in range(1, len(output)):
            screen = opened(output[:cut])
            late = opened(screen.repaint(), output[cut:])
            screen.feed(output[cut:])
            assert seen(state(late)) == seen(state(screen)), cut


def test_leaving_the_alternate_screen_shows_the_primary_one_again(opened):
    screen = opened(b"$ vim\r\n\x1b[31m", b"\x1b[?1049h\x1b[2J\x1b[3;3Hfull screen")

    late = opened(screen.repaint(), b"\x1b[?1049l$ after")

    assert late.text()[:2] == ("$ vim", "$ after")
    assert late.title() == ""


def test_a_line_broken_by_the_width_alone_stays_one_line(opened):
    screen = opened(b"x" * 30 + b"\r\nshort\r\n" + "日".encode() * 21)

    late = opened(screen.repaint())

    screen.resize(rows=ROWS, cols=40)
    late.resize(rows=ROWS, cols=40)
    assert late.text() == screen.text()
    assert late.text()[0] == "x" * 30


def test_history_is_bounded_and_comes_above_the_screen(opened):
    screen = opened(b"".join(b"line %d\r\n" % number for number in range(300)))

    late = opened(screen.repaint(history=10))

    above = state(late).screens[0].history
    assert [row.text() for row in above] == [f"line {n}" for n in range(283, 293)]
    assert late.text() == screen.text()


def test_short_output_is_whole_in_a_terminal_with_fewer_rows(opened):
    screen = opened(b"one\r\ntwo\r\n", rows=24)

    late = opened(screen.repaint(), rows=6)

    assert late.text()[:3] == ("one", "two", "")
    assert state(late).shown.cursor.y == 2


def test_text_is_what_a_person_reads(opened):
    screen = opened("\x1b[1mbold\x1b[0m 日本 e\u0301 👩\u200d👧\r\n\tx  ".encode())
    assert screen.text()[:2] == ("bold 日本 e\u0301 👩\u200d👧", "        x")


def test_questions_are_answered_in_order_and_once(opened):
    screen = opened(b"ab\x1b[c\x1b]11;?\x07\x1b]7501;?ST\x1b\\\x1b[6n\x1b[5n\x1b[?u")

    assert screen.replies() == (
        b"\x1b[?62;22c\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b]7501;?\x1b\\"
        b"\x1b[1;3R\x1b[0n\x1b[?0u"
    )
    assert screen.replies() == b""


def test_colours_are_those_of_the_user():
    white = Colors(foreground=(0, 0, 0), background=(255, 255, 255))
    screen = Screen(rows=ROWS, cols=COLS, colors=white)
    screen.feed(b"\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b[?996n")
    assert screen.replies() == (
        b"\x1b]10;rgb:0000/0000/0000\x1b\\\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?997;2n"
    )
    screen.close()


def test_the_size_is_told(opened):
    screen = opened(b"\x1b[18t")
    screen.resize(rows=30, cols=100)
    screen.feed(b"\x1b[18t")
    assert screen.replies() == b"\x1b[8;8;20t\x1b[8;30;100t"


def test_a_snapshot_restores_all(opened):
    for seed in range(20):
        output = some_output(seeded(seed), pieces=80)
        screen = opened(output, b"\x1b[3")
        again = Screen.restored(screen.snapshot())
        for one in (screen, again):
            one.feed(b"1mgo on\x1b[6n")
        assert seen(state(again)) == seen(state(screen))
        assert again.replies() == screen.replies() != b""
        again.close()


def test_a_snapshot_that_is_torn_or_foreign_is_refused(opened):
    snapshot = opened(b"hello").snapshot()
    for wrong in (b"", b"junk", snapshot[:-1], snapshot[:200] + b"x" + snapshot[201:]):
        with pytest.raises(AgentlsError):
            Screen.restored(wrong)
        with pytest.raises(AgentlsError):
            read_snapshot(wrong[:200], history=0)


def test_inside_a_sequence_of_megabytes_there_is_no_snapshot(opened):
    screen = opened(b"before\x1b]52;c;", b"QUJD" * (1 << 19))
    with pytest.raises(Unfinished, match="very long"):
        screen.repaint()
    screen.feed(b"\x07 after")
    assert screen.text()[0] == "before after"


def test_any_bytes_are_taken(opened, full):
    for seed in range(200 if full else 20):
        noise = seeded(seed).randbytes(5000)
        screen = opened(noise)
        late = opened(screen.repaint())
        assert len(late.text()) == ROWS
        screen.resize(rows=1, cols=1)
        screen.feed(noise)
        screen.repaint()
