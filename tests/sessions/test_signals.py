"""What a program's output tells besides its text."""

import pytest

from agentls.sessions.signals import Rule, Scanner, ScreenJudge, rules_of

RULES = (
    Rule(source="osc", key="busy", code=7501, patterns=("^state=working",)),
    Rule(source="osc", key="rest", code=7501, patterns=("^state=(?:done|idle)",)),
    Rule(source="title", key="title", patterns=("(?P<name>\\w+) Ready",)),
    Rule(source="bell", key="bell"),
)

OUTPUT = (
    b"text\x1b[31m\x1b]7501;state=working:app=x\x1b\\more"
    b"\x1b]7501;state=working\x07"  # said again
    b"\x1b]0;it Ready\x07\x1b]2;it Ready\x1b\\"
    b"\x1b]7501;state=done\x1b\\\x1b]7501;state=idle\x07"  # one rest, told twice
    b"\x07\x1b]8;;http://x\x1b\\\x1b]9;other\x07"
)
FOUND = [(0, {}), (2, {"name": "it"}), (1, {}), (3, {})]


def found(pieces):
    scanner = Scanner(RULES)
    end = 0
    signals = []
    for piece in pieces:
        end += len(piece)
        signals += scanner.feed(piece, end=end)
    return signals


def test_sequences_titles_and_bells_are_told_once():
    signals = found([OUTPUT])
    assert [(one.rule, one.groups) for one in signals] == FOUND


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_output_may_be_cut_anywhere(size):
    whole = found([OUTPUT])
    pieces = [OUTPUT[at : at + size] for at in range(0, len(OUTPUT), size)]
    assert found(pieces) == whole


def test_a_flood_of_bells_is_one():
    scanner = Scanner(RULES)
    (bell,) = scanner.feed(b"\x07" * 100_000, end=100_000)
    assert (bell.source, bell.offset) == ("bell", 100_000)


def test_an_offset_leads_behind_what_was_told():
    for signal in found([OUTPUT]):
        rest = OUTPUT[signal.offset :]
        assert OUTPUT[: signal.offset].endswith((b"\x07", b"\\"))
        assert not rest.startswith(b"\\")


def test_a_sequence_without_end_takes_no_memory():
    scanner = Scanner(RULES)
    for end in range(1 << 16, 1 << 20, 1 << 16):
        assert not [*scanner.feed(b"\x1b]7501;" + b"x" * 65529, end=end)]
    assert len(scanner._rest) <= 1 << 16


SCREEN = (
    Rule(source="screen", key="0", patterns=("esc to interrupt",)),
    Rule(source="screen", key="1", patterns=("^> $",), seconds=2.0),
    Rule(source="dialog", key="ask", patterns=("Run (?P<what>.+)\\?", "1. Yes")),
)


def test_of_a_screen_the_first_rule_that_fits_is_told_and_then_each_change():
    judge = ScreenJudge(SCREEN)
    judge.see("nothing", offset=1, now=0.0)
    assert [(one.source, one.rule) for one in judge.due(now=0.0)] == [("dialog", None)]
    judge.see("esc to interrupt\n> ", offset=2, now=1.0)
    assert [one.rule for one in judge.due(now=1.0)] == [0]
    judge.see("still: esc to interrupt\n> ", offset=3, now=2.0)
    assert not [*judge.due(now=2.0)]
    judge.see("Run ls?\n1. Yes\nesc to interrupt", offset=4, now=3.0)
    (dialog,) = judge.due(now=3.0)
    assert (dialog.source, dialog.rule, dialog.groups) == ("dialog", 2, {"what": "ls"})
    judge.see("Run rm?\n1. Yes\nesc to interrupt", offset=5, now=4.0)
    assert [one.groups for one in judge.due(now=4.0)] == [{"what": "rm"}]
    judge.see("esc to interrupt", offset=6, now=5.0)
    assert [(one.source, one.rule) for one in judge.due(now=5.0)] == [("dialog", None)]


def test_what_must_stand_for_a_while_is_told_when_it_has():
    judge = ScreenJudge(SCREEN)
    judge.see("> ", offset=1, now=0.0)
    assert [one.source for one in judge.due(now=0.0)] == ["dialog"]
    assert judge.next_due() == 2.0
    judge.see("> ", offset=2, now=1.0)
    assert not [*judge.due(now=1.5)]
    assert [one.rule for one in judge.due(now=2.0)] == [1]
    judge.see("else", offset=3, now=3.0)
    judge.see("> ", offset=4, now=3.5)
    assert not [*judge.due(now=4.0)]


def test_rules_are_read_as_they_were_sent():
    assert rules_of([rule.encode() for rule in RULES]) == RULES
