from agentls.model import State, TaskId
from agentls.tasks.queue import next_to_start


def _tasks(make_task, *states):
    return [
        make_task(id=TaskId(str(number)), number=number, state=state)
        for number, state in enumerate(states, start=1)
    ]


def _ids(tasks):
    return [task.id for task in tasks]


def test_queued_tasks_begin_in_the_order_in_which_they_were_asked_for(make_task):
    tasks = _tasks(make_task, *[State.QUEUED] * 4)
    chosen = next_to_start(tasks[::-1], begun=(), max_parallel=3)
    assert _ids(chosen) == ["1", "2", "3"]


def test_those_that_prepare_work_wait_or_check_hold_a_place(make_task):
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
    assert next_to_start(tasks, begun=(), max_parallel=4) == ()
    assert _ids(next_to_start(tasks, begun=(), max_parallel=5)) == ["7"]


def test_what_was_begun_a_moment_ago_is_not_begun_again(make_task):
    tasks = _tasks(make_task, State.QUEUED, State.QUEUED)
    assert next_to_start(tasks, begun={"1"}, max_parallel=1) == ()
    assert _ids(next_to_start(tasks, begun={"1"}, max_parallel=2)) == ["2"]
