"""Taking and refusing parts of a change, and what the agent is told of it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agentls.errors import (
    Conflict,
    DirtyCheckout,
    InvalidParams,
    InvalidState,
    TargetMoved,
)
from agentls.git.hunks import Hunk
from agentls.model import Item, State, Task
from agentls.review import checkpoint, merging
from agentls.tasks import accepting, book, deciding, refusing
from agentls.tasks.accepting import Taken
from agentls.tasks.parts import Part
from agentls.tasks.refusing import Refused
from agentls.tasks.request import TaskRequest
from agentls.tasks.reviewing import Asked
from agentls.tasks.starting import silent

_TEXT = "".join(f"line {number}\n" for number in range(1, 31))
_EDIT = (
    "sed -i 's/line 3$/LINE 3/; s/line 9$/LINE 9/; s/line 20$/LINE 20/' text;"
    "echo new > new; git mv plain.txt moved; chmod +x tool"
)


@pytest.fixture(autouse=True)
def text(repository: Path, git: Callable[..., str]) -> Path:
    """Give a committed file of 30 lines; beside it lies a tool."""
    (repository / "tool").write_text("tool\n")
    (repository / "text").write_text(_TEXT)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "text")
    return repository / "text"


async def _hunks(daemon: Any, task: Task) -> dict[str, Hunk]:
    """Give the hunks of the change by what they say."""
    shown = await daemon.core.reviewing.changes(task.id, Asked(hunks=True))
    return {
        (hunk.added or hunk.path).decode().strip(): hunk
        for of in (shown.hunks or {}).values()
        for hunk in of
    }


async def _take(daemon: Any, task: Task, *hunks: Hunk, paths: Any = ()) -> Taken:
    return await daemon.core.accepting.take(
        task.id,
        Part(hunks=tuple(hunk.id for hunk in hunks), paths=tuple(paths)),
        message=None,
        stop=False,
        progress=silent,
    )


async def _refuse(daemon: Any, task: Task, *hunks: Hunk, paths: Any = ()) -> Refused:
    return await daemon.core.refusing.refuse(
        task.id,
        Part(hunks=tuple(hunk.id for hunk in hunks), paths=tuple(paths)),
        stop=False,
        progress=silent,
    )


async def _decided(daemon: Any, task: Task) -> set[tuple[str, str]]:
    found = await daemon.core.accepting._deciding.decided(task.id)
    return {(one.decided.value, one.path.decode()) for one in found}


async def test_a_hunk_is_taken_and_the_rest_stays_in_review(
    daemon: Any, text: Path, git: Callable[..., str]
):
    task = await daemon.done(_EDIT)
    hunks = await _hunks(daemon, task)
    taken = await _take(daemon, task, hunks["LINE 9"], hunks["new"])
    assert (taken.taken, taken.left, taken.task.state) == (2, 4, State.REVIEW)
    assert text.read_text() == _TEXT.replace("line 9\n", "LINE 9\n")
    listed = git(daemon.root, "show", "--format=%s", "--name-only", taken.commit)
    assert listed.split("\n") == [task.title, "", "new", "text"]
    assert git(daemon.root, "status", "--porcelain") == ""
    assert taken.updated
    assert set(await _hunks(daemon, task)) == {"LINE 3", "LINE 20", "moved", "tool"}
    assert "LINE 9" in (task.worktree / "text").read_text()
    assert await _decided(daemon, task) == {("taken", "text"), ("taken", "new")}
    await daemon.merge(task)
    assert "LINE 3" in text.read_text()
    assert git(daemon.root, "diff", "HEAD~2", "--stat").endswith("(-)")
    assert not (daemon.root / "plain.txt").exists()


async def test_what_can_not_be_updated_is_shown_as_taken(
    daemon: Any, text: Path, git: Callable[..., str]
):
    task = await daemon.done(_EDIT)
    text.write_text(_TEXT.replace("line 3\n", "other\n"))
    git(daemon.root, "commit", "-qam", "it conflicts with the rest")
    taken = await _take(daemon, task, (await _hunks(daemon, task))["new"])
    assert (taken.updated, taken.task.state) == (False, State.REVIEW)
    shown = await daemon.core.reviewing.changes(task.id, Asked(hunks=True))
    (new,) = (shown.hunks or {})[b"new"]
    assert shown.decided == {new.id: "taken"}
    await _refuse(daemon, task, (await _hunks(daemon, task))["LINE 3"])
    await daemon.merge(task)
    assert "other\n" in text.read_text()


async def test_taking_all_is_merging(daemon: Any, git: Callable[..., str]):
    task = await daemon.done(_EDIT)
    taken = await _take(daemon, task, *(await _hunks(daemon, task)).values())
    assert (taken.left, taken.task.state) == (0, State.MERGED)
    assert git(daemon.root, "rev-parse", "HEAD") == taken.commit


@pytest.mark.parametrize("behind", [False, True])
async def test_who_takes_all_by_parts_has_merged_it_and_the_box_is_ticked(
    daemon: Any, text: Path, git: Callable[..., str], *, behind: bool
):
    """Also where the target can't be brought into the worktree in between."""
    (daemon.root / "TODO.md").write_text("- [ ] Do it\n- [ ] Not this\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "items")
    task = await daemon.done("sed -i 's/line 3$/LINE 3/' text; echo new > new")
    item = Item(path="TODO.md", text="Do it")
    await daemon.core.book.change(task.id, item=item)
    hunks = await _hunks(daemon, task)
    if behind:  # what is ignored there stands in the way of an update
        (daemon.root / ".gitignore").write_text("way\n")
        git(daemon.root, "add", ".gitignore")
        (daemon.root / "way").write_text("x\n")
        git(daemon.root, "add", "-f", "way")
        git(daemon.root, "commit", "-qm", "in the way")
        exclude = Path(git(task.worktree, "rev-parse", "--git-path", "info/exclude"))
        (task.worktree / exclude).write_text("way\n")
        (task.worktree / "way").write_text("mine\n")
    taken = await _take(daemon, task, hunks["LINE 3"])
    assert (taken.updated, taken.task.state) == (not behind, State.REVIEW)
    assert "[x]" not in (daemon.root / "TODO.md").read_text()
    taken = await _take(daemon, task, (await _hunks(daemon, task))["new"])
    assert (taken.left, taken.task.state) == (0, State.MERGED)
    assert taken.task.merged_commit == git(daemon.root, "rev-parse", "main")
    assert (daemon.root / "TODO.md").read_text() == "- [x] Do it\n- [ ] Not this\n"
    assert "LINE 3" in text.read_text()
    assert (daemon.root / "new").exists()


async def test_hunks_of_several_racers_are_combined_on_one_branch(
    daemon: Any, git: Callable[..., str]
):
    """Each part goes upon what was taken of the others before; none is discarded."""
    script = (
        "sed -i 's/line 3$/LINE 3/; s/line 20$/LINE 20/' text; echo $AGENTLS_TASK > own"
    )
    git(daemon.root, "branch", "combined")
    request = TaskRequest(
        prompt=script, folder=daemon.root, agent="shell", target="combined"
    )
    racers = await daemon.core.races.race(request, agents=(), tries=2)
    for racer in racers:
        await daemon.until(racer.id, State.REVIEW)
    one, two = racers
    await _take(daemon, one, (await _hunks(daemon, one))["LINE 3"])
    assert daemon.core.book.get(two.id).state is State.REVIEW
    hunks = await _hunks(daemon, two)
    taken = await _take(daemon, two, hunks["LINE 20"], hunks[two.id])
    assert taken.taken == 2
    combined = git(daemon.root, "show", "combined:text").splitlines()
    assert [line for line in combined if "LINE" in line] == ["LINE 3", "LINE 20"]
    assert git(daemon.root, "show", "combined:own") == two.id
    assert git(daemon.root, "rev-parse", "main") != git(
        daemon.root, "rev-parse", "combined"
    )


async def test_files_are_taken_by_their_paths(daemon: Any, git: Callable[..., str]):
    task = await daemon.done(_EDIT)
    taken = await _take(daemon, task, paths=[b"plain.txt", b"tool"])
    raw = git(daemon.root, "show", "--format=", "--raw", "-M", taken.commit)
    assert [line.split()[-1] for line in raw.splitlines()] == ["moved", "tool"]
    assert taken.left == 4


@pytest.mark.parametrize("base", ["wip", "branch:main2"])
async def test_nothing_comes_along_that_was_not_chosen(
    daemon: Any, text: Path, git: Callable[..., str], base: str
):
    git(daemon.root, "branch", "main2")
    text.write_text(_TEXT + "uncommitted\n")
    (daemon.root / "untracked").write_text("x\n")
    task = await daemon.done(_EDIT, base=base)
    git(daemon.root, "stash", "-qu")
    taken = await _take(daemon, task, (await _hunks(daemon, task))["LINE 3"])
    numbers = git(daemon.root, "show", "--format=", "--numstat", taken.commit)
    assert numbers.split() == ["1", "1", "text"]


async def test_what_the_setup_made_is_no_part_of_it(
    daemon: Any, git: Callable[..., str]
):
    (daemon.root / ".agentls.toml").write_text('setup = ["echo made > made"]\n')
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "config")
    await daemon.trust()
    task = await daemon.done(_EDIT)
    hunks = await _hunks(daemon, task)
    taken = await _take(daemon, task, hunks["new"])
    assert git(daemon.root, "show", "--format=", "--name-only", taken.commit) == "new"
    await _refuse(daemon, task, hunks["LINE 3"])
    assert (task.worktree / "made").read_text() == "made\n"


