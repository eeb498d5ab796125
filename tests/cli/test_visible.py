"""Text of others can't drive the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls.cli.visible import cells, one_line, shorten, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 猫", "naïve 猫"),
        ("a\x1b]52;c;Zm9v\x07b", "a\\x1b]52;c;Zm9v\\x07b"),
        ("rm \u202etxt.exe", "rm \\u202etxt.exe"),
        ("c1 \x9b2J", "c1 \\x9b2J"),
        ("odd \udcff", "odd \\udcff"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("lines\n\tstay", "lines\n\tstay"),
        ("over\rwritten", "over\\x0dwritten"),
    ],
)
def test_what_a_terminal_would_act_upon_becomes_visible(text: str, shown: str):
    assert visible(text) == shown


@given(st.text())
def test_no_text_keeps_a_control_character(text: str):
    shown = visible(text)
    assert not any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0
        for character in shown.replace("\n", "").replace("\t", "")
    )


def test_one_line_joins_lines():
    assert one_line("  first\n\n second\t third ") == "first second third"


def test_wide_characters_count_twice_and_combining_ones_not_at_all():
    assert cells("abc") == 3
    assert cells("猫") == 2
    assert cells("e\u0301") == 1


@given(st.text(alphabet="ab猫é\u0301"), st.integers(1, 20))
def test_shortened_text_fits(text: str, width: int):
    short = shorten(text, width)
    assert cells(short) <= width
    assert short == text or short.endswith("…")
