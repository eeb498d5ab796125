"""Text is found as a person read it, wherever a log's pieces are cut."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls.errors import InvalidParams
from agentls.sessions import searching
from agentls.sessions.folder import segment_path
from agentls.sessions.searching import Hit, Matcher, search


def make(sessions: Path, name: str, data: bytes, *, begun: int = 1) -> Path:
    folder = sessions / name
    folder.mkdir()
    (folder / "claim").touch()
    os.utime(folder / "claim", (begun, begun))
    segment_path(folder, offset=0).write_bytes(data)
    return folder


def find(
    sessions: Path,
    pattern: str,
    *,
    fixed: bool = False,
    ignore_case: bool = False,
    **more: object,
) -> list[Hit]:
    matcher = Matcher(pattern, fixed=fixed, ignore_case=ignore_case)
    return [hit for hit in search(sessions, matcher, **more) if hit is not None]


def texts(hits: list[Hit]) -> list[str]:
    return [hit.text for hit in hits]


@pytest.mark.parametrize(
    ("data", "pattern", "text"),
    [
        (b"\x1b[31mer\x1b[32mror\x1b[m: bad\r\n", "error", "error: bad"),
        (b"a\x1b]8;;http://x.invalid\x07link\x1b]8;;\x07 b\n", "a link"[2:], "alink b"),
        (b"one\x1b[1Ctwo\n", "one two", "one two"),
        (b"N\x08Na\x08am\x08me\x08e\n", "^Name$", "Name"),
        (b"helk\x08lo\n", "hello", "hello"),
        ("naïvx\x08e 猫\r\n".encode(), "naïve 猫", "naïve 猫"),
        (b"x\x07bell\x00\n", "xbell", "xbell"),
        (b"\x1b[5;5Hfive\x1b[1;1Hone", "^one$", "one"),
        (b"unfinished", "fin", "unfinished"),
        (b"\xff\xfeodd\n", "odd", "\ufffd\ufffdodd"),
        (b"tab\there\n", "tab\\there", "tab\there"),
    ],
)
def test_what_was_read_is_found(tmp_path: Path, data: bytes, pattern: str, text: str):
    make(tmp_path, "a-1", data)
    assert texts(find(tmp_path, pattern)) == [text]


def test_a_progress_line_is_one_hit_with_what_remained(tmp_path: Path):
    make(tmp_path, "a-1", b"load 10%\rload 50%\rload 100%\r\nnext\r\nload again\r\n")
    hits = find(tmp_path, "load")
    assert texts(hits) == ["load 100%", "load again"]
    assert [hit.line for hit in hits] == [1, 3]


def test_a_screen_drawn_again_and_again_is_one_hit(tmp_path: Path):
    frame = b"\x1b[1;1Hworking\x1b[2;1Hstep\x1b[1;1H"
    make(tmp_path, "a-1", frame * 5000)
    assert texts(find(tmp_path, "step")) == ["step"]


def test_a_hit_tells_where_it_is(tmp_path: Path):
    data = b"zero\r\n\x1b[1mone\x1b[m two\r\nthree two\r\n"
    make(tmp_path, "a-1", data)
    first, second = find(tmp_path, "two")
    assert (first.line, first.offset, first.spans) == (2, 6, ((4, 7),))
    assert (second.line, data[second.offset :]) == (3, b"three two\r\n")


def test_expressions_fixed_text_and_case(tmp_path: Path):
    make(tmp_path, "a-1", b"a.b\r\nAxB\r\naxb\r\n")
    assert texts(find(tmp_path, "a.b")) == ["a.b", "axb"]
    assert texts(find(tmp_path, "a.b", fixed=True)) == ["a.b"]
    assert texts(find(tmp_path, "a.b", ignore_case=True)) == ["a.b", "AxB", "axb"]
    assert texts(find(tmp_path, r"\Aaxb\Z")) == ["axb"]
    assert texts(find(tmp_path, r"b(?!\s)")) == ["a.b", "axb"]
    with pytest.raises(InvalidParams, match="no regular expression"):
        find(tmp_path, "(")
    assert texts(find(tmp_path, "(", fixed=True)) == []


def test_the_newest_session_comes_first_and_tasks_can_be_named(tmp_path: Path):
    make(tmp_path, "old-1", b"here old", begun=1)
    make(tmp_path, "new-1", b"here new", begun=3)
    make(tmp_path, "mid-2", b"here mid", begun=2)
    (tmp_path / "never-1").mkdir()
    assert texts(find(tmp_path, "here")) == ["here new", "here mid", "here old"]
    assert texts(find(tmp_path, "here", tasks=frozenset({"mid"}))) == ["here mid"]


def test_a_search_goes_on_where_it_stopped(tmp_path: Path):
    make(tmp_path, "a-1", b"".join(b"hit %d\r\n" % n for n in range(50)), begun=2)
    make(tmp_path, "b-1", b"\x1b[1;1Hhit a\x1b[2;1Hhit b\r\nhit c\r\n", begun=1)
    everything = find(tmp_path, "hit")
    assert len(everything) == 53
    for hit in (everything[0], everything[30], everything[49], everything[50]):
        at = everything.index(hit)
        rest = find(tmp_path, "hit", after=(hit.session, hit.end, hit.next_line))
        assert rest == everything[at + 1 :]


def test_gaps_and_let_go_beginnings_are_passed(tmp_path: Path):
    folder = make(tmp_path, "a-1", b"")
    segment_path(folder, offset=0).unlink()
    segment_path(folder, offset=100).write_bytes(b"one hit\nhalf hi")
    segment_path(folder, offset=500).write_bytes(b"t not\nlast hit\n")
    hits = find(tmp_path, "hit")
    assert [(hit.text, hit.offset) for hit in hits] == [
        ("one hit", 100),
        ("last hit", 506),
    ]


_WORDS = st.sampled_from(
    [
        b"needle",
        b"\x1b[1m",
        b"\x1b[38;5;200m",
        b"n",
        b" ",
        b"\r\n",
        b"\xe7\x8c\xab",
        b"x",
    ]
)


@given(parts=st.lists(_WORDS, max_size=60), piece=st.integers(8, 40))
def test_the_same_lines_are_found_however_the_log_is_cut(
    parts: list[bytes], piece: int, tmp_path_factory: pytest.TempPathFactory
):
    sessions = tmp_path_factory.mktemp("s")
    data = b"".join(parts)
    make(sessions, "a-1", data)
    whole = find(sessions, "needle")
    shown = re.sub(rb"\x1b\[[0-9;]*m", b"", data).decode().split("\r\n")
    assert texts(whole) == [line for line in shown if "needle" in line]
    longest = max(map(len, data.split(b"\n"))) + 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_PIECE", max(piece, longest))
        assert find(sessions, "needle") == whole
