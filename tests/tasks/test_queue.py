from pathlib import Path

import attrs

from agentls.config.settings import Limits
from agentls.model import CommitId, State, TaskId
from agentls.tasks.pace import Pace
from agentls.tasks.queue import Machine, line_up


def _tasks(make_task, *states):
    return [
        make_task(id=TaskId(str(number)), number=number, state=state)
        for number, state in enumerate(states, start=1)
    ]


def _begin(tasks, *, begun=(), paused=False, machine=None, pace=None, **limits):
    turns = line_up(
        tasks,
        begun=begun,
        limits=Limits(**limits),
        paused=paused,
        machine=machine,
        pace=pace,
    )
    return [task.id for task in turns.begin]


def _why(tasks, *, paused=False, machine=None, pace=None, **limits):
    turns = line_up(
        tasks,
        begun=(),
        limits=Limits(**limits),
        paused=paused,
        machine=machine,
        pace=pace,
    )
    return dict(turns.waiting)


def test_queued_tasks_begin_in_the_order_in_which_they_were_asked_for(make_task):
    tasks = _tasks(make_task, *[State.QUEUED] * 4)
    assert _begin(tasks[::-1], max_parallel=3) == ["1", "2", "3"]


def test_those_that_prepare_work_or_check_hold_a_place(make_task):
    tasks = _tasks(
        make_task,
        State.PREPARING,
        State.WORKING,
        State.WAITING,
        State.CHECKING,
        State.REVIEW,
        State.FAILED,
        State.QUEUED,
    )
    assert _begin(tasks, max_parallel=3) == []
    assert _begin(tasks, max_parallel=4) == ["7"]


def test_one_that_waits_for_an_answer_holds_a_place_if_that_is_set(make_task):
    tasks = _tasks(make_task, State.WAITING, State.QUEUED)
    assert _begin(tasks, max_parallel=1) == ["2"]
    assert _begin(tasks, max_parallel=1, waiting_holds=True) == []


def test_what_was_begun_a_moment_ago_is_not_begun_again(make_task):
    tasks = _tasks(make_task, State.QUEUED, State.QUEUED)
    assert _begin(tasks, begun={"1"}, max_parallel=1) == []
    assert _begin(tasks, begun={"1"}, max_parallel=2) == ["2"]


def test_the_greater_priority_goes_first(make_task):
    tasks = [
        make_task(id=TaskId(str(number)), number=number, priority=priority)
        for number, priority in ((1, 0), (2, -1), (3, 5))
    ]
    assert _begin(tasks, max_parallel=2) == ["3", "1"]


def test_repositories_take_turns(make_task):
    tasks = [
        make_task(id=TaskId(name), number=number, repository=Path(name[0]))
        for number, name in enumerate(("a1", "a2", "a3", "b1"), start=1)
    ]
    assert _begin(tasks, max_parallel=3) == ["a1", "b1", "a2"]


def test_a_pause_holds_all_and_says_so(make_task):
    tasks = _tasks(make_task, State.QUEUED)
    assert _begin(tasks, paused=True) == []
    assert _why(tasks, paused=True) == {"1": "The queue is paused."}


def test_a_task_begins_only_after_its_forerunners_were_merged(make_task):
    def tasks(*states):
        last = make_task(id=TaskId("3"), number=3, after=(TaskId("1"), TaskId("2")))
        return [*_merged(_tasks(make_task, *states)), last]

    def _merged(given):
        commit = CommitId("c" * 40)  # also of one that was cleared away since
        return [
            attrs.evolve(task, merged_commit=commit)
            if task.state is State.MERGED
            else task
            for task in given
        ]

    assert _begin(tasks(State.MERGED, State.REVIEW)) == []
    assert _why(tasks(State.MERGED, State.REVIEW)) == {
        "3": "Begins when 2 is merged.",
    }
    assert _begin(tasks(State.MERGED, State.MERGED)) == ["3"]


