"""Answers of gateways about roll-calls: outside bytes, so everything may come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeding.roll_calls import results
from domain.errors import WireError

DAY = (100, 200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
CALL = st.fixed_dictionaries(
    {},
    optional={
        "called_ns": st.integers(0, 300) | JSON,
        "result": st.sampled_from(["present", "late", "no_answer", "line_down", "waiting"]) | JSON,
        "transmitter": st.sampled_from(["utd", "other"]) | JSON,
    },
)


@given(JSON | st.fixed_dictionaries({"calls": st.lists(CALL | JSON, max_size=5)}))
def test_whatever_a_gateway_answers_is_counted_or_refused(reply: Any) -> None:
    try:
        found = results(reply, {"utd"}, DAY)
    except WireError:
        return
    assert all(count > 0 for count in found.values())
    assert sum(found.values()) <= len(reply["calls"])


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["utd", "other"]), st.sampled_from(["present", "late"])))
)
def test_calls_of_the_day_and_of_the_unit_are_counted(calls: list[tuple[int, str, str]]) -> None:
    reply = {"calls": [{"called_ns": at, "transmitter": who, "result": what} for at, who, what in calls]}
    found = results(reply, {"utd"}, DAY)
    for result in ("present", "late"):
        assert found[result] == sum(100 <= at < 200 and who == "utd" and what == result for at, who, what in calls)


@pytest.mark.parametrize("reply", [None, {}, {"calls": {}}, {"calls": [{"called_ns": 150, "result": "asleep"}]}])
def test_another_form_is_refused(reply: Any) -> None:
    with pytest.raises(WireError):
        results(reply, {"utd"}, DAY)