async def test_the_targets_own_progress_is_kept_though_the_agent_merged_it(
    daemon: Any, text: Path, git: Callable[..., str]
):
    task = await daemon.done(_EDIT + "; git commit -qam work")
    text.write_text(_TEXT + "meanwhile\n")
    git(daemon.root, "commit", "-qam", "meanwhile")
    git(task.worktree, "merge", "-q", "main")
    text.write_text(_TEXT + "meanwhile\nand more\n")
    git(daemon.root, "commit", "-qam", "more")
    await _take(daemon, task, (await _hunks(daemon, task))["LINE 3"])
    wanted = _TEXT.replace("line 3\n", "LINE 3\n") + "meanwhile\nand more\n"
    assert text.read_text() == wanted


async def test_a_check_that_failed_stands_in_the_way_unless_told(
    daemon: Any, git: Callable[..., str]
):
    (daemon.root / ".agentls.toml").write_text('[checks]\nunit = { run = "false" }')
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "checks")
    await daemon.trust()
    task = await daemon.done(_EDIT)
    with pytest.raises(InvalidState, match="unit"):
        await _take(daemon, task, paths=[b"new"])
    await daemon.core.accepting.take(
        task.id,
        Part(paths=(b"new",)),
        message=None,
        stop=False,
        force=True,
        progress=silent,
    )
    assert (daemon.root / "new").exists()


