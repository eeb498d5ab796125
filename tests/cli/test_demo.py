"""`agentls demo`: it holds what it claims, and leaves nothing behind."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agentls.cli import traces
from agentls.cli.demo_work import edited_file, expected_output


@pytest.fixture
def place(user: Any) -> Path:
    """Give the folder in which the demo makes its own."""
    path = user.folder / "t"
    path.mkdir()
    user.environment["TMPDIR"] = str(path)
    return path


def test_every_claim_holds_and_nothing_is_left(user: Any, place: Path):
    before = user.git("rev-parse", "HEAD")
    said = user.call("demo", "--repo", str(user.repository))
    for claim in (
        "killed the daemon",
        "found all 3 tasks",
        "rival: all 50 lines",
        "conflicts with main",
        "is restored",
        "no process is left",
        "no file is left",
        "agentls run",
    ):
        assert claim in said
    assert list(place.iterdir()) == []
    assert not (user.folder / "state" / "daemon.json").exists()
    assert user.git("status", "--porcelain") == ""
    assert user.git("rev-parse", "HEAD") == before
    assert user.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.full
def test_it_works_from_a_detached_checkout_with_no_text_file(user: Any, place: Path):
    user.git("rm", "-q", "README.md")
    (user.repository / "binary").write_bytes(b"\0\1\2")
    user.git("add", "-A")
    user.git("commit", "-qm", "Nothing to read")
    user.git("switch", "-q", "--detach")
    assert "All of it held" in user.call("demo", "--repo", str(user.repository))
    assert list(place.iterdir()) == []


@pytest.mark.full
def test_keep_keeps_the_folder_and_no_process(user: Any, place: Path):
    said = user.call("demo", "--keep", "--repo", str(user.repository))
    (folder,) = place.iterdir()
    assert str(folder) in said
    assert (folder / "state" / "daemon.log").exists()
    assert traces.processes_of(folder) == ()


def test_without_a_repository_it_says_what_to_do(user: Any):
    said = user.call("demo", "--repo", str(user.folder), status=1)
    assert "git repository with a commit, and found none" in said
    assert "--repo" in said


@pytest.mark.full
def test_an_interrupted_demo_leaves_nothing(user: Any, place: Path):
    playing = user.popen("demo", "--repo", str(user.repository))
    lines = iter(playing.stdout.readline, b"")
    assert any(b"step 2 of" in line for line in lines)
    playing.send_signal(signal.SIGINT)
    playing.communicate(timeout=60)
    assert playing.returncode == 130
    assert list(place.iterdir()) == []
    assert traces.processes_of(place) == ()


@pytest.mark.full
def test_a_claim_that_does_not_hold_fails_it(user: Any, place: Path):
    # A git whose status always tells of a change: the checkout isn't untouched then.
    tools = user.folder / "tools"
    tools.mkdir()
    fake = tools / "git"
    real = subprocess.run(
        ["which", "git"], capture_output=True, check=True, text=True
    ).stdout.strip()
    fake.write_text(
        f'#!/bin/sh\n{real} "$@" || exit\n'
        '[ "$*" != "status --porcelain" ] || echo "?? forgotten"\n'
    )
    fake.chmod(0o755)
    user.environment["PATH"] = f"{tools}:{user.environment['PATH']}"
    said = user.call("demo", "--repo", str(user.repository), status=1)
    assert "doesn't hold that main and the checkout are untouched" in said
    assert list(place.iterdir()) == []


def test_the_readme_is_edited_rather_than_another_file(user: Any):
    (user.repository / "AAA.txt").write_text("first by name\n")
    user.git("add", "-A")
    assert edited_file(user.repository) == "README.md"


def test_the_expected_output_ends_lines_as_a_terminal_does():
    assert expected_output("notes").startswith(b"writing, step 1 of 50\r\n")


def test_processes_are_found_and_ended_by_their_folder(tmp_path: Path):
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as process:
        found = traces.processes_of(tmp_path)
        assert [one.pid for one in found] == [process.pid]
        assert not traces.all_gone(found, within=0.05)
        traces.end_all(found)
        assert traces.all_gone(found, within=30)
    assert traces.processes_of(tmp_path) == ()
