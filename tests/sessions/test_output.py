"""What a session wrote, read back as text."""

from pathlib import Path

from agentls.sessions.output import last_text


def _log(folder: Path, data: bytes, *, at: int = 0) -> None:
    (folder / f"log.{at:020}").write_bytes(data)


def test_escape_sequences_are_left_out_and_each_drawing_is_a_line(tmp_path):
    _log(tmp_path, b"\x1b[31mred\x1b[0m\r\n10%\r20%\r\n\xc3\xbc\xff\n")
    assert last_text(tmp_path, size=100) == "red\n10%\n20%\nü\ufffd\n"


def test_the_last_bytes_are_given_over_segments(tmp_path):
    _log(tmp_path, b"one\ntwo\n")
    _log(tmp_path, b"three\n", at=8)
    assert last_text(tmp_path, size=10) == "two\nthree\n"
    assert last_text(tmp_path, size=6) == "three\n"


def test_what_was_let_go_is_no_obstacle(tmp_path):
    _log(tmp_path, b"late\n", at=1000)
    assert last_text(tmp_path, size=100) == "late\n"


def test_a_session_without_output_said_nothing(tmp_path):
    assert last_text(tmp_path, size=100) == ""
    assert last_text(tmp_path / "gone", size=100) == ""
