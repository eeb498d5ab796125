"""Lines are found again after edits around, in and above them."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from agentls.git.edits import Edit
from agentls.git.repository import find_repository
from agentls.model import Lines
from agentls.review.placing import Place, Spot, follow, follow_lines

TEN = "".join(f"line {number}\n" for number in range(1, 11))


def _edit(old: int, gone: int, new: int, come: int) -> Edit:
    return Edit(old_start=old, old_count=gone, new_start=new, new_count=come)


@pytest.mark.parametrize(
    ("edits", "lines", "expected", "intact"),
    [
        ([], (4, 6), (4, 6), True),
        ([_edit(0, 0, 1, 2)], (4, 6), (6, 8), True),  # put in above
        ([_edit(3, 0, 4, 1)], (4, 6), (5, 7), True),  # right above
        ([_edit(6, 0, 7, 5)], (4, 6), (4, 6), True),  # right below
        ([_edit(4, 0, 5, 2)], (4, 6), (4, 8), True),  # between them
        ([_edit(1, 2, 0, 0)], (4, 6), (2, 4), True),  # taken away above
        ([_edit(4, 1, 4, 3)], (4, 6), (4, 8), False),  # the first was rewritten
        ([_edit(2, 3, 2, 1)], (4, 6), (3, 4), False),  # from above into them
        ([_edit(4, 3, 3, 0)], (4, 6), (3, 3), False),  # all gone
        ([_edit(1, 9, 0, 0)], (1, 9), None, False),  # and nothing above
        ([_edit(2, 8, 2, 2)], (4, 6), (2, 3), False),  # rewritten with the rest
    ],
)
def test_what_becomes_of_lines_by_edits(edits, lines, expected, intact):
    first, last = lines
    place = expected and Lines(first=expected[0], last=expected[1])
    assert follow_lines(edits, Lines(first=first, last=last)) == (place, intact)


@pytest.fixture
def repo(tmp_path: Path, git, monkeypatch, home):
    monkeypatch.setenv("HOME", home.environ["HOME"])
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


@pytest.fixture
def commit(repo: Path, git) -> Callable[..., str]:
    def make(files: dict[bytes, str | bytes]) -> str:
        for path in repo.iterdir():
            if path.name != ".git":
                path.unlink()
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (repo / Path(name.decode("utf-8", "surrogateescape"))).write_bytes(data)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", "x")
        return git(repo, "rev-parse", "HEAD")

    return make


async def _followed(
    repo: Path, old: str, new: str, path: bytes, first: int, last: int
) -> Place:
    spot = Spot(path=path, lines=Lines(first=first, last=last))
    (place,) = await follow(await find_repository(repo), [spot], old=old, new=new)
    return place


async def test_a_renamed_file_is_followed(repo, commit):
    old = commit({b"a": TEN, b"b": "other\n"})
    new = commit({b"new\xff name": "top\n" + TEN, b"b": "other\n"})
    place = await _followed(repo, old, new, b"a", 3, 4)
    assert (place.path, place.lines) == (b"new\xff name", Lines(first=4, last=5))
    assert place.intact


async def test_a_file_that_is_gone_has_no_lines(repo, commit):
    old = commit({b"a": TEN})
    new = commit({b"b": "quite another\n"})
    place = await _followed(repo, old, new, b"a", 3, 4)
    assert (place.path, place.lines, place.intact) == (b"a", None, False)


async def test_lines_that_were_moved_within_the_file_are_followed(repo, commit):
    lines = TEN.splitlines(keepends=True)
    moved = "".join([*lines[:2], *lines[5:], *lines[2:5]])
    old, new = commit({b"a": TEN}), commit({b"a": moved})
    place = await _followed(repo, old, new, b"a", 3, 5)
    assert (place.lines, place.intact) == (Lines(first=8, last=10), True)


async def test_a_line_that_stood_elsewhere_before_is_not_taken_for_a_moved_one(
    repo, commit
):
    old = commit({b"a": "return\nb\nc\nreturn\nd\n"})
    new = commit({b"a": "return\nb\nc\nraise\nd\n"})
    place = await _followed(repo, old, new, b"a", 4, 4)
    assert (place.lines, place.intact) == (Lines(first=4, last=4), False)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_binary_marks_and_line_ends_are_no_obstacle(repo, commit, end):
    text = TEN.replace("\n", end)
    old = commit({b"a": b"\0" + text.encode(), b".gitattributes": "a -diff\n"})
    changed = b"\0" + text.encode().replace(b"line 2", b"0" + end.encode() + b"2")
    new = commit({b"a": changed, b".gitattributes": "a -diff\n"})
    place = await _followed(repo, old, new, b"a", 5, 6)
    assert (place.lines, place.intact) == (Lines(first=6, last=7), True)


async def test_every_line_is_found_where_its_text_is_now(repo, commit):
    """Random files of distinct lines, some taken out, some put in."""
    draw = random.Random(4)  # noqa: S311 - a test's cases
    for _ in range(8):
        before = [f"old {number}" for number in range(draw.randint(1, 40))]
        after: list[str] = []
        for line in before:
            after += [f"new {draw.random()}"] * (draw.random() < 0.2)
            after += [line] * (draw.random() < 0.7)
        old = commit({b"f": "\n".join(before) + "\n"})
        new = commit({b"f": "\n".join(after) + "\n" * bool(after)})
        spots = [
            Spot(path=b"f", lines=Lines(first=number, last=number))
            for number in range(1, len(before) + 1)
        ]
        places = await follow(await find_repository(repo), spots, old=old, new=new)
        for line, place in zip(before, places, strict=True):
            assert place.intact == (line in after)
            if place.intact:
                assert place.lines is not None
                assert after[place.lines.first - 1] == line
            elif after:
                assert place.lines is not None
                assert 1 <= place.lines.last <= len(after)