async def test_where_it_does_not_fit_nothing_is_changed(
    daemon: Any, text: Path, git: Callable[..., str]
):
    task = await daemon.done(_EDIT)
    hunks = await _hunks(daemon, task)
    text.write_text(_TEXT.replace("line 3\n", "other\n"))
    with pytest.raises(DirtyCheckout):
        await _take(daemon, task, hunks["LINE 3"])
    git(daemon.root, "commit", "-qam", "other")
    head = git(daemon.root, "rev-parse", "HEAD")
    with pytest.raises(Conflict, match="text"):
        await _take(daemon, task, hunks["LINE 3"])
    (task.worktree / "text").write_text(_TEXT)
    with pytest.raises(InvalidState, match="1 of these hunks are no part"):
        await _take(daemon, task, hunks["new"], hunks["LINE 3"])
    with pytest.raises(InvalidState, match="has no change in elsewhere"):
        await _refuse(daemon, task, paths=[b"elsewhere"])
    with pytest.raises(InvalidParams):
        await _take(daemon, task)
    assert git(daemon.root, "rev-parse", "HEAD") == head
    assert ("taken", "text") not in await _decided(daemon, task)


async def test_an_agent_at_work_is_stopped_only_if_that_is_said(daemon: Any):
    task = await daemon.create("echo new > new; : > ready; sleep 1000")
    await daemon.until(task.id, State.WORKING)
    async with asyncio.timeout(20):
        while not (task.worktree / "ready").exists():  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    with pytest.raises(InvalidState, match="is working"):
        await _refuse(daemon, task, paths=[b"new"])
    refused = await daemon.core.refusing.refuse(
        task.id, Part(paths=(b"new",)), stop=True, progress=silent
    )
    assert refused.task.state is State.REVIEW
    assert not (task.worktree / "new").exists()


