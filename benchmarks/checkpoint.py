"""Checkpoint: saving a worktree of many files of which few or many have changed.

Ours is asked for through a client on `agentls lsp`: the answer comes when the commit,
its reference, its row and the size of the change are there. Beside it, in the same
worktree after the same edits: `git add -A` on a copy of the worktree's index, and
`git write-tree`. With nothing changed, ours finds the last checkpoint again.
"""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from figures import Line, medians
from peers import until
from stage import Editor, fill, fresh_home, open_editor, repository

__all__ = ["measure"]

_RATIO = 1.2
_CHANGED = (0, 10, 1_000)
_A_FOLDER = 100


def measure(rounds: int, *, files: int) -> list[Line]:
    """Give the lines of saving a worktree of so many files."""
    with fresh_home() as env:
        root = repository(Path(env["HOME"]))
        fill(root, files=files)
        with open_editor(env, root=root) as editor:
            task, _ = editor.begin("true")
            until(lambda: _info(editor, task)["state"] == "review")
            worktree = Path(_info(editor, task)["worktree"].removeprefix("file://"))
            return [
                _line(editor, task, worktree, rounds=rounds, files=files, changed=many)
                for many in _CHANGED
            ]


def _line(
    editor: Editor, task: str, worktree: Path, *, rounds: int, files: int, changed: int
) -> Line:
    found = medians(
        {
            "ours": _edited(
                worktree, changed, lambda: editor.execute("checkpoint", task=task)
            ),
            "git": _edited(worktree, changed, lambda: _git(worktree)),
        },
        rounds=rounds,
    )
    return Line(
        name=f"checkpoint, {files:,} files, {changed:,} changed",
        agentls=found["ours"],
        peer_name="git add -A, write-tree",
        peer=found["git"],
        target=f"≤ {_RATIO} × it",
        met=found["ours"] <= _RATIO * found["git"],
    )


def _info(editor: Editor, task: str) -> dict[str, str]:
    info: dict[str, str] = editor.execute("getTask", task=task)["task"]
    return info


def _edited(
    worktree: Path, changed: int, ask: Callable[[], object]
) -> Callable[[], float]:
    """Time a question after so many files were edited."""
    count = itertools.count()

    def once() -> float:
        text = f"edit {next(count)} of {ask}\n"
        for number in range(changed):
            file = worktree / f"d{number // _A_FOLDER}" / f"f{number}.txt"
            file.write_text(text)
        began = time.perf_counter()
        ask()
        return time.perf_counter() - began

    return once


def _git(worktree: Path) -> None:
    admin = (worktree / ".git").read_text().removeprefix("gitdir: ").strip()
    copy = Path(admin) / "bench-index"
    shutil.copy2(Path(admin) / "index", copy)
    environ = os.environ | {"GIT_INDEX_FILE": str(copy)}
    for args in (("add", "-A"), ("write-tree",)):
        subprocess.run(
            ["git", *args],
            cwd=worktree,
            env=environ,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    copy.unlink()
