"""Merge: from asking for a task's merge to its target and checkout being there.

A task has changed 20 files of a large repository, and the target is checked out. Ours
is asked for through a client on `agentls lsp`, and taken back by `undoMerge` before
the next round. Beside it, in the same checkout: `git merge --squash` of a branch with
the same change, and `git commit`, taken back by `git reset --keep`.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from figures import Line, medians
from peers import until
from stage import Editor, fill, fresh_home, open_editor, repository

__all__ = ["measure"]

_RATIO = 1.2
_OVER = 30.0
_CHANGED = 20
_A_FOLDER = 100


def measure(rounds: int, *, files: int) -> list[Line]:
    """Give the line of merging into a repository of so many files."""
    with fresh_home() as env:
        home = Path(env["HOME"])
        (home / ".gitconfig").write_text("[user]\nname = b\nemail = b@example.com\n")
        root = repository(home)
        fill(root, files=files)
        step = files // _CHANGED
        edit = (
            f"for n in $(seq 0 {step} {files - 1}); do"
            f" echo more >> d$((n/{_A_FOLDER}))/f$n.txt; done"
        )
        with open_editor(env, root=root) as editor:
            task, _ = editor.begin(f"{edit}; git add -A; git commit -qm work")
            until(lambda: _info(editor, task)["state"] == "review")
            branch = _info(editor, task)["branch"]
            found = medians(
                {
                    "ours": _ours(editor, task),
                    "git": _git(root, branch, env=env),
                },
                rounds=rounds,
            )
    limit = _RATIO * found["git"] + _OVER
    return [
        Line(
            name=f"merge, {files:,} files, {_CHANGED} changed",
            agentls=found["ours"],
            peer_name="git merge --squash, git commit",
            peer=found["git"],
            target=f"≤ {_RATIO} × it + {_OVER:.0f} ms",
            met=found["ours"] <= limit,
        )
    ]


def _info(editor: Editor, task: str) -> dict[str, str]:
    info: dict[str, str] = editor.execute("getTask", task=task)["task"]
    return info


def _ours(editor: Editor, task: str) -> Callable[[], float]:
    def merged() -> float:
        begun = time.perf_counter()
        editor.execute("mergeTask", task=task)
        took = time.perf_counter() - begun
        editor.execute("undoMerge", task=task)
        return took

    return merged


def _git(root: Path, branch: str, *, env: dict[str, str]) -> Callable[[], float]:
    def run(*args: str) -> None:
        subprocess.run(["git", *args], cwd=root, env=env, check=True)

    def merged() -> float:
        begun = time.perf_counter()
        run("merge", "--squash", "-q", branch)
        run("commit", "-qm", "merged")
        took = time.perf_counter() - begun
        run("reset", "-q", "--keep", "HEAD^")
        return took

    return merged
