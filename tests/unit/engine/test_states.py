"""The states of an engine, and the table of what may follow what."""

import pytest

from lapwing.engine.states import TRANSITIONS, State, check_transition
from lapwing.errors import TransitionError


@pytest.mark.parametrize("old", State)
@pytest.mark.parametrize("new", State)
def test_only_what_is_in_the_table_is_allowed(old, new):
    if new in TRANSITIONS[old]:
        check_transition(old, new)
        return
    with pytest.raises(TransitionError) as caught:
        check_transition(old, new)
    assert f"the engine is {old} and cannot become {new}" in str(caught.value)
    assert caught.value.context["state"] == old
    assert caught.value.hint


def test_each_state_but_the_last_leads_back_to_idle():
    for state in set(State) - {State.PANICKED}:
        seen, todo = set(), [state]
        while todo:
            one = todo.pop()
            seen.add(one)
            todo += TRANSITIONS[one] - seen
        assert State.IDLE in seen
    assert TRANSITIONS[State.PANICKED] == frozenset()


def test_a_state_is_its_name_and_says_what_it_means():
    assert State("idle") == "idle"
    assert (State.IDLE.is_idle, State.RUNNING.is_idle) == (True, False)
    assert (State.RUNNING.is_running, State.PAUSED.is_running) == (True, False)
    assert (State.PAUSED.is_paused, State.PAUSING.is_paused) == (True, False)
    assert [state for state in State if state.can_pause] == [State.RUNNING]
