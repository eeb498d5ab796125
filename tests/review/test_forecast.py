"""What would conflict with what: the same as git's own merges say."""

import itertools
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest

from agentls.git.checkouts import list_checkouts
from agentls.git.repository import head
from agentls.model import Lines, TaskId
from agentls.review import trials
from agentls.review.forecast import Forecaster
from agentls.review.outlook import Outcome
from agentls.review.sides import Subject

FULL = bool(os.environ.get("AGENTLS_TEST_FULL"))
BASE = {
    "a.txt": b"".join(b"a%d\n" % n for n in range(12)),
    "b.txt": b"".join(b"b%d\n" % n for n in range(12)),
    "dir/c.txt": b"".join(b"c%d\n" % n for n in range(12)),
    "dir/d.txt": b"".join(b"d%d\n" % n for n in range(12)),
    "dir/sub/e.txt": b"".join(b"e%d\n" % n for n in range(12)),
    "bin": bytes(range(256)),
}


def _subject(name: str, tip, base, **values) -> Subject:
    nothing = {"prepared": None, "wip": False, "target": "main"}
    return Subject(task=TaskId(name), tip=tip, base=base, **(nothing | values))


@pytest.fixture
def forecaster(tmp_path: Path) -> Forecaster:
    return Forecaster(tmp_path / "kept")


async def _update(forecaster: Forecaster, history: Any, *subjects: Subject, user=None):
    repo = await history.repository()
    main = history.git("rev-parse", "-q", "--verify", "main", ok=False)
    return await forecaster.update(
        repo, subjects, targets={"main": main} if main else {}, user=user
    )


