"""Hunks: what they are made of, and what their ids outlive."""

import os
import random
import re
from typing import Any

import pytest

from agentls.git import hunks as module
from agentls.git.changes import Status, changed_files
from agentls.git.hunks import Hunk, HunkKind, hunks_of


async def _hunks(sandbox: Any, base: str, tip: str) -> dict[bytes, tuple[Hunk, ...]]:
    repo = await sandbox.repository()
    return dict(await hunks_of(repo, await changed_files(repo, base, tip)))


async def _after(sandbox: Any, *contents: str | bytes, name: str = "f") -> Any:
    """Commit the contents one after the other; give the hunks from first to last."""
    commits = []
    for content in contents:
        sandbox.write(name, content)
        commits.append(sandbox.commit())
    found = await _hunks(sandbox, commits[0], commits[-1])
    return found[os.fsencode(name)]


async def test_each_run_of_changed_lines_is_a_hunk_with_its_ranges(sandbox: Any):
    one, two, three = await _after(
        sandbox, "a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\nnew\ne\n"
    )
    assert (one.removed, one.added) == (b"b\n", b"B\n")
    assert (one.old_start, one.old_lines, one.new_start, one.new_lines) == (2, 1, 2, 1)
    assert (two.removed, two.added) == (b"", b"new\n")
    assert (two.old_start, two.old_lines, two.new_start, two.new_lines) == (4, 0, 5, 1)
    assert (three.removed, three.added) == (b"f\n", b"")
    assert {hunk.kind for hunk in (one, two, three)} == {HunkKind.LINES}


async def test_an_id_outlives_edits_elsewhere_and_falls_with_its_lines(sandbox: Any):
    (kept,) = await _after(sandbox, "a\nb\nc\n", "a\nB\nc\n")
    above, same, _ = await _after(sandbox, "a\nb\nc\n", "new\na\nB\nc\nend\n")
    (other,) = await _after(sandbox, "a\nb\nc\n", "a\nBB\nc\n")
    (elsewhere,) = await _after(sandbox, "a\nb\nc\n", "a\nB\nc\n", name="g")
    assert same.id == kept.id
    assert len({kept.id, above.id, other.id, elsewhere.id}) == 4


async def test_the_same_lines_twice_in_a_file_are_two_hunks(sandbox: Any):
    one, two = await _after(sandbox, "x\na\nx\n", "y\na\ny\n")
    assert (one.removed, one.added) == (two.removed, two.added)
    assert one.id != two.id


@pytest.mark.parametrize(
    ("old", "new", "removed", "added"),
    [
        (b"a", b"a\n", b"a", b"a\n"),
        (b"a\n", b"a", b"a\n", b"a"),
        (b"a\r\nb\r\n", b"a\r\nB\r\n", b"b\r\n", b"B\r\n"),
        (b"a\rb\n", b"a\rc\n", b"a\rb\n", b"a\rc\n"),
        (b"--- a\n", b"+++ b\n", b"--- a\n", b"+++ b\n"),
        (b"@@ -1 +1 @@\n", b"diff --git a/0 b/0\n", b"@@ -1 +1 @@\n", None),
        (b"\\ No newline\n", b"\\ at end", b"\\ No newline\n", b"\\ at end"),
        (b"\xff\xfe\n", b"\x85\xe2\x80\xa8\x0c\n", b"\xff\xfe\n", None),
    ],
)
async def test_any_bytes_come_through(
    sandbox: Any, old: bytes, new: bytes, removed: bytes, added: bytes | None
):
    (hunk,) = await _after(sandbox, old, new)
    assert hunk.removed == removed
    assert hunk.added == (new if added is None else added)


