"""What the checks say of a train, and which of its tasks breaks one.

A check of one state is run once: what was looked at is then merged without running it
again.
"""

from collections import OrderedDict
from collections.abc import Mapping

import attrs

from agentls.git.changes import changed_paths
from agentls.git.commits import tree_of
from agentls.model import CheckMode, CheckOutcome, CheckResult, CommitId, TaskId
from agentls.review.checks import is_about
from agentls.review.train import Rider, Train, find_breaker
from agentls.tasks.starting import Say
from agentls.tasks.train_checks import TrainChecks
from agentls.tasks.train_worktree import Together
from agentls.tasks.trusting import Policy

__all__ = ["KnownChecks", "Trial", "count_of", "shown_by"]

_REMEMBERED = 500

_Key = tuple[CommitId, str, str, str]
"""Target, tree, name and text of a check that was run."""


class KnownChecks(OrderedDict[_Key, CheckResult]):
    """What checks came to; the oldest are forgotten."""

    def __setitem__(self, key: _Key, result: CheckResult) -> None:
        """Keep what a check came to."""
        super().__setitem__(key, result)
        while len(self) > _REMEMBERED:
            self.popitem(last=False)


@attrs.frozen(kw_only=True)
class Trial:
    """The checks of a train as it is now, or of its first cars."""

    riders: Mapping[TaskId, Rider]
    train: Train
    policy: Policy
    checks: TrainChecks
    known: KnownChecks
    say: Say

    async def run(self) -> tuple[CheckResult, ...]:
        """Run the checks that a merge needs on the whole, up to one that fails."""
        repository = self.policy.repository
        changed = await changed_paths(repository, self.train.old, self.train.tip)
        paths = [file.path for file in changed]
        results: list[CheckResult] = []
        for name, check in self.policy.config.checks.items():
            if check.mode is not CheckMode.BLOCK:
                continue
            if is_about(check, paths):
                result = await self._of(name, count=len(self.train.going))
            else:
                result = CheckResult(
                    name=name, mode=check.mode, outcome=CheckOutcome.SKIPPED
                )
            results.append(result)
            if result.outcome.bad:
                break
        return tuple(results)

    async def find_breaker(self, bad: CheckResult) -> tuple[int, CheckResult]:
        """Say which car breaks a check, 0 for the target itself, and how it failed."""
        failed = {len(self.train.going): bad}

        async def passes(count: int) -> bool:
            result = await self._of(bad.name, count=count)
            if result.outcome.bad:
                failed[count] = result
            return not result.outcome.bad

        place = await find_breaker(len(self.train.going), passes)
        return place, failed[place]

    async def _of(self, name: str, *, count: int) -> CheckResult:
        """Give what a check says of the first so many cars, or has said before."""
        going = self.train.going[:count]
        commit = going[-1][1].new if going else self.train.old
        last = going[-1][0] if going else self.train.going[0][0]
        tree = await tree_of(self.policy.repository, commit)
        key = (self.train.old, tree, name, repr(self.policy.config.checks[name]))
        if key not in self.known:
            self.say(f"Checking {count_of(count)} together: {name}")
            self.known[key] = await self.checks.run(
                name,
                Together(
                    task=self.riders[last].task,
                    count=count,
                    commit=commit,
                    target=self.train.old,
                ),
            )
        return self.known[key]


def count_of(count: int) -> str:
    """Say so many tasks."""
    return f"{count} task{'s' * (count != 1)}"


def shown_by(result: CheckResult) -> str:
    """Say, behind a colon, what shows the output of a check; it ends a sentence."""
    task = (result.session or "").rpartition("-")[0]
    return f": `agentls logs {task} --session {result.session}`"
