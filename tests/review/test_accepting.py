"""States with some hunks of a change: what is taken, and what is left of it."""

import itertools
import random
from typing import Any

import pytest

from agentls.errors import Internal, InvalidState
from agentls.git.changes import changed_files
from agentls.git.hunks import Hunk, HunkKind, hunks_of
from agentls.model import HunkId
from agentls.review.accepting import check_separable, choose, splice, with_kept


def _text(name: str) -> str:
    return "".join(f"{name} line {number}\n" for number in range(1, 31))


def _change(sandbox: Any, *edits: tuple[str, str], name: str, to: str = "") -> None:
    text = (sandbox.root / name).read_text()
    for old, new in edits:
        text = text.replace(old, new)
    (sandbox.root / name).unlink()
    sandbox.write(to or name, text)


@pytest.fixture
def change(sandbox: Any) -> tuple[str, str]:
    """Give base and tip of a change with every kind of hunk."""
    for name in ("edited", "moved", "source", "script"):
        sandbox.write(name, _text(name))
    sandbox.write("gone", "gone\n")
    sandbox.write("folder", "becomes one\n")
    sandbox.write("bin", b"\0one")
    base = sandbox.commit()
    twice = ("line 5\n", "LINE 5\n"), ("line 25\n", "LINE 25\n")
    _change(sandbox, *twice, name="edited")
    _change(sandbox, *twice, name="moved", to="to/where")
    _change(sandbox, *twice, name="script")
    (sandbox.root / "script").chmod(0o755)
    text = (sandbox.root / "source").read_text()
    sandbox.write("copy", text.replace("line 5\n", "COPY 5\n"))
    sandbox.write("source", text + "end\n")
    sandbox.write("new", "new\n")
    sandbox.write("bin", b"\0two")
    (sandbox.root / "gone").unlink()
    (sandbox.root / "folder").unlink()
    sandbox.write("folder/file", "in it\n")
    (sandbox.root / "link").symlink_to("new")
    return base, sandbox.commit()


async def _read(sandbox: Any, base: str, tip: str) -> Any:
    repo = await sandbox.repository()
    files = await changed_files(repo, base, tip)
    return repo, files, await hunks_of(repo, files)


async def _taken(sandbox: Any, change: tuple[str, str], wanted: set[HunkId]) -> str:
    repo, files, hunks = await _read(sandbox, *change)
    choice = choose(files, hunks, wanted, refused=False)
    return await with_kept(repo, change[0], choice, kept=choice.chosen)


async def _left(sandbox: Any, change: tuple[str, str], refused: set[HunkId]) -> str:
    repo, files, hunks = await _read(sandbox, *change)
    choice = choose(files, hunks, refused, refused=True)
    return await with_kept(repo, change[1], choice, kept=choice.others)


async def _ids(sandbox: Any, change: tuple[str, str]) -> dict[bytes, list[HunkId]]:
    _, _, hunks = await _read(sandbox, *change)
    return {path: [hunk.id for hunk in of] for path, of in hunks.items()}


def _tree(sandbox: Any, name: str) -> str:
    return sandbox.git("rev-parse", f"{name}^{{tree}}").strip()


async def test_all_hunks_make_the_tip_and_none_the_base(sandbox: Any, change: Any):
    ids = {one for of in (await _ids(sandbox, change)).values() for one in of}
    assert len(ids) == 17
    assert await _taken(sandbox, change, ids) == _tree(sandbox, change[1])
    assert await _left(sandbox, change, ids) == _tree(sandbox, change[0])
    assert await _taken(sandbox, change, set()) == change[0]


async def test_what_is_taken_is_what_is_left_when_the_others_are_refused(
    sandbox: Any, change: Any
):
    by_path = await _ids(sandbox, change)
    every = {one for of in by_path.values() for one in of}
    draw = random.Random(11)  # noqa: S311 - choices for a test
    for _ in range(8):
        taken = {one for one in sorted(every) if draw.random() < 0.5}
        copy = by_path[b"copy"]
        if taken & set(copy):  # its lines can't be without it
            taken.add(copy[0])
        # A file and a folder of its name can't both be there.
        file, within = set(by_path[b"folder"]), set(by_path[b"folder/file"])
        taken = taken | file if taken & within else taken - file
        assert await _taken(sandbox, change, taken) == await _left(
            sandbox, change, every - taken
        )


async def test_one_hunk_of_a_file_is_taken(sandbox: Any, change: Any):
    ids = await _ids(sandbox, change)
    tree = await _taken(sandbox, change, {ids[b"edited"][1]})
    assert sandbox.git("show", f"{tree}:edited") == _text("edited").replace(
        "line 25\n", "LINE 25\n"
    )
    assert sandbox.git("diff", "--name-only", change[0], tree) == "edited\n"


async def test_a_rename_and_its_lines_are_taken_apart(sandbox: Any, change: Any):
    head, first, _ = (await _ids(sandbox, change))[b"to/where"]
    moved = await _taken(sandbox, change, {head})
    assert sandbox.git("diff", "--raw", "-M", change[0], moved).split("\t")[1:] == [
        *("moved", "to/where\n"),
    ]
    edited = await _taken(sandbox, change, {first})
    assert "LINE 5" in sandbox.git("show", f"{edited}:moved")
    both = await _taken(sandbox, change, {head, first})
    assert sandbox.git("show", f"{both}:to/where") == sandbox.git(
        "show", f"{edited}:moved"
    )


