"""Forecast: 100 open tasks in a repository of 50,000 files, told what conflicts.

Each task changed 20 files, chosen at random of 3,500, in one place: about one pair of
nine has a file in common, as in a team's real work, and few of these conflict. Ours is
the forecast that the daemon holds, asked in this process: once with nothing known, the
user's checkout looked at as well; once after one task's checkpoint moved; and for one
saved file that five tasks change. Beside it, for all three, every pair of the tasks
given to one `git merge-tree --stdin`, which writes its results to a folder of its own.
"""

import asyncio
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs

from agentls.git.checkouts import list_checkouts
from agentls.git.repository import find_repository, head
from agentls.model import CommitId, TaskId
from agentls.review.forecast import Forecaster
from agentls.review.radar import touches
from agentls.review.sides import Subject
from figures import Line, medians

__all__ = ["measure"]

_TASKS = 100
_CHANGED = 20
_SPREAD = 3_500
_RATIO = 0.25
_MOVED_MS = 250
_RADAR_MS = 50
_LINES = [b"line %d\n" % number for number in range(40)]
_RADAR = "d0/f0.txt"
_ON_RADAR = ("t1", "t2", "t3", "t4", "t5")
"""The tasks that change that file."""


def measure(rounds: int, *, files: int) -> list[Line]:
    """Give the lines of the forecast in a repository of so many files."""
    with tempfile.TemporaryDirectory(prefix="agentls-bench-") as folder:
        root = Path(folder) / "repository"
        work = _Work(root=root, tips=_fill(root, files=files), folder=Path(folder))
        found = medians(
            {
                "nothing": lambda: _timed(work.from_nothing()),
                "moved": lambda: _timed(work.moved()),
                "radar": lambda: _timed(work.radar()),
            },
            rounds=rounds,
        )
        # It takes long, and is steady.
        peer = medians({"git": work.all_pairs}, rounds=min(rounds, 2), warm_up=False)
    git, name = peer["git"], f"forecast, {_TASKS} tasks"
    return [
        Line(
            name=f"{name}, from nothing",
            agentls=found["nothing"],
            peer_name="all pairs by git merge-tree --stdin",
            peer=git,
            target=f"≤ {_RATIO} ×",
            met=found["nothing"] <= _RATIO * git,
        ),
        Line(
            name=f"{name}, one moved",
            agentls=found["moved"],
            peer_name="all pairs by git merge-tree --stdin",
            peer=git,
            target=f"≤ {_MOVED_MS} ms",
            met=found["moved"] <= _MOVED_MS,
        ),
        Line(
            name="forecast, radar of one file",
            agentls=found["radar"],
            peer_name="all pairs by git merge-tree --stdin",
            peer=git,
            target=f"≤ {_RADAR_MS} ms",
            met=found["radar"] <= _RADAR_MS,
        ),
    ]


class _Work:
    """What is timed, in one repository."""

    def __init__(self, *, root: Path, tips: Sequence[CommitId], folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._base = tips[0]
        self._moves = tips[1:3]
        self._subjects = [
            Subject(
                task=TaskId(f"t{number}"),
                tip=tip,
                base=tips[0],
                prepared=None,
                wip=False,
                target="main",
            )
            for number, tip in enumerate(tips[3:])
        ]
        self._count = 0
        self._forecaster = Forecaster(folder / "none")
        self._repository = asyncio.run(find_repository(root))

    async def from_nothing(self) -> None:
        self._count += 1
        self._forecaster = Forecaster(self._folder / f"kept{self._count}")
        await self._update(look=True)

    async def moved(self) -> None:
        tip, self._moves = self._moves[0], self._moves[::-1]
        self._subjects[0] = attrs.evolve(self._subjects[0], tip=tip)
        await self._update(look=False)

    async def radar(self) -> None:
        text = b"".join([b"mine\n", *_LINES])
        found = await touches(
            self._forecaster, self._repository, os.fsencode(_RADAR), text
        )
        assert {touch.task for touch in found} >= set(_ON_RADAR), found

    async def _update(self, *, look: bool) -> None:
        repo = self._repository
        user = None
        if look:
            checkout = (await list_checkouts(repo))[0]
            user = await self._forecaster.read_user(repo, checkout, await head(repo))
        await self._forecaster.update(
            repo, self._subjects, targets={"main": self._base}, user=user
        )

    def all_pairs(self) -> float:
        """Give all pairs to git, and time it."""
        tips = [subject.tip for subject in self._subjects]
        asked = "".join(f"{one} {other}\n" for one, other in combinations(tips, 2))
        with tempfile.TemporaryDirectory(dir=self._folder) as objects:
            began = time.perf_counter()
            subprocess.run(
                ["git", "merge-tree", "--write-tree", "--stdin"],
                cwd=self._root,
                env=os.environ
                | {
                    "GIT_OBJECT_DIRECTORY": objects,
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{self._root}/.git/objects",
                },
                input=asked.encode(),
                stdout=subprocess.DEVNULL,
                check=True,
            )
            return time.perf_counter() - began


def _timed(work: Coroutine[Any, Any, None]) -> float:
    async def timed() -> float:
        began = time.perf_counter()
        await work
        return time.perf_counter() - began

    return asyncio.run(timed())


def _fill(root: Path, *, files: int) -> list[CommitId]:
    """Make the base, two more states of the first task, and the tasks' commits."""
    chance = random.Random(1)  # noqa: S311 - the same work each time
    names = [f"d{number // 100}/f{number}.txt" for number in range(files)]
    lines = [_commit(1), *(_file(name, _LINES) for name in names)]
    for number in range(2, _TASKS + 4):
        lines += [_commit(number), b"from :1\n"]
        changed = chance.sample(names[1:_SPREAD], _CHANGED)
        changed += [_RADAR] * (f"t{number - 4}" in _ON_RADAR)
        for name in changed:
            at = chance.randrange(len(_LINES))
            text = [*_LINES[:at], b"by %d\n" % number, *_LINES[at + 1 :]]
            lines.append(_file(name, text))
    lines += [b"get-mark :%d\n" % number for number in range(1, _TASKS + 4)]
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    told = subprocess.run(
        ["git", "fast-import", "--quiet", "--force", "--date-format=raw"],
        cwd=root,
        input=b"".join(lines),
        stdout=subprocess.PIPE,
        check=True,
    )
    tips = [CommitId(line) for line in told.stdout.decode().split()]
    subprocess.run(["git", "reset", "-q", "--hard", tips[0]], cwd=root, check=True)
    return tips


def _commit(number: int) -> bytes:
    ref = b"refs/heads/main" if number == 1 else b"refs/heads/task"
    return b"commit %s\nmark :%d\ncommitter b <b@b> 0 +0000\ndata 0\n" % (ref, number)


def _file(name: str, lines: Sequence[bytes]) -> bytes:
    text = b"".join(lines)
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(text), text)