async def test_refused_hunks_are_put_back_and_nothing_else_is_touched(
    daemon: Any, git: Callable[..., str]
):
    task = await daemon.done(_EDIT + "; git add text; git commit -qm work moved")
    hunks = await _hunks(daemon, task)
    (index,) = (daemon.root / ".git" / "worktrees").glob("*/index")
    before, head = index.read_bytes(), git(task.worktree, "rev-parse", "HEAD")
    wanted = (hunks["LINE 9"], hunks["new"], hunks["moved"], hunks["tool"])
    refused = await _refuse(daemon, task, *wanted)
    assert (refused.refused, refused.left) == (4, 2)
    changed = _TEXT.replace("line 3\n", "LINE 3\n").replace("line 20\n", "LINE 20\n")
    assert (task.worktree / "text").read_text() == changed
    assert not (task.worktree / "new").exists()
    assert not (task.worktree / "moved").exists()
    assert (task.worktree / "plain.txt").read_text() == "plain\n"
    assert not (task.worktree / "tool").stat().st_mode & 0o100
    assert (index.read_bytes(), git(task.worktree, "rev-parse", "HEAD")) == (
        *(before, head),
    )
    saved = refused.checkpoint.commit
    assert "LINE 9" in git(daemon.root, "show", f"{saved}:text")
    assert set(await _hunks(daemon, task)) == {"LINE 3", "LINE 20"}
    assert len(await _decided(daemon, task)) == 4


async def test_what_is_in_the_way_of_a_refusal_is_kept(
    daemon: Any, git: Callable[..., str]
):
    (daemon.root / ".gitignore").write_text("plain.txt\n")
    git(daemon.root, "add", ".")
    git(daemon.root, "commit", "-qm", "ignore")
    task = await daemon.done(_EDIT)
    (task.worktree / "plain.txt").write_text("precious\n")
    with pytest.raises(InvalidState, match="in the way: plain"):
        await _refuse(daemon, task, paths=[b"moved", b"new"])
    assert (task.worktree / "plain.txt").read_text() == "precious\n"
    assert (task.worktree / "new").exists()
    assert not await _decided(daemon, task)
    await _refuse(daemon, task, paths=[b"new"])


# The prompt is what `sh` is told to do first; a later one is written down.
_AGENT = r"""
[agents.latest]
title = "Latest"
bin = "/bin/sh"
start = ["-c", "{prompt}"]
resume = ["-c", "printf '%s\n' \"$0\" > ../told", "{prompt}"]
"""


@pytest.fixture
def told(paths: Any, daemon: Any) -> Callable[..., Any]:
    """Send an agent a prompt; give what it was told."""

    async def send(task: Task, text: str) -> str:
        await daemon.core.tasks.send_prompt(task.id, text)
        await daemon.until(task.id, State.REVIEW)
        return (task.worktree.parent / "told").read_text()

    paths.user_config.parent.mkdir(parents=True)
    paths.user_config.write_text(_AGENT)
    return send


