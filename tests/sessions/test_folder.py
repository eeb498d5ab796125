from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls.model import SessionId
from agentls.sessions.folder import (
    claim,
    read_address,
    read_exit,
    read_gaps,
    read_grids,
    read_meta,
    segments,
    socket_name,
    write_address,
)

META = "version 1\nboot abc\nshim 12 345\nagent 13 346\nend\n"
EXIT = "version 1\nstatus 3\nsignal 0\nsize 77\nended 1700000000.5\nerror \nend\n"


def test_meta_names_both_processes(tmp_path: Path):
    (tmp_path / "meta").write_text(META)
    meta = read_meta(tmp_path)

    assert meta.version == 1
    assert meta.shim == ("abc", 12, "345")
    assert meta.agent == ("abc", 13, "346")


def test_exit_is_read_with_its_time(tmp_path: Path):
    (tmp_path / "exit").write_text(EXIT)
    record = read_exit(tmp_path)

    assert (record.exit.status, record.exit.signal, record.size) == (3, None, 77)
    assert record.exit.ended.timestamp() == 1700000000.5


@pytest.mark.parametrize("at", range(0, len(EXIT) - 1, 7))
def test_a_torn_file_reads_as_absent(tmp_path: Path, at: int):
    (tmp_path / "exit").write_text(EXIT[:at])
    (tmp_path / "meta").write_text(META[: min(at, len(META) - 2)])

    assert read_exit(tmp_path) is None
    assert read_meta(tmp_path) is None


@given(st.binary(max_size=200))
def test_forged_files_raise_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
):
    folder = tmp_path_factory.mktemp("forged")
    for name in ("meta", "exit"):
        (folder / name).write_bytes(b"version 1\nshim 1 2\n" + data + b"\nend\n")
    for name in ("gaps", "grids"):
        (folder / name).write_bytes(data)

    read_meta(folder)
    read_exit(folder)
    read_gaps(folder)
    read_grids(folder)


@pytest.mark.parametrize(
    "line", ["ended 1e300", "ended nan", "size x", "status 99999999999999999999 1"]
)
def test_an_exit_with_an_impossible_value_is_none(tmp_path: Path, line: str):
    name = line.partition(" ")[0]
    lines = [line if one.startswith(name) else one for one in EXIT.splitlines()]
    (tmp_path / "exit").write_text("\n".join(lines) + "\n")

    assert read_exit(tmp_path) is None


def test_a_folder_in_a_files_place_is_absent(tmp_path: Path):
    (tmp_path / "meta").mkdir()

    assert read_meta(tmp_path) is None


def test_only_names_of_segments_are_segments(tmp_path: Path):
    for name in ("log.5", "log." + "0" * 20, "log." + "x" * 20, "log"):
        (tmp_path / name).touch()

    assert segments(tmp_path) == (0,)


def test_the_address_is_written_over_in_place(tmp_path: Path):
    write_address(tmp_path, address=tmp_path / "a-rather-long-name-to-begin-with")
    inode = (tmp_path / "address").stat()
    write_address(tmp_path, address=tmp_path / "short")

    assert read_address(tmp_path) == tmp_path / "short"
    assert (tmp_path / "address").stat().st_ino == inode.st_ino
    assert (tmp_path / "address").stat().st_size == inode.st_size


def test_a_claim_is_given_once(tmp_path: Path):
    assert claim(tmp_path)
    assert not claim(tmp_path)


def test_a_sockets_name_is_short_for_any_id():
    assert len(socket_name(SessionId("x" * 500))) <= 24
