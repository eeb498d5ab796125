"""What terminals answer by themselves, and what looks like it and was typed."""

import pytest

from agentls.sessions.terminal_answers import TerminalAnswers


@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b[?62;22c",
        b"\x1b[>1;10;0c",
        b"\x1bP!|00000000\x1b\\",
        b"\x1b[0n",
        b"\x1b[?12;40R",
        b"\x1b[?1u",
        b"\x1b[?2026;2$y",
        b"\x1b[4;1$y",
        b"\x1b[8;24;80t",
        b"\x1b[?997;1n",
        b"\x1b]10;rgb:d4d4/d4d4/d4d4\x1b\\",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        b"\x1b]7501;?\x1b\\",
        b"\x1bP>|xterm(390)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b]l a title\x1b\\",
    ],
)
def test_an_answer_is_left_out(answer):
    assert TerminalAnswers().leave_out(b"a" + answer + b"b") == b"ab"


@pytest.mark.parametrize(
    "typed",
    [
        b"text",
        b"\x1b",
        b"\x1b[A",
        b"\x1bOP",
        b"\x1b[1;2R",  # shifted F3
        b"\x1b[15;5~",
        b"\x1b[97;5u",
        b"\x1b[<0;10;10M",
        b"\x1b[M !!",
        b"\x1b[I\x1b[O",
        b"\x1b]",
        b"\x1bP",
        b"\x1bx\x1b_",
        b"\x1b[200~pasted \x1b[?62c \x1b]10;x\x07\x1b[201~",
        "\x1b[200~日本語\x1b[201~".encode(),
    ],
)
def test_what_a_person_does_is_kept(typed):
    assert TerminalAnswers().leave_out(typed) == typed


def test_a_position_is_an_answer_only_when_it_was_asked_for():
    answers = TerminalAnswers()
    answers.shown("text \x1b[6n and \x1b[6n")
    assert answers.leave_out(b"\x1b[1;2R") == b""
    assert answers.leave_out(b"\x1b[9;80Rx") == b"x"
    assert answers.leave_out(b"\x1b[1;2R") == b"\x1b[1;2R"


def test_a_paste_in_pieces_is_kept_whole():
    answers = TerminalAnswers()
    pieces = [
        b"\x1b[200~one \x1b[0n",
        b" two \x1b[0n ",
        b"\x1b[0n end\x1b[201~\x1b[0n.",
    ]
    kept = b"".join(answers.leave_out(piece) for piece in pieces)
    assert kept == b"\x1b[200~one \x1b[0n two \x1b[0n \x1b[0n end\x1b[201~."
    assert answers.leave_out(b"\x1b[0n") == b""
