"""Each check of a train begins in a worktree like a task's own, whatever ran before."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentls.model import SessionKind
from agentls.review.train import Train
from agentls.sessions.output import last_text
from agentls.tasks.starting import silent

LEAVES = """\
test ! -e out && test ! -e empty && test ! -e kept.pyc && test ! -e made/extra
mkdir empty out; echo 1 > out/file; echo 1 > kept.pyc; echo 1 >> plain.txt
test ! -d made || echo 1 > made/extra; mkdir -p out/locked; chmod 555 out
"""
"""It fails where it finds what it leaves."""


@pytest.fixture
def configure(paths: Any, git: Callable[..., str], repository: Path) -> Any:
    """Write the user's own configuration."""
    (repository / ".gitignore").write_text("*.pyc\nmade\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "what isn't to be kept")

    def write(*checks: str, more: str = "") -> None:
        paths.config.mkdir(exist_ok=True)
        text = more
        for number, run in enumerate(checks):
            text += f"\n[checks.c{number}]\nrun = {json.dumps(run)}\n"
        paths.user_config.write_text(text)

    return write


async def _checked(daemon: Any) -> Train:
    return await daemon.core.trains.run(
        daemon.root, tasks=None, target=None, check=True, merge=False, progress=silent
    )


def _outcomes(train: Train) -> list[str]:
    return [one.outcome.value for one in train.checks]


def _outputs(daemon: Any, title: str) -> list[str]:
    return [
        last_text(daemon.core.paths.sessions / session.id, size=1 << 16)
        for task in daemon.core.book.tasks()
        for session in daemon.core.book.sessions(task.id)
        if session.kind is SessionKind.TRAIN and session.title.startswith(title)
    ]


@pytest.mark.parametrize("setup", [False, True])
async def test_no_check_finds_what_another_one_left(
    daemon: Any, configure: Any, *, setup: bool
):
    for name in "ab":
        await daemon.done(f"touch {name}")
    script = "mkdir made; echo 1 > made/file; echo made"
    configure(LEAVES, LEAVES, more=f"setup = '{script}'\n" if setup else "")
    train = await _checked(daemon)
    assert _outcomes(train) == ["passed", "passed"]
    again = await _checked(daemon)  # what was checked is known
    assert again.checks == train.checks


async def test_what_setup_made_stays_and_comes_back_when_a_check_spoils_it(
    daemon: Any, configure: Any
):
    await daemon.done("touch a")
    sound = "test $(cat made/file) = 1; pwd; "
    configure(
        sound,
        sound + "echo spoilt > made/file",
        sound + "rm made/file",
        sound,
        more="setup = 'mkdir made; echo 1 > made/file'\n",
    )
    assert _outcomes(await _checked(daemon)) == ["passed"] * 4
    where = [_outputs(daemon, f"c{number}")[0].split()[-1] for number in range(4)]
    assert where[0] == where[1]
    assert len(set(where)) == 3  # what can't be brought back is made anew
    assert len(_outputs(daemon, "setup")) == 3


async def test_the_setup_is_that_of_the_commit_that_is_checked(
    daemon: Any, configure: Any
):
    """Who breaks a check is looked for among others' lock files, so to say."""
    for name in "abc":
        await daemon.done(f"echo {name} > {name}")
    # As a fresh worktree has it: made of what is there, and of nothing else.
    same = "cat a b c 2>/dev/null | cmp - made/all"
    configure(
        f"{same} && test ! -e b", more="setup = 'mkdir made; cat [abc] > made/all'\n"
    )
    train = await _checked(daemon)
    assert [car.outcome.value for car in train.cars] == ["clean", "breaks", "clean"]


async def test_what_setup_changes_of_the_commits_own_files_is_there_for_each_check(
    daemon: Any, configure: Any
):
    await daemon.done("touch a")
    run = "grep -q set plain.txt; test $(grep -c set plain.txt) = 1"
    configure(run, run, more="setup = 'echo set up >> plain.txt'\n")
    assert _outcomes(await _checked(daemon)) == ["passed"] * 2


async def test_a_train_is_set_up_from_what_setups_made_before(
    daemon: Any, configure: Any
):
    await daemon.trust()
    cache = '[cache]\npaths = "made"\nkeys = "plain.txt"\nplain_copy = "always"\n'
    setup = "setup = 'echo run; mkdir made; echo 1 > made/file'\n"
    configure(more=setup + cache + "skip_setup = true\n")
    await daemon.done("touch a")
    await daemon.done("touch b")
    configure(
        "test -e made/file && test ! -e b",
        "cat made/file",
        more=setup + cache + "skip_setup = true\n",
    )
    train = await _checked(daemon)
    assert [car.outcome.value for car in train.cars] == ["clean", "breaks"]
    assert _outputs(daemon, "setup") == []


async def test_a_check_may_make_of_git_what_it_likes(
    daemon: Any, configure: Any, git: Callable[..., str]
):
    await daemon.done("touch a")
    spoil = [
        "git checkout -qb other",
        "git commit -q --allow-empty -m more",
        "touch b; git add b; git rm -q a",
        "git rev-parse --git-dir | xargs -I {} touch {}/index.lock",
        "git init -q nested; touch nested/file",
    ]
    look = "test -e a; test ! -e b; test ! -e nested; "
    configure(*(look + one for one in spoil), look + "git status --porcelain; true")
    train = await _checked(daemon)
    assert _outcomes(train) == ["passed"] * 6
    assert _outputs(daemon, "c5")[0].splitlines()[1:] == []
    assert git(daemon.root, "log", "-1", "--format=%s") != "more"


async def test_submodules_are_there_for_each_check(
    daemon: Any, configure: Any, git: Callable[..., str], tmp_path: Path
):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    (library / "code").write_text("1\n")
    git(library, "add", ".")
    git(library, "commit", "-qm", "first")
    git(daemon.root, "submodule", "--quiet", "add", str(library), "library")
    git(daemon.root, "commit", "-qm", "library")
    await daemon.done("touch a")
    run = "test $(cat library/code) = 1; echo 2 > library/code; touch library/left"
    configure(run, f"test ! -e library/left; {run}")
    assert _outcomes(await _checked(daemon)) == ["passed"] * 2
