"""What would conflict with what, for the open tasks of one repository.

It is kept between calls: when one task's checkpoint moved, only its own pairs
are tried again; when the target moved, only each task against the target.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentls.git.checkouts import Checkout
from agentls.git.merging import hidden_commit
from agentls.git.pairs import paths_between
from agentls.git.place import Place
from agentls.git.repository import Head, Repository
from agentls.git.snapshot import read_state
from agentls.model import CommitId, TaskId
from agentls.review.footprint import Meetings, footprint
from agentls.review.outlook import (
    CLEAN,
    UNKNOWN,
    Outcome,
    Outlook,
    TaskForecast,
    turned,
)
from agentls.review.sides import (
    Side,
    Subject,
    UserState,
    against,
    between,
    between_user,
    make_sides,
)
from agentls.review.trials import Edits, Question, Trials, keeping
from agentls.threads import in_thread

__all__ = ["Forecaster"]

_USER_READS = 500
"""Looks at the user's checkout after which the objects of all of them are dropped."""


class Forecaster:
    """Holds one repository's forecast, and brings it up to date."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        """A folder of ours for objects and an index; nothing in it must survive."""
        self._edits: Edits = {}
        self._sides: dict[TaskId, Side] = {}
        self._meetings = Meetings()
        self._pairs: dict[TaskId, dict[TaskId, Outlook]] = {}
        self._targets: dict[TaskId, tuple[tuple[Side, CommitId | None], Outlook]] = {}
        self._users: dict[TaskId, tuple[tuple[Side, UserState | None], Outlook]] = {}
        self._user: UserState | None = None
        self._known: dict[TaskId, TaskForecast] = {}
        self._untried: set[TaskId] = set()
        """Those whose pairs are still to be tried; a failure may have come between."""
        self._user_reads = 0

    @property
    def edits(self) -> Edits:
        """The edits that are known, by the blobs before and after."""
        return self._edits

    @property
    def objects(self) -> Path:
        """Where the objects lie that the repository itself doesn't have."""
        return self._kept / "objects"

    def side(self, task: TaskId) -> Side | None:
        """Give a task's change as it was taken up last."""
        return self._sides.get(task)

    def of(self, task: TaskId) -> TaskForecast | None:
        """Give what the last update told of a task; None of one that is not open."""
        return self._known.get(task)

    def touching(self, path: bytes) -> tuple[Side, ...]:
        """Give the changes that changed this file."""
        return tuple(one for one in self._sides.values() if path in one.its.files)

    async def read_user(
        self, repository: Repository, checkout: Checkout, head: Head
    ) -> UserState:
        """Look at the user's checkout; nothing in it or its repository is changed."""
        self._user_reads += 1
        if self._user_reads % _USER_READS == 1:
            await self._forget_all()
        await in_thread(self.objects.mkdir, parents=True, exist_ok=True)
        state = await read_state(
            repository, checkout, index=self._kept / "index", objects=self.objects
        )
        place = await self._place(repository)
        commit = await hidden_commit(state.tree, parent=head.commit, at=place)
        (files,) = await paths_between([(head.commit, commit)], at=place)
        return UserState(head=head, commit=commit, its=footprint(files))

    async def update(
        self,
        repository: Repository,
        subjects: Iterable[Subject],
        *,
        targets: Mapping[str, CommitId],
        user: UserState | None,
    ) -> frozenset[TaskId]:
        """Bring all up to date; give the tasks of which something is new.

        `targets` are the tips of the branches there are; `user` is None when nobody
        can look at the user's checkout.
        """
        await self._take_up(repository, tuple(subjects))
        self._user = user
        trials = Trials(repository=repository, kept=self.objects, edits=self._edits)
        by_target: dict[str, list[Side]] = {}
        for side in self._sides.values():
            by_target.setdefault(side.subject.target, []).append(side)
        for name, sides in by_target.items():
            target = targets.get(name)
            await self._try_target(repository, trials, sides, target=target)
            await self._try_user(trials, sides, target=target)
            await self._try_pairs(trials, sides, target=target)
        self._untried.clear()
        before, self._known = self._known, {t: self._sum_up(t) for t in self._sides}
        tasks = self._known.keys() | before.keys()
        return frozenset(t for t in tasks if self._known.get(t) != before.get(t))

    def _sum_up(self, task: TaskId) -> TaskForecast:
        return TaskForecast(
            task=task,
            target=self._targets[task][1],
            user=self._users[task][1],
            in_the_way=self._in_the_way(self._sides[task]),
            tasks=dict(sorted(self._pairs.get(task, {}).items())),
        )

    async def _take_up(
        self, repository: Repository, subjects: tuple[Subject, ...]
    ) -> None:
        """Take up what is new, drop what is gone."""
        wanted = {subject.task: subject for subject in subjects}
        for task, side in tuple(self._sides.items()):
            if wanted.get(task) != side.subject:
                self._drop(task)
        new = [one for one in subjects if one.task not in self._sides]
        if not new:
            return
        await in_thread(self.objects.mkdir, parents=True, exist_ok=True)
        place = await self._place(repository)
        for side in await make_sides(repository, new, at=place):
            task = side.subject.task
            self._sides[task] = side
            self._meetings.add(task, side.its)
            self._untried.add(task)

    def _drop(self, task: TaskId) -> None:
        side = self._sides.pop(task)
        self._untried.discard(task)
        self._meetings.remove(task, side.its)
        for other in self._pairs.pop(task, {}):
            del self._pairs[other][task]
        self._targets.pop(task, None)
        self._users.pop(task, None)

    async def _try_target(
        self,
        repository: Repository,
        trials: Trials,
        sides: list[Side],
        *,
        target: CommitId | None,
    ) -> None:
        asked: list[tuple[Side, Question]] = []
        for side in sides:
            task = side.subject.task
            if task in self._targets and self._targets[task][0] == (side, target):
                continue
            if target and target != side.subject.base and side.its.files:
                place = await self._place(repository)
                asked.append((side, await against(side, target, at=place)))
            else:
                outlook = UNKNOWN if target is None else CLEAN
                self._targets[task] = ((side, target), outlook)
        if target is None:
            return
        found = await trials.ask([one for _, one in asked], attributes_of=target)
        for (side, _), outlook in zip(asked, found, strict=True):
            # There the target was "ours"; a forecast is seen from the task.
            self._targets[side.subject.task] = ((side, target), turned(outlook))

    async def _try_user(
        self, trials: Trials, sides: list[Side], *, target: CommitId | None
    ) -> None:
        user = self._user
        asked: list[tuple[Side, Question]] = []
        near = self._meetings.near(user.its) if user else frozenset[TaskId]()
        for side in sides:
            task = side.subject.task
            if task in self._users and self._users[task][0] == (side, user):
                continue
            if user is not None and task in near:
                asked.append((side, between_user(side, user)))
            else:
                outlook = UNKNOWN if user is None else CLEAN
                self._users[task] = ((side, user), outlook)
        found = await trials.ask(
            [one for _, one in asked],
            attributes_of=target or sides[0].subject.base,
        )
        for (side, _), outlook in zip(asked, found, strict=True):
            self._users[side.subject.task] = ((side, user), outlook)

    async def _try_pairs(
        self, trials: Trials, sides: list[Side], *, target: CommitId | None
    ) -> None:
        fresh = [side for side in sides if side.subject.task in self._untried]
        pairs: dict[tuple[TaskId, TaskId], Question] = {}
        for side in fresh:
            mine = side.subject
            for other in self._meetings.near(side.its):
                theirs = self._sides[other]
                if other == mine.task or theirs.subject.target != mine.target:
                    continue
                first, second = sorted((side, theirs), key=lambda s: s.subject.task)
                pair = first.subject.task, second.subject.task
                pairs[pair] = between(first, second)
        if not pairs:
            return
        found = await trials.ask(
            tuple(pairs.values()), attributes_of=target or fresh[0].subject.base
        )
        for (one, other), outlook in zip(pairs, found, strict=True):
            if outlook.outcome is not Outcome.CLEAN:
                # Of the first, seen from it: it was "ours".
                self._pairs.setdefault(one, {})[other] = outlook
                self._pairs.setdefault(other, {})[one] = turned(outlook)

    def _in_the_way(self, side: Side) -> tuple[bytes, ...]:
        if self._user is None or self._user.head.branch != side.subject.target:
            return ()
        return tuple(sorted(self._user.its.files.keys() & side.its.files.keys()))

    async def _place(self, repository: Repository) -> Place:
        return await keeping(repository, self.objects, also=self.objects)

    async def _forget_all(self) -> None:
        for task in tuple(self._sides):
            self._drop(task)
        await in_thread(shutil.rmtree, self._kept, ignore_errors=True)
