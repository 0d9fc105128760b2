"""Laws of the alarm state machine, on its table and on random courses of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alarm import TransitionKind
from rules import alarm_states
from rules.alarm_states import (
    NEXT,
    OPEN_STATES,
    SAYINGS,
    SAYS,
    TABLE,
    TIMERS,
    AlarmState,
    Input,
    Step,
    Timer,
    advance,
    diagram,
    table_text,
)

COURSES = st.lists(st.sampled_from(list(Input)), max_size=40)
CELLS = [(state, given_, step) for state, row in TABLE.items() for given_, step in row.items()]


def course(inputs: Sequence[Input]) -> list[tuple[AlarmState, Step]]:
    """Return the states and steps of a machine that begins normal."""
    state, found = AlarmState.NORMAL, []
    for one in inputs:
        step = TABLE[state][one]
        found.append((state, step))
        state = step.to
    return found


def test_every_state_answers_every_input() -> None:
    assert set(TABLE) == set(AlarmState)
    assert all(set(row) == set(Input) for row in TABLE.values())


@pytest.mark.parametrize("state", OPEN_STATES)
def test_unknown_never_closes_an_open_alarm(state: AlarmState) -> None:
    step = TABLE[state][Input.UNKNOWN]
    assert step.to is AlarmState.UNCERTAIN
    assert step.timer is not Timer.START_OFF_DELAY


def test_unknown_never_stops_a_pending_alarm_and_never_starts_one() -> None:
    assert TABLE[AlarmState.PENDING][Input.UNKNOWN] == Step(AlarmState.PENDING)
    assert TABLE[AlarmState.NORMAL][Input.UNKNOWN] == Step(AlarmState.NORMAL)


@pytest.mark.parametrize(("state", "given_", "step"), CELLS)
def test_an_alarm_opens_and_closes_with_a_word(state: AlarmState, given_: Input, step: Step) -> None:
    opens = state not in OPEN_STATES and step.to in OPEN_STATES
    closes = state in OPEN_STATES and step.to not in OPEN_STATES
    assert (step.says is TransitionKind.RAISED) == opens
    assert (step.says is TransitionKind.CLEARED) == closes
    assert not (opens or closes) or given_ is Input.DUE


@pytest.mark.parametrize(("state", "given_", "step"), CELLS)
def test_a_truth_that_is_told_again_changes_nothing(state: AlarmState, given_: Input, step: Step) -> None:
    if given_ is not Input.DUE:
        again = TABLE[step.to][given_]
        assert (again.to, again.says) == (step.to, None)
        assert again.timer in (Timer.KEEP, Timer.STOP)
    assert state in TABLE


@pytest.mark.parametrize(("state", "given_", "step"), CELLS)
def test_only_waiting_states_have_a_timer(state: AlarmState, given_: Input, step: Step) -> None:
    waiting = {AlarmState.PENDING: Timer.START_ON_DELAY, AlarmState.CLEARING: Timer.START_OFF_DELAY}
    if step.to is not state:
        assert step.timer is waiting.get(step.to, Timer.STOP)
    assert given_ in Input


@given(COURSES)
def test_raised_and_cleared_take_turns_and_so_do_unknown_and_known(inputs: list[Input]) -> None:
    said = [step.says for _, step in course(inputs) if step.says]
    ends = [kind for kind in said if kind in (TransitionKind.RAISED, TransitionKind.CLEARED)]
    assert ends == [TransitionKind.RAISED, TransitionKind.CLEARED] * (len(ends) // 2) + ends[: len(ends) % 2]
    doubts = [kind for kind in said if kind in (TransitionKind.UNKNOWN, TransitionKind.KNOWN)]
    assert doubts == [TransitionKind.UNKNOWN, TransitionKind.KNOWN] * (len(doubts) // 2) + doubts[: len(doubts) % 2]


@given(COURSES)
def test_what_ends_an_alarm_is_normal_and_nothing_else(inputs: list[Input]) -> None:
    truths = [one for one in inputs if one is not Input.DUE]
    cleared = sum(step.says is TransitionKind.CLEARED for _, step in course(inputs))
    assert cleared <= truths.count(Input.NORMAL)


@given(st.lists(st.tuples(st.sampled_from(list(AlarmState)), st.sampled_from(list(Input))), min_size=1, max_size=50))
def test_the_arrays_are_the_table(cells: list[tuple[AlarmState, Input]]) -> None:
    state, given_ = (np.array(column, np.uint8) for column in zip(*cells, strict=True))
    to, timer, says = advance(state, given_)
    for at, (one, other) in enumerate(cells):
        step = TABLE[one][other]
        assert (to[at], timer[at], SAYINGS[says[at]]) == (step.to, step.timer, step.says)
    assert NEXT.shape == TIMERS.shape == SAYS.shape == (len(AlarmState), len(Input))


def test_the_diagram_has_every_change_of_state() -> None:
    lines = diagram().splitlines()
    assert len(lines) == 2 + sum(step.to is not state for state, _, step in CELLS)
    assert "    clearing --> normal : due / cleared" in lines


def test_the_table_and_the_picture_of_the_page_are_made_from_the_table() -> None:
    page = (Path(alarm_states.__file__).parents[1] / "docs" / "alarm-states.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}```" in page
    assert f"\n\n{table_text()}" in page
