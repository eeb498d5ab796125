"""A few words about a task's work, from what the protocol tells of it."""

import pytest

from agentls.cli.outlook import conflicts_of, failed_checks_of, size_of


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({}, ""),
        ({"files": 0, "added": 0, "deleted": 0}, "none"),
        ({"files": 1, "added": 3, "deleted": 42}, "+3 -42"),
        ({"files": 1}, "+0 -0"),  # a binary file
    ],
)
def test_the_size_of_a_change(task, said):
    assert size_of(task) == said


@pytest.mark.parametrize(
    ("forecast", "said"),
    [
        (None, ""),
        ({"target": "clean", "user": "unknown"}, ""),
        ({"target": "conflicts", "user": "clean"}, "conflicts with main"),
        ({"target": "clean", "user": "clean", "inTheWay": 1}, "your changes"),
        ({"target": "clean", "user": "conflicts", "tasks": ["b2c3"]}, "changes, b2c3"),
    ],
)
def test_what_a_task_would_conflict_with(forecast, said):
    told = conflicts_of({"target": "main", "forecast": forecast})
    assert told.endswith(said)
    assert bool(told) == bool(said)


def test_the_checks_that_failed():
    outcomes = {"a": "passed", "b": "failed", "c": "timedOut", "d": "running"}
    checks = [{"name": name, "outcome": how} for name, how in outcomes.items()]
    assert failed_checks_of({"checks": checks}) == "failed: b, c"
    assert not failed_checks_of({})
