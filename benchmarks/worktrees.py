"""Create and remove: a task's worktree comes, and goes.

Create: from asking for a task, through a client on `agentls lsp`, to the answer, which
comes when its agent was started. Cold there is no worktree ready, warm there is one in
the pool. Remove: from asking for a discard to its answer, by when the worktree is out
of sight and its work kept. Beside them, in the same repository: `git worktree add` of a
new branch and `git worktree remove --force`.
"""

import contextlib
import itertools
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from figures import Line, medians
from peers import until
from stage import Editor, fill, fresh_home, open_editor, repository

__all__ = ["measure_create", "measure_remove"]

_COLD, _OVER = 1.2, 50.0
_WARM = 0.10
_REMOVE = 0.05
_WARM_AT = 50_000
"""The number of files from which on the target for warm holds."""


def measure_create(rounds: int, *, sizes: Sequence[int]) -> list[Line]:
    """Give the lines of creating tasks in repositories of so many files."""
    return [line for files in sizes for line in _create(rounds, files=files)]


def measure_remove(rounds: int, *, files: int) -> list[Line]:
    """Give the line of discarding a task in a repository of so many files."""
    with fresh_home() as env:
        root = _repository(env, files=files)
        with open_editor(env, root=root) as editor:
            found = medians(
                {"ours": _discards(editor), "git": _removes(root, env=env)},
                rounds=rounds,
            )
    return [
        Line(
            name=f"remove, {files:,} files",
            agentls=found["ours"],
            peer_name="git worktree remove --force",
            peer=found["git"],
            target=f"≤ {_REMOVE} × it",
            met=found["ours"] <= _REMOVE * found["git"],
        )
    ]


def _create(rounds: int, *, files: int) -> list[Line]:
    found: dict[str, float] = {}
    for name, size in (("cold", 0), ("warm", 1)):
        with fresh_home() as env:
            _set_pool(env, size)
            root = _repository(env, files=files)
            with open_editor(env, root=root) as editor:
                timed = medians(
                    {
                        name: _creates(editor, env, warm=bool(size)),
                        f"git {name}": _adds(root, env=env),
                    },
                    rounds=rounds,
                )
                found |= timed
    cold = _COLD * found["git cold"] + _OVER
    warm = files >= _WARM_AT
    return [
        Line(
            name=f"create, {files:,} files, cold",
            agentls=found["cold"],
            peer_name="git worktree add",
            peer=found["git cold"],
            target=f"≤ {_COLD} × it + {_OVER:.0f} ms",
            met=found["cold"] <= cold,
        ),
        Line(
            name=f"create, {files:,} files, warm",
            agentls=found["warm"],
            peer_name="git worktree add",
            peer=found["git warm"],
            target=f"≤ {_WARM:.2f} × it" if warm else "told only",
            met=found["warm"] <= _WARM * found["git warm"] if warm else None,
        ),
    ]


def _repository(env: Mapping[str, str], *, files: int) -> Path:
    root = repository(Path(env["HOME"]))
    fill(root, files=files)
    return root


def _set_pool(env: Mapping[str, str], size: int) -> None:
    file = Path(env["AGENTLS_CONFIG_DIR"], "config.toml")
    file.write_text(file.read_text().replace("pool = 0", f"pool = {size}"))


def _creates(
    editor: Editor, env: Mapping[str, str], *, warm: bool
) -> Callable[[], float]:
    made = itertools.count()

    def once() -> float:
        if warm and next(made):  # nothing is made ready before the first task
            until(lambda: _ready(env), within=300)
        began = time.perf_counter()
        editor.begin("true")
        took = time.perf_counter() - began
        editor.discard_all()
        return took

    return once


def _discards(editor: Editor) -> Callable[[], float]:
    def once() -> float:
        task, _ = editor.begin("true")
        until(lambda: editor.execute("getTask", task=task)["task"]["state"] == "review")
        began = time.perf_counter()
        editor.discard_all()
        return time.perf_counter() - began

    return once


def _ready(env: Mapping[str, str]) -> bool:
    with contextlib.closing(
        sqlite3.connect(Path(env["AGENTLS_STATE_DIR"], "agentls.db"))
    ) as database:
        (count,) = database.execute(
            "SELECT count(*) FROM pool WHERE state = 'ready'"
        ).fetchone()
        return bool(count)


def _adds(root: Path, *, env: Mapping[str, str]) -> Callable[[], float]:
    count = itertools.count()

    def once() -> float:
        name = f"peer{next(count)}"
        folder = str(root.parent / name)
        began = time.perf_counter()
        _git(root, "worktree", "add", "-q", "-b", name, folder, env=env)
        took = time.perf_counter() - began
        _git(root, "worktree", "remove", "--force", folder, env=env)
        return took

    return once


def _removes(root: Path, *, env: Mapping[str, str]) -> Callable[[], float]:
    count = itertools.count()

    def once() -> float:
        name = f"peer{next(count)}"
        folder = str(root.parent / name)
        _git(root, "worktree", "add", "-q", "-b", name, folder, env=env)
        began = time.perf_counter()
        _git(root, "worktree", "remove", "--force", folder, env=env)
        return time.perf_counter() - began

    return once


def _git(root: Path, *args: str, env: Mapping[str, str]) -> None:
    subprocess.run(
        ["git", *args], cwd=root, env=env, check=True, stdout=subprocess.DEVNULL
    )