def _edit(content: bytes, at: int, new: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[at : at + 1] = [new]
    return b"".join(lines)


def _change(draw: random.Random, files: dict[str, bytes]) -> dict[str, bytes | None]:
    """Change some files at random, in all the ways that merges care for."""
    changed: dict[str, bytes | None] = {}

    def text(name: str) -> bytes:
        return changed.get(name) or files[name]

    def there() -> list[str]:
        return [name for name in files if name not in changed or changed[name]]

    for _ in range(draw.randint(1, 3)):
        match draw.choice(("edit", "edit", "edit", "insert", "delete", "rename")):
            case "edit":
                name = draw.choice(there())
                at = draw.randrange(max(1, text(name).count(b"\n")))
                changed[name] = _edit(text(name), at, b"%d\n" % draw.randrange(3))
            case "insert":
                where = draw.choice(("", "dir/", "dir/sub/", "moved/", "a.txt/"))
                changed[f"{where}new{draw.randrange(2)}"] = b"%d\n" % draw.randrange(2)
                if where == "a.txt/":
                    changed["a.txt"] = None
            case "delete":
                changed[draw.choice(there())] = None
            case _:
                old = draw.choice([*there(), "dir/", "dir/sub/"])
                for name in [name for name in there() if name.startswith(old)]:
                    changed["moved/" + name.rpartition("/")[2]] = text(name)
                    changed[name] = None
    return changed


@pytest.mark.parametrize("seed", range(60 if FULL else 8))
@pytest.mark.parametrize("attributes", [b"", b"b.txt merge=union\n*.txt -merge\n"])
async def test_all_pairs_are_as_gits_own_merges_say(
    history, forecaster, seed, attributes, say
):
    draw = random.Random(f"{seed} {attributes}")  # noqa: S311 - the same each time
    files = BASE | ({".gitattributes": attributes} if attributes else {})
    base = history.commit(files)
    history.branch("main", base)
    changes = [_change(draw, files) for _ in range(9)]
    tips = [history.commit(change, base) for change in changes]
    subjects = [_subject(f"t{n}", tip, base) for n, tip in enumerate(tips)]
    await _update(forecaster, history, *subjects)
    conflicts = 0
    work = history.root.parent / "attributes"
    work.mkdir()
    (work / ".gitattributes").write_bytes(attributes)
    for one, other in itertools.combinations(range(9), 2):
        clean, wanted = _merge_tree(history, work, tips[one], tips[other])
        found = forecaster.of(TaskId(f"t{one}")).tasks.get(TaskId(f"t{other}"))
        assert (found is None) is clean, (changes[one], changes[other])
        if wanted:  # of folders that can't be moved along, git lists no file
            files = {os.fsdecode(file.path) for file in found.files}
            assert files == wanted, (changes[one], changes[other])
        conflicts += bool(found)
    say(f"36 pairs, {conflicts} of them in conflict")


def _merge_tree(history: Any, work: Path, *pair: str) -> tuple[bool, set[str]]:
    """Merge by git itself, with the attributes in a folder."""
    done = subprocess.run(
        (
            *("git", f"--git-dir={history.root}/.git", "--work-tree=."),
            *("merge-tree", "--write-tree", "--name-only", "-z", "--no-messages"),
            *pair,
        ),
        cwd=work,
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return not done.returncode, set(os.fsdecode(done.stdout).split("\0")[1:]) - {""}


async def test_lines_of_a_conflict_are_told_on_both_sides(history, forecaster):
    base = history.commit({"f": b"1\n2\n3\n4\n5\n6\n7\n8\n"})
    history.branch("main", base)
    one = history.commit({"f": b"1\nnew\nnew\n2\n3\nFOUR\n5\n6\n7\n8\n"}, base)
    other = history.commit({"f": b"1\n2\n3\nfour\nmore\n5\n6\n7\neight\n"}, base)
    subjects = _subject("t1", one, base), _subject("t2", other, base)
    assert await _update(forecaster, history, *subjects) == {"t1", "t2"}
    (file,) = forecaster.of(TaskId("t1")).tasks[TaskId("t2")].files
    assert file.path == b"f"
    assert file.lines == (Lines(first=6, last=6),)
    assert file.their_lines == (Lines(first=4, last=5),)
    (file,) = forecaster.of(TaskId("t2")).tasks[TaskId("t1")].files
    assert file.lines == (Lines(first=4, last=5),)


async def test_edits_that_do_not_touch_need_no_merge(history, forecaster, monkeypatch):
    base = history.commit({"f": b"1\n2\n3\n4\n5\n"})
    history.branch("main", base)
    first = history.commit({"f": b"one\n2\n3\n4\n5\n"}, base)
    last = history.commit({"f": b"1\n2\n3\n4\nfive\n"}, base)
    monkeypatch.setattr(trials, "try_pairs", _no_merge)
    await _update(
        forecaster, history, _subject("t1", first, base), _subject("t2", last, base)
    )
    assert forecaster.of(TaskId("t1")).tasks == {}


async def _no_merge(pairs, **_):
    assert not pairs
    return ()


async def test_a_target_that_moved_is_told_of_each_task(history, forecaster):
    base = history.commit({"f": b"1\n2\n3\n", "g": b"1\n"})
    history.branch("main", base)
    mine = _subject("t1", history.commit({"f": b"1\ntwo\n3\n"}, base), base)
    free = _subject("t2", history.commit({"g": b"2\n"}, base), base)
    assert await _update(forecaster, history, mine, free) == {"t1", "t2"}
    assert forecaster.of(TaskId("t1")).target.outcome is Outcome.CLEAN
    assert await _update(forecaster, history, mine, free) == set()
    history.branch("main", history.commit({"f": b"1\n2\nthree\n"}, base))
    assert await _update(forecaster, history, mine, free) == {"t1"}
    (file,) = forecaster.of(TaskId("t1")).target.files
    assert (file.path, file.lines) == (b"f", (Lines(first=2, last=2),))
    history.git("update-ref", "-d", "refs/heads/main")
    await _update(forecaster, history, mine, free)
    assert forecaster.of(TaskId("t1")).target.outcome is Outcome.UNKNOWN


async def test_what_the_target_got_meanwhile_is_no_conflict_of_the_pair(
    history, forecaster
):
    base = history.commit({"f": b"1\n2\n3\n", "g": b"1\n2\n3\n4\n5\n"})
    early = history.commit({"f": b"one\n2\n3\n", "g": b"one\n2\n3\n4\n5\n"}, base)
    newer = history.commit({"f": b"uno\n2\n3\n"}, base)
    history.branch("main", newer)
    late = history.commit({"g": b"1\n2\n3\n4\nfive\n"}, newer)
    await _update(
        forecaster, history, _subject("t1", early, base), _subject("t2", late, newer)
    )
    found = forecaster.of(TaskId("t1"))
    assert [file.path for file in found.target.files] == [b"f"]
    assert found.tasks == {}


async def test_only_the_pairs_of_a_tip_that_moved_are_tried_again(
    history, forecaster, monkeypatch
):
    base = history.commit({"f": b"1\n2\n3\n"})
    history.branch("main", base)
    subjects = [
        _subject(f"t{n}", history.commit({"f": b"%d\n" % n}, base), base)
        for n in range(5)
    ]
    await _update(forecaster, history, *subjects)
    asked: list[Any] = []
    really = trials.try_pairs

    async def count(pairs, **where):
        asked.extend(pairs)
        return await really(pairs, **where)

    monkeypatch.setattr(trials, "try_pairs", count)
    subjects[0] = attrs.evolve(subjects[0], tip=history.commit({"g": b"1\n"}, base))
    told = await _update(forecaster, history, *subjects)
    assert asked == []
    assert told == {"t0", "t1", "t2", "t3", "t4"}
    subjects[1] = attrs.evolve(subjects[1], tip=history.commit({"f": b"x\n"}, base))
    await _update(forecaster, history, *subjects)
    assert len(asked) == 3


async def test_a_task_that_is_no_more_conflicts_with_nothing(history, forecaster):
    base = history.commit({"f": b"1\n"})
    history.branch("main", base)
    one = _subject("t1", history.commit({"f": b"2\n"}, base), base)
    other = _subject("t2", history.commit({"f": b"3\n"}, base), base)
    await _update(forecaster, history, one, other)
    assert TaskId("t2") in forecaster.of(TaskId("t1")).tasks
    assert await _update(forecaster, history, one) == {"t1", "t2"}
    assert forecaster.of(TaskId("t1")).tasks == {}
    assert forecaster.of(TaskId("t2")) is None


async def test_what_the_setup_made_conflicts_with_nothing(history, forecaster):
    base = history.commit({"f": b"1\n"})
    history.branch("main", base)
    subjects = []
    for n in range(2):
        made = history.commit({"generated": b"%d\n" % n}, base)
        tip = history.commit({"generated": b"%d\n" % n, f"new{n}": b"\n"}, made)
        subjects.append(_subject(f"t{n}", tip, base, prepared=made))
    await _update(forecaster, history, *subjects)
    assert forecaster.of(TaskId("t0")).tasks == {}
    assert forecaster.side(TaskId("t0")).its.files.keys() == {b"new0"}


async def test_work_upon_uncommitted_changes_is_forecast_without_these(
    history, forecaster
):
    base = history.commit({"f": b"1\n2\n3\n4\n5\n6\n7\n"})
    history.branch("main", base)
    wip = history.commit({"f": b"mine\n2\n3\n4\n5\n6\n7\n"}, base)
    tip = history.commit({"f": b"mine\n2\n3\n4\n5\n6\nagent\n"}, wip)
    first = history.commit({"f": b"one\n2\n3\n4\n5\n6\n7\n"}, base)
    last = history.commit({"f": b"1\n2\n3\n4\n5\n6\nseven\n"}, base)
    await _update(
        forecaster,
        history,
        _subject("t0", tip, wip, wip=True),
        _subject("t1", first, base),
        _subject("t2", last, base),
    )
    assert set(forecaster.of(TaskId("t0")).tasks) == {"t2"}
    assert forecaster.of(TaskId("t0")).target.outcome is Outcome.CLEAN


async def test_a_merge_driver_is_not_run_and_its_files_are_unknown(
    history, forecaster, tmp_path
):
    ran = tmp_path / "ran"
    history.git("config", "merge.mine.driver", f"touch '{ran}'; false")
    base = history.commit({".gitattributes": b"f merge=mine\n", "f": b"1\n", "g": b""})
    history.branch("main", base)
    one = history.commit({"f": b"2\n"}, base)
    other = history.commit({"f": b"3\n"}, base)
    both = history.commit({"f": b"4\n", "g": b"4\n"}, base)
    third = history.commit({"g": b"5\n"}, base)
    await _update(
        forecaster,
        history,
        *(_subject(f"t{n}", tip, base) for n, tip in enumerate((one, other, both))),
        _subject("t3", third, base),
    )
    found = forecaster.of(TaskId("t2")).tasks
    assert found[TaskId("t0")].outcome is Outcome.UNKNOWN
    assert [file.path for file in found[TaskId("t0")].files] == [b"f"]
    assert found[TaskId("t3")].outcome is Outcome.CONFLICTS
    assert not ran.exists()


async def test_nothing_is_left_in_the_repository(history, forecaster):
    base = history.commit({"f": b"1\n"})
    history.branch("main", base)
    history.git("reset", "-q", "--hard", "main")
    (history.root / "untracked").write_text("x\n")
    tips = [history.commit({"f": b"%d\n" % n}, base) for n in (2, 3)]
    before = history.objects(), (history.root / ".git/index").read_bytes()
    user = await _user(forecaster, history)
    subjects = [_subject(f"t{n}", tip, base) for n, tip in enumerate(tips)]
    await _update(forecaster, history, *subjects, user=user)
    assert forecaster.of(TaskId("t0")).tasks
    assert (history.objects(), (history.root / ".git/index").read_bytes()) == before


async def _user(forecaster: Forecaster, history: Any):
    repo = await history.repository()
    checkout = (await list_checkouts(repo))[0]
    return await forecaster.read_user(repo, checkout, await head(repo))


async def test_what_the_user_has_not_committed_is_told(history, forecaster):
    base = history.commit({"f": b"1\n2\n3\n", "g": b"1\n2\n3\n4\n", "h": b"1\n"})
    history.branch("main", base)
    history.git("reset", "-q", "--hard", "main")
    subjects = [
        _subject("t0", history.commit({"f": b"1\n2\nthree\n"}, base), base),
        _subject("t1", history.commit({"g": b"1\n2\n3\nfour\n"}, base), base),
        _subject("t2", history.commit({"h": b"2\n"}, base), base),
        _subject("t3", history.commit({"new": b"2\n"}, base), base),
    ]
    (history.root / "f").write_bytes(b"1\n2\ndrei\n")
    (history.root / "g").write_bytes(b"eins\n2\n3\n4\n")
    (history.root / "new").write_bytes(b"other\n")
    user = await _user(forecaster, history)
    await _update(forecaster, history, *subjects, user=user)
    found = [forecaster.of(one.task) for one in subjects]
    assert [one.user.outcome for one in found] == [
        *(Outcome.CONFLICTS, Outcome.CLEAN, Outcome.CLEAN, Outcome.CONFLICTS)
    ]
    (file,) = found[0].user.files
    assert file.their_lines == (Lines(first=3, last=3),)
    # A merge is refused for the whole file, wherever in it the edits are.
    assert [one.in_the_way for one in found] == [(b"f",), (b"g",), (), (b"new",)]
    history.git("reset", "-q", "--hard", "main")
    (history.root / "new").unlink()
    user = await _user(forecaster, history)
    assert await _update(forecaster, history, *subjects, user=user) == {
        *("t0", "t1", "t3")
    }
    assert all(forecaster.of(one.task).user.outcome is Outcome.CLEAN for one in found)


async def test_a_missing_object_leaves_one_pair_unknown_and_not_all(
    history, forecaster
):
    base = history.commit({"f": b"1\n", "g": b"1\n"})
    history.branch("main", base)
    tips = [history.commit({"f": b"%d\n" % n}, base) for n in range(2, 5)]
    history.git("repack", "-q", "-a", "-d", "-f")
    lone = history.commit({"f": b"lone\n"}, base)
    blob = history.git("rev-parse", f"{lone}:f")
    subjects = [_subject(f"t{n}", tip, base) for n, tip in enumerate([*tips, lone])]
    packed = list((history.root / ".git/objects").glob(f"{blob[:2]}/{blob[2:]}"))
    for file in packed:
        file.unlink()
    if not packed:
        pytest.skip("git wrote it elsewhere")
    await _update(forecaster, history, *subjects)
    outcomes = {
        name: o.outcome for name, o in forecaster.of(TaskId("t0")).tasks.items()
    }
    assert outcomes == {
        "t1": Outcome.CONFLICTS,
        "t2": Outcome.CONFLICTS,
        "t3": Outcome.UNKNOWN,
    }