async def test_the_agent_is_told_once_what_was_decided(daemon: Any, told: Any):
    task = await daemon.done(_EDIT, agent="latest")
    hunks = await _hunks(daemon, task)
    await _take(daemon, task, hunks["LINE 3"], hunks["LINE 9"])
    await _refuse(daemon, task, hunks["new"])
    (task.worktree / "tool").write_text("my own\n")
    heard = await told(task, "go on")
    assert "- taken into main: text (2 parts)\n" in heard
    assert "- refused, and put back" in heard
    assert "asked to: new\n" in heard
    assert "keep what is there now: tool\n\n" in heard
    assert heard.endswith("\n\ngo on\n")
    assert await told(task, "and on") == "and on\n"


async def test_edits_by_a_person_are_told_as_they_are_at_last(daemon: Any, told: Any):
    task = await daemon.done(_EDIT, agent="latest")
    tool, other = task.worktree / "tool", task.worktree / "other"
    before = tool.read_text()
    tool.write_text("mine\n")
    other.write_text("mine too\n")
    await daemon.core.checkpointing.take(task.id)
    with pytest.raises(InvalidState, match="has no change in"):
        await _refuse(daemon, task, paths=[b"elsewhere"])
    assert ("edited", "other") in await _decided(daemon, task)
    other.unlink()
    await _refuse(daemon, task, paths=[b"new"])
    assert ("edited", "tool") in await _decided(daemon, task)
    heard = await told(task, "go on")
    assert "there now: tool\n" in heard
    tool.write_text(before)
    heard = await told(task, "go on")
    assert "there now: tool" in heard
    assert await told(task, "go on") == "go on\n"


async def test_a_person_who_gives_more_to_do_has_looked(daemon: Any, told: Any):
    task = await daemon.done(_EDIT, agent="latest")
    assert daemon.core.book.get(task.id).looked is None
    await told(task, "go on")
    shown = await daemon.core.reviewing.changes(task.id, Asked(old="looked"))
    assert not shown.files


async def test_what_could_not_be_said_is_said_the_next_time(
    daemon: Any, told: Any, monkeypatch: pytest.MonkeyPatch
):
    task = await daemon.done(_EDIT, agent="latest")
    await _refuse(daemon, task, paths=[b"new"])
    starter = daemon.core.tasks._starter

    async def fails(*_: object, **__: object) -> None:
        raise InvalidState("no")

    with monkeypatch.context() as patched:
        patched.setattr(starter, "start_agent", fails)
        with pytest.raises(InvalidState, match="no"):
            await daemon.core.tasks.send_prompt(task.id, "go on")
    assert "refused" in await told(task, "go on")


_STEPS: dict[str, list[tuple[Any, str]]] = {
    "take": [
        (checkpoint.Checkpointer, "take"),
        (accepting, "with_kept"),
        (merging, "part_of_work"),
        (book.TaskBook, "note"),
        (merging, "advance_branch"),
        (deciding.Deciding, "keep"),
        (book.TaskBook, "finish"),
    ],
    "refuse": [
        (refusing, "with_kept"),
        (book.TaskBook, "note"),
        (refusing, "rewrite"),
        (deciding.Deciding, "keep"),
        (book.TaskBook, "finish"),
    ],
}
_CASES = [
    (operation, step, when)
    for operation, steps in _STEPS.items()
    # Before a step is after the one that came before it.
    for step, when in [(0, "before"), *((step, "after") for step in range(len(steps)))]
]


