"""A hundred sessions in one repository: queued, killed under, reviewed, merged."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

FULL = os.environ.get("AGENTLS_TEST_FULL") == "1"
TASKS = 100 if FULL else 12
FILES = 5000 if FULL else 200
PLACES = 8 if FULL else 4
KILLS = 5

EDITS = "seq 300; echo {n} > made-{n}.txt; echo edited {n} > file-{n}.txt"
COMMITS = (
    "echo committed {n} > file-{n}.txt; git add -A; git commit -qm 'by {n}';"
    " echo more > left-{n}.txt"
)
COLLIDES = "echo {n} > shared.txt"
CRASHES = "echo half > file-{n}.txt; exit 3"
WAITS = (
    "stty -icanon -echo; echo 'May I edit {n}?'; read -r answer;"
    " printf '\\033[H\\033[2J'; echo $answer {n} > file-{n}.txt"
)
KINDS = (EDITS, COMMITS, COLLIDES, CRASHES, WAITS)

CONFIG = """
[limits]
max_parallel = {places}

[agents.script]
bin = "/bin/sh"
start = ["-ec", "{{prompt}}"]

[agents.script.dialogs.edit]
match = 'May I edit (?P<what>[0-9]+)\\?'
kind = "permission"
reason = "It wants to edit {{what}}"
choices.allow = {{ keys = "allowed\\r" }}
"""

REST = ("review", "failed", "interrupted")


def _expected(number: int) -> dict[str, str]:
    """Give what a task alone makes of the files."""
    return {
        EDITS: {
            f"made-{number}.txt": f"{number}\n",
            f"file-{number}.txt": f"edited {number}\n",
        },
        COMMITS: {
            f"file-{number}.txt": f"committed {number}\n",
            f"left-{number}.txt": "more\n",
        },
        COLLIDES: {"shared.txt": f"{number}\n"},
        WAITS: {f"file-{number}.txt": f"allowed {number}\n"},
    }[_kind(number)]


def _kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


@pytest.fixture
def large(repository: Path, git) -> Path:
    for number in range(FILES):
        (repository / f"file-{number}.txt").write_text("as it was\n")
    (repository / "shared.txt").write_text("nobody\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "many files")
    return repository


@pytest.mark.timeout(1800)
async def test_all_are_reviewed_one_by_one_whatever_dies(
    open_editor, large: Path, home, git, say
):
    say(f"{TASKS} tasks, {FILES} files, {KILLS} kills")
    config = Path(home.environ["AGENTLS_CONFIG_DIR"]) / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG.format(places=PLACES))
    editor = await open_editor(large)
    began = git(large, "rev-parse", "HEAD")
    prompts = [_kind(n).format(n=n) for n in range(TASKS)]
    made = await editor.execute(
        "createTasks", text=json.dumps(prompts), format="json", agent="script"
    )
    numbers = {item.task.id: n for n, item in enumerate(made.items)}

    for kill in range(1, KILLS + 1):
        await _rested(editor, numbers, at_least=TASKS * kill // (KILLS + 2))
        pid = json.loads((home.state / "daemon.json").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        await editor.until(lambda wanted=kill: editor.reconnected == wanted, "again")
        for task in (await editor.execute("listTasks")).tasks:
            editor.learn(task)
    await _rested(editor, numbers, at_least=TASKS)
    crashed = {name for name, n in numbers.items() if _kind(n) is CRASHES}
    states = {name: editor.tasks[name].state for name in numbers}
    assert {name for name in numbers if states[name] != "review"} == crashed, states

    files: dict[str, str] = {}
    merged: list[str] = []
    refused = 0
    while (found := await editor.execute("nextReview")).task:
        number = numbers[found.task.id]
        if await _merged(editor, found.task.id):
            files |= _expected(number)
            merged.append(found.task.id)
        else:
            assert _kind(number) is COLLIDES
            refused += 1
    assert refused == sum(_kind(n) is COLLIDES for n in range(TASKS)) - 1
    for name in numbers:
        if name in crashed or editor.tasks[name].state == "merged":
            await editor.execute("discardTask", task=name)

    everything = (await editor.execute("listTasks", discarded=True)).tasks
    assert not any(one.live for task in everything for one in task.sessions)
    # The sum is what the merges of the parts give, and nothing is left behind.
    for name, content in files.items():
        assert (large / name).read_text() == content
    assert git(large, "status", "--porcelain") == ""
    told = git(large, "diff", "--name-only", began, "HEAD").split()
    assert sorted(told) == sorted(files)
    by_hand = _apply_in_order(git, large, merged, since=began)
    assert git(large, "rev-parse", "HEAD^{tree}") == by_hand
    git(large, "fsck", "--strict", "--no-dangling")
    listed = git(large, "worktree", "list", "--porcelain")
    assert listed.count("\nbranch ") == 1  # no task's, and the pool's is on none
    assert listed.count("worktree ") <= 2
    assert git(large, "for-each-ref", "--format=%(refname)", "refs/heads").split() == [
        "refs/heads/main"
    ]


def _apply_in_order(
    git: Callable[..., str], repository: Path, tasks: list[str], *, since: str
) -> str:
    """Apply the tasks' last checkpoints as patches with git alone; give the tree."""
    clone = repository.parent / "by-hand"
    git(repository, "clone", "-q", "--no-checkout", ".", str(clone))
    git(clone, "checkout", "-q", "--detach", since)
    for task in tasks:
        patch = git(repository, "diff", "--binary", since, f"refs/agentls/{task}")
        git(clone, "apply", "--index", "-", stdin=f"{patch}\n".encode())
    return git(clone, "write-tree")


async def _rested(editor: Any, numbers: dict[str, int], *, at_least: int) -> None:
    """Wait until so many rest, and allow what is asked meanwhile.

    Each that comes to rest or asks begins the time anew.
    """

    def known(*states: str) -> set[str]:
        return {
            name
            for name in numbers
            if name in editor.tasks and editor.tasks[name].state in states
        }

    while len(at_rest := known(*REST)) < at_least:
        asking = known("waiting")
        for name in asking:
            await editor.execute("respond", task=name, choice="allow")
        await editor.until(
            lambda at_rest=at_rest, asking=asking: (
                known(*REST) - at_rest or known("waiting") - asking
            ),
            f"more than {len(at_rest)} of {at_least} at rest",
        )


async def _merged(editor: Any, task: str) -> bool:
    """Merge a task; one that conflicts is discarded."""
    try:
        await editor.execute("mergeTask", task=task)
    except JsonRpcException as error:
        if error.data["kind"] != "conflict":
            raise
        await editor.execute("discardTask", task=task)
        return False
    await editor.until_state(task, "merged")
    return True
