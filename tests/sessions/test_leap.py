"""Leaving out lines that nobody would see: the same screen, history and colours."""

import os
import random

import pytest

from agentls.sessions.leap import leap
from agentls.sessions.screen import HISTORY_LINES, Screen

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"

PIECES = (
    *(b"\r\n",) * 6,
    *(
        b"y",
        b"line of text",
        b"\tx",
        b"a\bb",
        b"\xe6\x97\xa5\xe6\x9c\xac",
        b"\r",
        b"\n",
    ),
    *(b"\x1b[31m", b"\x1b[0m", b"\x1b[1;4;48;2;1;2;3m", b"\x1b[m", b"x" * 200),
)


def stream(seed: int, *, count: int) -> bytes:
    chosen = random.Random(seed)  # noqa: S311 - a stream that comes again
    return b"".join(chosen.choice(PIECES) for _ in range(count))


@pytest.mark.parametrize("seed", range(20 if FULL else 3))
@pytest.mark.parametrize(
    "before", [b"", b"\x1b[7mtext", b"\x1b7\x1b[5;5H\x1b(0", b"\x1b[4h"]
)
def test_the_screen_is_the_same_as_if_all_was_drawn(seed, before):
    data = stream(seed, count=30_000)
    drawn, leapt = Screen(rows=10, cols=40), Screen(rows=10, cols=40)
    for screen in (drawn, leapt):
        screen.feed(before)
    drawn.feed(data)
    leapt.catch_up(data)
    assert leapt.text() == drawn.text()
    assert leapt.repaint(history=HISTORY_LINES) == drawn.repaint(history=HISTORY_LINES)
    assert len(leap(data, lines=1000) or data) < len(data)


@pytest.mark.parametrize(
    "before",
    [b"\x1b[?1049h", b"\x1b[2;5r", b"\x1b[?69h\x1b[3;9s", b"\x1b]0;half a title"],
)
def test_a_screen_that_does_not_scroll_as_a_whole_is_fed_all(before):
    data = stream(1, count=30_000)
    drawn, leapt = Screen(rows=10, cols=40), Screen(rows=10, cols=40)
    for screen in (drawn, leapt):
        screen.feed(before)
    drawn.feed(data)
    leapt.catch_up(data)
    assert leapt.repaint() == drawn.repaint()


STRANGE = (
    *(b"\x1b[2J", b"\x1b[5;5H", b"\x1bM", b"\x1b[?25l", b"\x1b[c", b"\x05", b"\x0e"),
    *(b"\xc2\x9b1m", b"\x1b]0;t\x07", b"\x1b[31", b"\x18", b"\x00", b"\x7f", b"\x0c"),
)


@pytest.mark.parametrize("strange", STRANGE)
def test_anything_but_text_and_colours_is_drawn(strange):
    lines = b"line\r\n" * 1000
    assert leap(lines + strange + b"\r\n" + lines, lines=100) is None
    assert leap(lines * 2, lines=100) is not None


def test_too_few_lines_are_drawn():
    assert leap(b"line\r\n" * 50, lines=100) is None
    assert leap(b"x" * 100_000, lines=100) is None