def test_a_forerunner_that_is_out_is_told_and_the_user_decides(make_task):
    for state in (State.FAILED, State.DISCARDED, State.INTERRUPTED):
        tasks = [
            *_tasks(make_task, state),
            make_task(id=TaskId("2"), number=2, after=(TaskId("1"),)),
        ]
        assert _begin(tasks) == []
        assert "agentls start 2" in _why(tasks)["2"]
    gone = [make_task(id=TaskId("2"), number=2, after=(TaskId("1"),))]
    assert "is no more" in _why(gone)["2"]


def test_too_many_reviews_hold_the_queue(make_task):
    tasks = _tasks(make_task, State.REVIEW, State.REVIEW, State.QUEUED)
    assert _begin(tasks) == ["3"]
    assert _begin(tasks, max_review=3) == ["3"]
    assert _begin(tasks, max_review=2) == []
    assert "your review" in _why(tasks, max_review=2)["3"]


def test_reviews_that_come_faster_than_they_are_cleared_hold_the_queue(make_task):
    tasks = _tasks(make_task, State.REVIEW, State.QUEUED)
    pace = Pace(came=7, cleared=2)
    assert _begin(tasks, pace=pace) == ["2"]  # unless it is set
    assert _begin(tasks, pace=pace, review_ahead=6) == ["2"]
    assert _begin(tasks, pace=pace, review_ahead=5) == []
    why = _why(tasks, pace=pace, review_ahead=5)["2"]
    assert "7 tasks came to your review, and you cleared 2" in why
    one = _why(tasks, pace=Pace(came=1), review_ahead=1)["2"]
    assert "1 task came" in one
    turns = line_up(tasks, begun=(), limits=Limits(review_ahead=5), pace=pace)
    assert turns.look_again  # the hour passes without a word


def test_a_full_machine_holds_all_but_one(make_task):
    tight = Machine(memory=10)
    running = _tasks(make_task, State.WORKING, State.QUEUED)
    assert _begin(running, machine=tight, memory_floor=11) == []
    assert "memory" in _why(running, machine=tight, memory_floor=11)["2"]
    assert _begin(running, machine=tight, memory_floor=10) == ["2"]
    alone = _tasks(make_task, State.QUEUED, State.QUEUED)
    assert _begin(alone, machine=tight, memory_floor=11) == ["1"]
    busy = Machine(load=2.5)
    assert _begin(running, machine=busy, load_ceiling=2.0) == []
    assert _begin(running, machine=busy, load_ceiling=3.0) == ["2"]


def _working_parent(make_task, **values):
    return make_task(id=TaskId("p"), number=1, state=State.WORKING, **values)


def test_what_holders_of_all_places_wait_for_begins_one_at_a_time(make_task):
    parent = _working_parent(make_task)
    one, two, other = (
        make_task(id=TaskId(name), number=number, parent=above)
        for number, (name, above) in enumerate(
            (("o", None), ("c1", "p"), ("c2", "p")), start=2
        )
    )
    tasks = [parent, one, two, other]
    assert _begin(tasks, max_parallel=1) == ["c1"]
    assert _begin(tasks, max_parallel=2) == ["o"]
    begun = attrs.evolve(two, state=State.WORKING)
    assert _begin([parent, one, begun, other], max_parallel=1) == []
    done = attrs.evolve(two, state=State.REVIEW)
    assert _begin([parent, one, done, other], max_parallel=1) == ["c2"]


def test_nothing_is_lent_where_a_place_will_become_free(make_task):
    parent = _working_parent(make_task)
    child = make_task(id=TaskId("c"), number=2, parent=TaskId("p"))
    busy = make_task(id=TaskId("b"), number=3, state=State.WORKING)
    assert _begin([parent, child, busy], max_parallel=2) == []
    assert _begin([parent, child], max_parallel=1, paused=True) == []
    assert _begin([make_task(parent=TaskId("p")), busy], max_parallel=1) == []
