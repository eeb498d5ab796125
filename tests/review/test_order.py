"""The order of review, as one function of what is known of each task."""

import pytest

from agentls.config import OrderKey
from agentls.model import TaskId
from agentls.review.order import Candidate, in_order, reasons

ALL = tuple(OrderKey)


def _candidate(name: str, number: int, **known) -> Candidate:
    nothing = {"passed": None, "conflicts": None, "files": None, "lines": None}
    return Candidate(task=TaskId(name), number=number, **(nothing | known))


def _ids(candidates, by=ALL) -> str:
    return " ".join(one.task for one in in_order(candidates, by=by))


def test_checks_decide_before_conflicts_and_these_before_size_and_age():
    assert (
        _ids(
            [
                _candidate("red", 1, passed=False, conflicts=False, lines=1, files=1),
                _candidate("clash", 2, passed=True, conflicts=True, lines=1, files=1),
                _candidate("large", 3, passed=True, conflicts=False, lines=9, files=1),
                _candidate("small", 5, passed=True, conflicts=False, lines=2, files=1),
                _candidate("older", 4, passed=True, conflicts=False, lines=2, files=1),
                _candidate("none", 6, conflicts=False, lines=1, files=1),
            ]
        )
        == "older small large clash none red"
    )


def test_what_nobody_knows_stands_between_good_and_bad():
    candidates = [
        _candidate("clash", 1, conflicts=True),
        _candidate("unknown", 2),
        _candidate("clean", 3, conflicts=False),
    ]
    assert _ids(candidates, by=(OrderKey.CONFLICTS,)) == "clean unknown clash"


def test_the_uncounted_come_after_the_counted_and_what_changed_nothing_last():
    candidates = [
        _candidate("empty", 1, lines=0, files=0),
        _candidate("uncounted", 2),
        _candidate("huge", 3, lines=10**9, files=1),
    ]
    assert _ids(candidates, by=(OrderKey.SIZE,)) == "huge uncounted empty"


@pytest.mark.parametrize("by", [(), (OrderKey.AGE,)])
def test_what_is_equal_by_all_keys_comes_oldest_first(by):
    assert _ids([_candidate("b", 2), _candidate("a", 1)], by=by) == "a b"


def test_a_key_that_is_left_out_decides_nothing():
    candidates = [
        _candidate("red", 1, passed=False, lines=1, files=1),
        _candidate("green", 2, passed=True, lines=2, files=1),
    ]
    assert _ids(candidates, by=(OrderKey.SIZE,)) == "red green"


def test_the_reasons_stand_in_the_order_of_the_keys():
    one = _candidate("a", 1, passed=True, conflicts=False, files=2, lines=1)
    assert reasons(one, by=ALL) == (
        "its checks passed",
        "it merges cleanly",
        "1 line in 2 files",
    )
    assert reasons(one, by=(OrderKey.SIZE, OrderKey.CHECKS)) == (
        "1 line in 2 files",
        "its checks passed",
    )
    assert reasons(_candidate("a", 1), by=ALL) == ()