async def test_a_mode_and_lines_are_taken_apart(sandbox: Any, change: Any):
    head, first, second = (await _ids(sandbox, change))[b"script"]
    mode = await _taken(sandbox, change, {head})
    assert sandbox.git("diff", "--numstat", change[0], mode).split() == [
        *("0", "0", "script")
    ]
    lines = await _taken(sandbox, change, {first, second})
    assert sandbox.git("diff", "--summary", change[0], lines) == ""
    assert sandbox.git("show", f"{lines}:script").count("LINE") == 2


async def test_the_lines_of_a_copy_come_with_the_copy(sandbox: Any, change: Any):
    head, lines = (await _ids(sandbox, change))[b"copy"]
    assert await _taken(sandbox, change, {lines}) == await _taken(
        sandbox, change, {head, lines}
    )
    left = await _left(sandbox, change, {head})
    assert sandbox.git("ls-tree", left, "copy") == ""
    assert "end" in sandbox.git("show", f"{left}:source")


async def test_a_folder_in_a_files_place_replaces_it(sandbox: Any, change: Any):
    ids = await _ids(sandbox, change)
    tree = await _taken(sandbox, change, set(ids[b"folder/file"]))
    assert sandbox.git("show", f"{tree}:folder/file") == "in it\n"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_hunks_are_spliced_in_any_combination(end: bytes):
    def hunk(number: int, *, at: int, old: bytes, new: bytes) -> Hunk:
        return Hunk(
            id=HunkId(str(number)),
            path=b"f",
            kind=HunkKind.LINES,
            old_start=at,
            old_lines=old.count(b"\n") + (not old.endswith(b"\n")) if old else 0,
            removed=old,
            added=new,
        )

    old = b"a\r\nb\nc\x85d\ne" + end
    parts = [
        hunk(1, at=0, old=b"", new=b"top\n"),
        hunk(2, at=2, old=b"b\n", new=b""),
        hunk(3, at=3, old=b"", new=b"x\ny\n"),
        hunk(4, at=4, old=b"e" + end, new=b"E\nend"),
    ]
    for count in range(5):
        for some in itertools.combinations(parts, count):
            expected = old
            for one in some:  # each is unlike all else there
                place = {1: 0, 3: expected.find(b"\x85d\n") + 3}.get(int(one.id))
                if place is not None:
                    expected = expected[:place] + one.added + expected[place:]
                else:
                    before, _, after = expected.rpartition(one.removed)
                    if one.id == "2":
                        before, _, after = expected.partition(b"b\n")
                    expected = before + one.added + after
            assert splice(old, some) == expected


def test_a_hunk_that_does_not_fit_is_a_bug_and_not_a_guess():
    one = Hunk(
        id=HunkId("1"),
        path=b"f",
        kind=HunkKind.LINES,
        old_start=1,
        old_lines=1,
        removed=b"other\n",
        added=b"new\n",
    )
    with pytest.raises(Internal):
        splice(b"line\n", [one])


async def _check(
    sandbox: Any, change: tuple[str, str], *paths: bytes, refused: bool
) -> None:
    _, files, hunks = await _read(sandbox, *change)
    wanted = {hunk.id for path in paths for hunk in hunks[path]}
    check_separable(
        files, hunks, choose(files, hunks, wanted, refused=refused), refused=refused
    )


@pytest.mark.parametrize(
    ("refused", "one", "needed"),
    [
        (False, b"folder/file", "folder/file can't be taken without folder:"),
        (True, b"folder", "folder can't be put back without folder/file:"),
    ],
)
async def test_a_file_where_a_folder_is_needed_goes_with_it_or_not_at_all(
    sandbox: Any, change: Any, *, refused: bool, one: bytes, needed: str
):
    with pytest.raises(InvalidState, match=needed):
        await _check(sandbox, change, one, refused=refused)
    await _check(sandbox, change, b"folder", b"folder/file", refused=refused)
    others = {b"folder/file", b"folder"} - {one}
    await _check(sandbox, change, *others, refused=refused)


async def test_a_folder_that_became_a_file_is_as_inseparable(sandbox: Any):
    sandbox.write("thing/one", "1\n")
    sandbox.write("thing/two", "2\n")
    base = sandbox.commit()
    for name in ("one", "two"):
        (sandbox.root / "thing" / name).unlink()
    (sandbox.root / "thing").rmdir()
    sandbox.write("thing", "a file\n")
    change = base, sandbox.commit()
    with pytest.raises(InvalidState, match="thing can't be taken without thing/two"):
        await _check(sandbox, change, b"thing", b"thing/one", refused=False)
    with pytest.raises(InvalidState, match="thing/one can't be put back without thing"):
        await _check(sandbox, change, b"thing/one", refused=True)
    await _check(sandbox, change, b"thing/one", refused=False)


async def test_a_renamed_file_is_named_with_what_it_was(sandbox: Any):
    sandbox.write("old", _text("old"))
    base = sandbox.commit()
    _change(sandbox, ("line 5\n", "LINE 5\n"), name="old", to="elsewhere")
    sandbox.write("old/new", "below what it was called\n")
    change = base, sandbox.commit()
    needed = r"old/new can't be taken without elsewhere \(which was old\)"
    with pytest.raises(InvalidState, match=needed):
        await _check(sandbox, change, b"old/new", refused=False)
    needed = r"elsewhere \(which was old\) can't be put back without old/new"
    with pytest.raises(InvalidState, match=needed):
        await _check(sandbox, change, b"elsewhere", refused=True)