async def test_what_has_no_lines_is_one_hunk_of_the_file(sandbox: Any):
    sandbox.write("moved", "".join(f"line {n}\n" for n in range(20)))
    sandbox.write("edited", "".join(f"text {n}\n" for n in range(20)))
    sandbox.write("bin", b"\0one")
    sandbox.write("type", "file\n")
    sandbox.write("gone", "")
    (sandbox.root / "link").symlink_to("readme")
    base = sandbox.commit()
    (sandbox.root / "moved").rename(sandbox.root / "moved to")
    text = (sandbox.root / "edited").read_text()
    sandbox.write("edited to", text.replace("text 9\n", "text nine\n"))
    (sandbox.root / "edited").unlink()
    sandbox.write("bin", b"\0two")
    (sandbox.root / "type").unlink()
    (sandbox.root / "type").symlink_to("readme")
    (sandbox.root / "gone").unlink()
    (sandbox.root / "link").unlink()
    (sandbox.root / "link").symlink_to("src/code.py")
    (sandbox.root / "readme").chmod(0o755)
    sandbox.write("readme", "hello\nmore\n")
    (sandbox.root / "sub").mkdir()
    sandbox.git("update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    tip = sandbox.commit()
    found = await _hunks(sandbox, base, tip)
    kinds = {
        name.decode(): "".join(hunk.kind[0] for hunk in hunks)
        for name, hunks in found.items()
    }
    assert kinds == {
        "bin": "f",
        "edited to": "fl",
        "gone": "f",
        "link": "f",
        "moved to": "f",
        "readme": "fl",
        "sub": "f",
        "type": "f",
    }
    assert len({hunk.id for hunks in found.values() for hunk in hunks}) == 10
    sandbox.write("bin", b"\0three")
    again = await _hunks(sandbox, base, sandbox.commit())
    assert again[b"bin"] != found[b"bin"]
    assert again[b"edited to"] == found[b"edited to"]


async def test_a_copy_is_found_of_a_file_that_changed_too(sandbox: Any):
    text = "".join(f"line {n}\n" for n in range(30))
    sandbox.write("source", text)
    base = sandbox.commit()
    sandbox.write("source", text + "end\n")
    sandbox.write("copy", text.replace("line 3\n", "line three\n"))
    tip = sandbox.commit()
    repo = await sandbox.repository()
    files = await changed_files(repo, base, tip)
    copy = next(file for file in files if file.path == b"copy")
    assert (copy.status, copy.old_path) == (Status.COPIED, b"source")
    head, lines = (await hunks_of(repo, files))[b"copy"]
    assert head.kind is HunkKind.FILE
    assert (lines.removed, lines.added) == (b"line 3\n", b"line three\n")


async def test_files_that_came_and_went_have_their_lines(sandbox: Any):
    base = sandbox.tip()
    sandbox.write("new", "a\nb\n")
    (sandbox.root / "readme").unlink()
    found = await _hunks(sandbox, base, sandbox.commit())
    (new,), (gone,) = found[b"new"], found[b"readme"]
    assert (new.added, new.removed, new.new_start, new.old_start) == (
        *(b"a\nb\n", b""),
        *(1, 0),
    )
    assert (gone.added, gone.removed) == (b"", b"hello\n")


async def test_nothing_is_written_and_attributes_and_hostile_config_do_not_bend_it(
    sandbox: Any, hostile: Any
):
    sandbox.write("a.dat", "one\n")
    base = sandbox.commit()
    sandbox.write("a.dat", "two\n")
    sandbox.write("readme", b"\x00 but text\n")
    sandbox.write(".gitattributes", "* diff=evil\n*.dat -diff\nreadme diff\n")
    tip = sandbox.commit()
    hostile(sandbox)
    before = sandbox.git("count-objects", "-v")
    found = await _hunks(sandbox, base, tip)
    assert [hunk.kind for hunk in found[b"a.dat"]] == [HunkKind.FILE]
    assert found[b"readme"][0].added == b"\x00 but text\n"
    assert sandbox.git("count-objects", "-v") == before


async def test_what_is_too_much_is_one_hunk_and_the_others_stay(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
):
    base = sandbox.tip()
    sandbox.write("wide", "x" * 5000)
    sandbox.write("long", "x\n" * 50)
    sandbox.write("small", "small\n")
    tip = sandbox.commit()
    monkeypatch.setattr(module, "_OUTPUT_MAX", 2000)
    monkeypatch.setattr(module, "LINES_MAX", 40)
    found = await _hunks(sandbox, base, tip)
    assert found[b"wide"][0].kind is HunkKind.FILE
    assert found[b"long"][0].kind is HunkKind.FILE
    assert found[b"small"][0].added == b"small\n"


async def test_the_hunks_make_the_new_file_of_the_old_one(sandbox: Any):
    draw = random.Random(4)  # noqa: S311 - data for a test
    for number in range(12):
        old = [draw.choice("abcde") for _ in range(60)]
        new = list(old)
        for _ in range(draw.randrange(1, 12)):
            at = draw.randrange(len(new))
            new[at : at + draw.randrange(3)] = draw.choices(
                "vwxyz", k=draw.randrange(3)
            )
        if old == new:
            continue
        end = draw.choice(["", "\n"])
        texts = ["\n".join(text) + end for text in (old, new)]
        hunks = await _after(sandbox, *texts, name=f"f{number}")
        lines = re.findall(rb"[^\n]*\n|[^\n]+$", texts[0].encode())
        for hunk in reversed(hunks):
            start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
            assert b"".join(lines[start : start + hunk.old_lines]) == hunk.removed
            lines[start : start + hunk.old_lines] = [hunk.added]
        assert b"".join(lines) == texts[1].encode()


async def test_sha256_repositories_have_hunks(make_sandbox: Any):
    sandbox = make_sandbox("new", "--object-format=sha256")
    base = sandbox.commit()
    sandbox.write("a", "a\n")
    (hunk,) = (await _hunks(sandbox, base, sandbox.commit()))[b"a"]
    assert hunk.added == b"a\n"
