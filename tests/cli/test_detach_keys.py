"""The detach keys are found however they come, and all else reaches the agent."""

import pytest

from agentls.cli.detach_keys import DetachKeys, leaving
from agentls.errors import InvalidParams


def typed(spec: str, *pieces: bytes) -> tuple[bytes, bool]:
    keys = DetachKeys(spec)
    passed = b""
    for piece in pieces:
        found = keys.feed(piece)
        passed += found.data
        if found.detach:
            return passed, True
    return passed, False


def test_the_default_detaches_and_passes_what_came_before():
    assert typed("ctrl-b d", b"abc\x02dnever") == (b"abc", True)


def test_the_keys_may_come_in_two_pieces():
    assert typed("ctrl-b d", b"abc\x02", b"d") == (b"abc", True)


def test_another_key_after_the_prefix_lets_both_through():
    assert typed("ctrl-b d", b"\x02x") == (b"\x02x", False)


def test_the_prefix_twice_reaches_the_agent_once():
    assert typed("ctrl-b d", b"\x02\x02d") == (b"\x02d", False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[98;5u\x1b[100u",
        b"\x1b[98;5ud",
        b"\x1b[98;5:1u\x1b[98;5:3u\x1b[100;1:1u",
        b"\x1b[27;5;98~d",
    ],
)
def test_other_encodings_of_the_keys_are_known(data: bytes):
    assert typed("ctrl-b d", b"x" + data) == (b"x", True)


def test_control_and_the_second_key_is_another_key():
    assert typed("ctrl-b d", b"\x02\x04") == (b"\x02\x04", False)


@pytest.mark.parametrize(
    ("spec", "data"),
    [
        ("ctrl-\\", b"\x1c"),
        ("^]", b"\x1d"),
        ("C-a q", b"\x01q"),
        ("ctrl-p ctrl-q", b"\x10\x11"),
    ],
)
def test_the_keys_can_be_chosen(spec: str, data: bytes):
    assert typed(spec, data) == (b"", True)


def test_none_is_never_found():
    assert typed("none", b"\x02d\x1c") == (b"\x02d\x1c", False)


def test_pasted_text_and_utf_8_pass_unharmed():
    text = "\x1b[200~naïve 猫\n\x1b[201~".encode() + bytes(range(0x80, 0x100))
    assert typed("ctrl-b d", text) == (text, False)


@pytest.mark.parametrize("spec", ["", "ctrl-", "ctrl-1", "hyper-x", "ab"])
def test_what_names_no_keys_is_refused(spec: str):
    with pytest.raises(InvalidParams) as refused:
        DetachKeys(spec)
    assert "ctrl-b d" in refused.value.hint


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "ctrl-b d leaves"),
        ({"AGENTLS_DETACH_KEYS": "ctrl-a q"}, "ctrl-a q leaves"),
        ({"AGENTLS_DETACH_KEYS": "none"}, ""),
        ({"TMUX": "x"}, "ctrl-b d leaves; in tmux ctrl-b ctrl-b d"),
        ({"TMUX": "x", "AGENTLS_DETACH_KEYS": "ctrl-a q"}, "ctrl-a q leaves"),
    ],
)
def test_how_to_leave_is_said_before_it_is_needed(environ: dict[str, str], said: str):
    assert leaving(environ) == said
