"""Sequences are found over the borders of pieces; replays ask and ring nothing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls.sessions.escapes import PlainText, ReplayFilter

_PARTS = [
    b"text",
    b"\xe7\x8c\xab",
    b"\r\n",
    b"\n",
    b"\x1b[1;31m",
    b"\x1b[?1049h",
    b"\x1b]0;a title\x07",
    b"\x1b]8;;http://example.invalid\x1b\\",
    b"\x1bP1;2qsixel\x1b\\",
    b"\x1b(B",
    b"\x1b7",
    b"\x1b=",
]

_ASKING = [
    b"\x1b[c",
    b"\x1b[>c",
    b"\x1b[>0;1c",
    b"\x1b[6n",
    b"\x1b[?996n",
    b"\x1b[?2026$p",
    b"\x1b[>q",
    b"\x1b[?u",
    b"\x1b[18t",
    b"\x1b[?2;1;0S",
    b"\x1b]11;?\x07",
    b"\x1b]4;1;?\x1b\\",
    b"\x1b]52;c;?\x07",
    b"\x1b]7501;?\x1b\\",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1bZ",
    b"\x05",
    b"\x07",
    b"\x1b]52;c;Zm9v\x07",
    b"\x1b]9;done\x07",
    b"\x1b]777;notify;a;b\x1b\\",
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(at)]


def replayed(parts: list[bytes]) -> bytes:
    kept = ReplayFilter()
    return b"".join(kept.feed(part) for part in parts) + kept.end()


def plain(parts: list[bytes]) -> bytes:
    text = PlainText()
    return b"".join(text.feed(part) for part in parts) + text.end()


@given(st.lists(st.sampled_from(_PARTS)), st.lists(st.integers(0, 500)))
def test_a_replay_keeps_what_only_draws(parts: list[bytes], cuts: list[int]):
    data = b"".join(parts)
    assert replayed(pieces(data, cuts)) == data


@given(st.lists(st.sampled_from([*_PARTS, *_ASKING])), st.lists(st.integers(0, 500)))
def test_a_replay_drops_what_asks_or_rings(parts: list[bytes], cuts: list[int]):
    data = b"".join(parts)
    wanted = b"".join(part for part in parts if part not in _ASKING)
    assert replayed(pieces(data, cuts)) == wanted


@pytest.mark.parametrize("sequence", _ASKING)
def test_each_question_is_dropped(sequence: bytes):
    assert replayed([b"a" + sequence + b"b"]) == b"ab"


@pytest.mark.parametrize(
    "sequence", [b"\x1b[22;0t", b"\x1b[2S", b"\x1b[5c"[:3] + b"C", b"\x1b]2;x\x07"]
)
def test_what_looks_like_a_question_stays(sequence: bytes):
    assert replayed([sequence]) == sequence


def test_an_unfinished_sequence_is_given_at_the_end():
    assert replayed([b"text\x1b[3"]) == b"text\x1b[3"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[1mbold\x1b[m\r\n", b"bold\n"),
        (b"10%\r20%\rdone\r\n", b"10%\n20%\ndone\n"),
        (b"a\r\r\nb", b"a\nb"),
        (b"\x1b]0;title\x07hello\tworld", b"hello\tworld"),
        (b"stray\x1b\x1b[0m esc", b"stray esc"),
        (b"bell\x07 back\x08", b"bell back"),
        (b"end\r", b"end\n"),
        (b"\xe7\x8c\xab", b"\xe7\x8c\xab"),
    ],
)
def test_plain_text_keeps_the_text_alone(data: bytes, text: bytes):
    assert plain([data]) == text
    assert plain([data[i : i + 1] for i in range(len(data))]) == text


_NOISE = st.lists(
    st.sampled_from([bytes([code]) for code in b"\x1b\x1b[]P\\?;05cn$p\x07\r\n a"]),
    max_size=40,
).map(b"".join)


@given(_NOISE | st.binary(), st.lists(st.integers(0, 500)))
def test_any_bytes_are_cut_the_same_however_they_come(data: bytes, cuts: list[int]):
    assert plain(pieces(data, cuts)) == plain([data])
    assert replayed(pieces(data, cuts)) == replayed([data])


@given(_NOISE | st.binary())
def test_plain_text_never_drives_a_terminal(data: bytes):
    assert not set(plain([data])) & {*range(0x09), *range(0x0B, 0x20), 0x7F}
