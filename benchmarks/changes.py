"""Changes: from asking for a task's change to the list of its files.

A task has changed many files of a repository of as many and more, two lines in each,
and its end was a checkpoint. Before each question a person edits one file, so no list
is known from before. Ours is asked through a client on `agentls lsp`: the first page
(1,000 files) with the figures of all. Beside it, in the same worktree: the `git diff`
that lists the same with counts, and GitPython's `diff()`, which has counts only in its
patch.
"""

import itertools
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from figures import Line, medians
from git import Repo
from peers import until
from stage import Editor, fresh_home, open_editor, repository

__all__ = ["measure"]

_RATIO = 1.3
_OVER = 10.0
_GIT = ("git", "diff", "--raw", "--numstat", "-z", "-M", "--end-of-options")
_LINES = "".join(f"line {number}\n" for number in range(40))
_IDENTITY = ("-c", "user.name=b", "-c", "user.email=b@b")


def measure(rounds: int, *, sizes: tuple[int, ...]) -> list[Line]:
    """Give the lines of listing changes of so many files."""
    return [line for size in sizes for line in _measure(rounds, files=size)]


def _measure(rounds: int, *, files: int) -> list[Line]:
    with fresh_home() as env:
        root = repository(Path(env["HOME"]))
        base = _fill(root, files=files)
        script = (
            f"sed -i '3s/^/a /; 30s/^/a /' $(seq -f 'd%.0f/*' 0 {files // 100 - 1})"
        )
        with open_editor(env, root=root) as editor:
            task, _ = editor.begin(script)
            until(lambda: _info(editor, task)["state"] == "review")
            worktree = Path(_info(editor, task)["worktree"].removeprefix("file://"))
            with Repo(worktree) as repo:
                found = medians(
                    {
                        "ours": _edited(worktree, lambda: _ours(editor, task, files)),
                        "git": _edited(worktree, lambda: _git(worktree, base)),
                        "GitPython": _edited(
                            worktree, lambda: _gitpython(repo, base, files)
                        ),
                    },
                    rounds=rounds,
                )
    ours, git = found["ours"], found["git"]
    name = f"changes, {files:,} files"
    return [
        Line(
            name=name,
            agentls=ours,
            peer_name="git diff --raw --numstat -z -M",
            peer=git,
            target=f"≤ {_RATIO} × it + {_OVER:.0f} ms",
            met=ours <= _RATIO * git + _OVER,
        ),
        Line(
            name=name,
            agentls=ours,
            peer_name="GitPython diff()",
            peer=found["GitPython"],
        ),
    ]


def _fill(root: Path, *, files: int) -> str:
    """Commit that many files to be changed, and as many that stay."""
    for number in range(files * 2):
        name = root / f"{'d' if number < files else 'e'}{number % files // 100}"
        name.mkdir(exist_ok=True)
        (name / f"f{number}.txt").write_text(f"file {number}\n{_LINES}")
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    subprocess.run(["git", *_IDENTITY, "commit", "-qm", "files"], cwd=root, check=True)
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=root, text=True)
    return head.strip()


def _info(editor: Editor, task: str) -> dict[str, str]:
    info: dict[str, str] = editor.execute("getTask", task=task)["task"]
    return info


def _edited(worktree: Path, ask: Callable[[], None]) -> Callable[[], float]:
    """Time a question after an edit."""
    count = itertools.count()

    def once() -> float:
        with (worktree / "d0" / "f0.txt").open("a") as file:
            file.write(f"edit {next(count)}\n")
        began = time.perf_counter()
        ask()
        return time.perf_counter() - began

    return once


def _ours(editor: Editor, task: str, files: int) -> None:
    assert editor.execute("changes", task=task)["count"] == files


def _git(worktree: Path, base: str) -> None:
    subprocess.run([*_GIT, base], cwd=worktree, check=True, stdout=subprocess.PIPE)


def _gitpython(repo: Repo, base: str, files: int) -> None:
    assert len(repo.commit(base).diff(None, create_patch=True)) == files
