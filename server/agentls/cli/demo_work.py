"""What the demo's three agents do: real edits, and numbered lines to be counted.

They are shell scripts for the `shell` agent. Each waits for a file to appear, so
that all three work at the same time however slow the machine is.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import GitFailed

__all__ = ["LINES", "Work", "edited_file", "expected_output", "git", "works"]

LINES = 50
_PACE = 0.06  # seconds between two lines of an agent's output
_GIT_TIMEOUT = 60.0
_TEXT_MAX = 1 << 20
_DOING = {"headline": "reading", "notes": "writing", "rival": "editing"}
_OF_A_REPOSITORY = frozenset(
    {
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
"""What git sets for its hooks: it leads to another repository than the folder's."""


@attrs.frozen(kw_only=True)
class Work:
    """One task of the demo."""

    name: str
    title: str
    script: str


def works(*, edited: str, gate: Path) -> tuple[Work, Work, Work]:
    """Make the tasks: one commits, one doesn't, one collides with the first."""
    file = shlex.quote(f"./{edited}")
    return (
        Work(
            name="headline",
            title="Put a headline on top, and commit it",
            script=_script(
                "headline",
                gate,
                _first_line(file, "Reviewed in an editor, merged with one key."),
                "git add -A",
                "git -c user.name=Agent -c user.email=agent@example.invalid"
                " commit --quiet -m 'Add a headline'",
            ),
        ),
        Work(
            name="notes",
            title="Write notes, without committing them",
            script=_script(
                "notes",
                gate,
                "mkdir -p agentls-demo",
                "printf 'Notes of an agent.\\n' > agentls-demo/notes.txt",
                "printf 'More of them.\\n' > 'agentls-demo/with a space.txt'",
            ),
        ),
        Work(
            name="rival",
            title="Change the same line in another way",
            script=_script(
                "rival", gate, _first_line(file, "A line that another agent wrote too.")
            ),
        ),
    )


def expected_output(name: str) -> bytes:
    """Give the bytes that a task's terminal shows, when none is missing."""
    return b"".join(
        f"{_DOING[name]}, step {number} of {LINES}\r\n".encode()
        for number in range(1, LINES + 1)
    )


def edited_file(repository: Path) -> str:
    """Choose the file that two tasks edit: a README, else the first text file.

    A repository without one gets `agentls-demo.txt`, which both then add.
    """
    names = git(repository, "ls-files", "-z", "--", ":!:.git*").split("\0")
    names.sort(key=lambda name: ("/" in name, not name.upper().startswith("README")))
    for name in filter(None, names):
        path = repository / name
        if _is_text(path) and name.isprintable():
            return name
    return "agentls-demo.txt"


def git(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> str:
    """Run git and give what it prints, without the last line feed."""
    given = os.environ if environment is None else environment
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={k: v for k, v in given.items() if k not in _OF_A_REPOSITORY},
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise GitFailed(f"git {arguments[0]} failed: {said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(f"git {arguments[0]} failed: {error}") from error
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def _script(name: str, gate: Path, *work: str) -> str:
    waiting = f"until [ -e {shlex.quote(str(gate))} ]; do sleep 0.02; done"
    counting = (
        f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1));"
        f' echo "{_DOING[name]}, step $i of {LINES}"; sleep {_PACE}; done'
    )
    return "\n".join(["set -e", waiting, counting, *work, ""])


def _first_line(file: str, text: str) -> str:
    """Put a line on top of a file; it needs no tool that a Mac hasn't."""
    return (
        f"{{ printf '%s\\n\\n' {shlex.quote(text)}; cat {file} 2>/dev/null || :; }}"
        f" > .agentls-demo-new; cat .agentls-demo-new > {file}; rm .agentls-demo-new"
    )


def _is_text(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _TEXT_MAX:
        return False
    data = path.read_bytes()
    return bool(data) and b"\0" not in data
