import pytest

from agentls.errors import InvalidState
from agentls.model import State
from agentls.tasks.states import TRANSITIONS, require_state, require_transition


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(State)


def test_every_state_can_be_reached_from_queued():
    reached = {State.QUEUED}
    while more := {to for state in reached for to in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(State)


def test_everything_can_be_discarded_and_merged_can_be_undone():
    for state in set(State) - {State.DISCARDED}:
        assert State.DISCARDED in TRANSITIONS[state]
    assert State.REVIEW in TRANSITIONS[State.MERGED]


@pytest.mark.parametrize("state", State)
def test_what_the_table_does_not_hold_is_refused_with_a_hint(state, make_task):
    for to in State:
        if to == state or to in TRANSITIONS[state]:
            require_transition(make_task(state=state), to)
        else:
            with pytest.raises(InvalidState) as caught:
                require_transition(make_task(state=state), to)
            assert caught.value.hint


def test_an_operation_names_what_was_wanted(make_task):
    with pytest.raises(InvalidState, match="b2c3 is merged: nothing there to stop"):
        require_state(make_task(state=State.MERGED), State.WORKING, to="stop")


@pytest.mark.parametrize("state", State)
def test_every_state_makes_a_sentence_and_has_a_hint(state, make_task):
    others = [other for other in State if other is not state]
    with pytest.raises(InvalidState) as caught:
        require_state(make_task(state=state), *others, to="stop")
    assert "is review" not in caught.value.message
    assert "{id}" not in caught.value.hint
    assert caught.value.hint
