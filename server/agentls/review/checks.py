"""What the checks of a change are, what they looked at, and what they say of it."""

import fnmatch
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence

from agentls.config import REVIEWER, Check, Config
from agentls.errors import InvalidParams, InvalidState
from agentls.model import CheckMode, CheckOutcome, CheckResult, Task

__all__ = [
    "choose",
    "fresh_results",
    "in_words",
    "is_about",
    "is_of",
    "passed",
    "refuse_failed",
    "stamp_of",
]

_RAN = {
    CheckOutcome.PASSED,
    CheckOutcome.FAILED,
    CheckOutcome.TIMED_OUT,
    CheckOutcome.LOST,
}
_HOW = {
    CheckOutcome.FAILED: "failed",
    CheckOutcome.TIMED_OUT: "took too long",
    CheckOutcome.LOST: "could not be run",
}


def fresh_results(config: Config) -> tuple[CheckResult, ...]:
    """Give each check of a config before it has run; the reviewing agent comes last."""
    modes = {name: check.mode for name, check in config.checks.items()}
    if config.review.agent is not None:
        modes[REVIEWER] = CheckMode.INFORM
    return tuple(
        CheckResult(name=name, mode=mode, outcome=CheckOutcome.WAITING)
        for name, mode in modes.items()
    )


def choose(
    config: Config, before: Sequence[CheckResult], *, names: Collection[str] | None
) -> tuple[CheckResult, ...]:
    """Give what is to run by these names, or all, beside what is known of the others.

    Raises `InvalidState` if there is none, `InvalidParams` for a name of none.
    """
    fresh = {one.name: one for one in fresh_results(config)}
    if not fresh:
        raise InvalidState(
            "There are no checks to run.",
            hint='Name some in .agentls.toml: [checks.tests] with run = "…".',
        )
    for name in names or ():
        if name not in fresh:
            raise InvalidParams(
                f"There is no check {name!r}.", hint=f"There are {', '.join(fresh)}."
            )
    known = {one.name: one for one in before}
    return tuple(
        one if names is None or name in names else known[name]
        for name, one in fresh.items()
        if names is None or name in names or name in known
    )


def stamp_of(config: Config, tree: str) -> str:
    """Give what stands for a state and the checks of a config together."""
    checks = repr((sorted(config.checks.items()), config.review.agent))
    return f"{tree} {hashlib.sha256(checks.encode()).hexdigest()[:16]}"


def is_of(stamp: str | None, tree: str) -> bool:
    """Tell whether a stamp stands for a state, with whatever checks."""
    return stamp is not None and stamp.partition(" ")[0] == tree


def is_about(check: Check, paths: Iterable[bytes]) -> bool:
    """Tell whether a check is about a change of these paths."""
    if not check.paths:
        return True
    return any(
        fnmatch.fnmatchcase(os.fsdecode(path), pattern)
        for path in paths
        for pattern in check.paths
    )


def in_words(results: Iterable[CheckResult]) -> str:
    """Say in a sentence each which checks stand in the way; empty if none does."""
    return " ".join(
        f"Its check {one.name} {_HOW[one.outcome]}."
        for one in results
        if _is_in_the_way(one)
    )


def passed(results: Iterable[CheckResult]) -> bool | None:
    """Tell whether none of the checks that ran was bad; None if none ran."""
    ran = [one for one in results if one.outcome in _RAN]
    return not any(one.outcome.bad for one in ran) if ran else None


def refuse_failed(task: Task) -> None:
    """Raise `InvalidState` if a check stands in the way of a task's merge."""
    if said := in_words(task.checks):
        raise InvalidState(
            f"Task {task.id} was not merged. {said}",
            hint=f"`agentls brief {task.id}` shows its output. Send the task back, run"
            f" the check again (`agentls check {task.id}`), or merge it all the same:"
            f" `agentls merge --force {task.id}`.",
        )


def _is_in_the_way(one: CheckResult) -> bool:
    return one.mode is CheckMode.BLOCK and one.outcome in _HOW