def _die(
    monkeypatch: pytest.MonkeyPatch, daemon: Any, owner: Any, name: str, when: str
) -> None:
    """Let the daemon end before or after the first call of a function."""
    original = getattr(owner, name)

    async def dying(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            await original(*args, **kwargs)
        daemon.core.tasks._starter.closing = True
        raise asyncio.CancelledError

    monkeypatch.setattr(owner, name, dying)


async def _finished(daemon: Any) -> None:
    running = daemon.core.background._running
    await asyncio.gather(
        *(one for one in running if one.get_name().startswith("finish"))
    )


def _names(hunks: Iterable[Hunk]) -> set[bytes]:
    return {hunk.path for hunk in hunks}


@pytest.mark.full
@pytest.mark.parametrize(("operation", "step", "when"), _CASES)
async def test_a_daemon_that_ends_on_the_way_is_no_half_decision(
    start: Any,
    text: Path,
    git: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    step: int,
    when: str,
):
    async with start() as daemon:
        task = await daemon.done(_EDIT)
    with monkeypatch.context() as patched:
        async with start() as daemon:
            hunks = await _hunks(daemon, task)
            _die(patched, daemon, *_STEPS[operation][step], when)
            act = _take if operation == "take" else _refuse
            with contextlib.suppress(asyncio.CancelledError):
                await act(daemon, task, hunks["LINE 9"], hunks["new"])
    async with start() as daemon:
        await _finished(daemon)
        decided = await _decided(daemon, task)
        done = bool(decided)
        if operation == "take":
            assert decided in (set(), {("taken", "text"), ("taken", "new")})
            assert ("LINE 9" in text.read_text()) == done
            assert (daemon.root / "new").exists() == done
        else:
            assert decided in (set(), {("refused", "text"), ("refused", "new")})
            assert ("LINE 9" in (task.worktree / "text").read_text()) != done
            assert (task.worktree / "new").exists() != done
        assert git(daemon.root, "status", "--porcelain") == ""
        left = await _hunks(daemon, task)
        assert {b"text", b"moved", b"tool"} <= _names(left.values())
        await _refuse(daemon, task, left["LINE 3"])  # and life goes on
        assert daemon.core.book.get(task.id).state is State.REVIEW


async def test_files_that_a_refusal_left_half_way_are_finished(
    start: Any, monkeypatch: pytest.MonkeyPatch
):
    async with start() as daemon:
        task = await daemon.done(_EDIT)
    with monkeypatch.context() as patched:
        async with start() as daemon:
            hunks = await _hunks(daemon, task)
            _die(patched, daemon, refusing, "rewrite", "before")
            with contextlib.suppress(asyncio.CancelledError):
                await _refuse(daemon, task, hunks["LINE 9"], hunks["new"])
    (task.worktree / "new").unlink()  # as git does, one after the other
    (task.worktree / "text").write_text(_TEXT[:50])
    (daemon.core.paths.state / "indexes" / f"{task.id}.lock").touch()
    async with start() as daemon:
        await _finished(daemon)
        changed = _TEXT.replace("line 3\n", "LINE 3\n")
        changed = changed.replace("line 20\n", "LINE 20\n")
        assert (task.worktree / "text").read_text() == changed
        assert not (task.worktree / "new").exists()


async def test_a_target_that_moves_at_that_moment_is_refused_and_noted_nowhere(
    daemon: Any, text: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    task = await daemon.done(_EDIT)
    hunks = await _hunks(daemon, task)
    original = merging.advance_branch

    async def moved(*args: Any, **kwargs: Any) -> Any:
        git(daemon.root, "commit", "-q", "--allow-empty", "-m", "meanwhile")
        return await original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(merging, "advance_branch", moved)
        with pytest.raises(TargetMoved):
            await _take(daemon, task, hunks["LINE 9"])
    assert text.read_text() == _TEXT
    assert not await _decided(daemon, task)
    await _take(daemon, task, hunks["LINE 9"])


async def test_what_can_not_be_without_another_is_refused_whole(
    daemon: Any, git: Callable[..., str]
):
    task = await daemon.done("rm plain.txt; mkdir plain.txt; echo in > plain.txt/in")
    before = git(daemon.root, "rev-parse", "main")
    with pytest.raises(InvalidState, match=r"in can't be taken without plain\.txt:"):
        await _take(daemon, task, paths=[b"plain.txt/in"])
    assert git(daemon.root, "rev-parse", "main") == before
    hunks = await _hunks(daemon, task)
    (gone,) = (one for one in hunks.values() if one.path == b"plain.txt")
    with pytest.raises(InvalidState, match=r"put back without plain\.txt/in"):
        await _refuse(daemon, task, gone)
    assert (task.worktree / "plain.txt/in").read_text() == "in\n"
    await _take(daemon, task, gone)
    assert not (daemon.root / "plain.txt").exists()
