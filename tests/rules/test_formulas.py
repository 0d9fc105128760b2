"""Formulas: what is read, what is refused, and that engine and slow evaluator answer alike; fuzzed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quantity import Quantity
from rules.banks.expressions import compiled
from rules.conditions.expressions import MOST_CHARACTERS, MOST_LEVELS, MOST_NAMES, formula
from rules.conditions.formula_quantities import QuantityError, check_quantities
from tests.rules.reference_formulas import formula_truth, names_in

NAMES = ("a", "b", "c")
VALUES = st.sampled_from([math.nan, 0.0, 1.0, -1.0, 2.5, 300.0])

numbers = st.recursive(
    st.sampled_from([*NAMES, "0", "1", "2.5", "1e2", "3 kPa", "0.5 bar"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda one: f"{one[0]}({one[1]}, {one[2]})"),
        inner.map(lambda one: f"abs({one})"),
        inner.map(lambda one: f"-{one}"),
    ),
    max_leaves=6,
)
comparisons = st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(" ".join)
questions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join), inner.map(lambda one: f"not ({one})")
    ),
    max_leaves=4,
)


@given(st.text(max_size=500))
def test_any_text_is_read_or_refused_with_a_mend(text: str) -> None:
    try:
        found = formula(text)
    except ValueError as error:
        assert " → " in str(error)
    else:
        assert 1 <= len(found.names) <= MOST_NAMES


@given(st.text(alphabet="ab`1.()<>=!+-*/ ,enotradmxi", max_size=80))
def test_text_of_the_grammars_own_signs_is_read_or_refused(text: str) -> None:
    try:
        formula(text)
    except ValueError as error:
        assert " → " in str(error)


@given(questions, st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=3, max_size=3))
def test_numpy_answers_what_python_answers_in_three_values(text: str, values: dict[str, float]) -> None:
    if not names_in(text) or len(text) > MOST_CHARACTERS:
        return
    asked = formula(text)
    assert list(asked.names) == names_in(text)
    true, false = compiled(asked)(np.array([[values[name]] for name in asked.names]))
    told = "alarm" if true[0] else "normal" if false[0] else "unknown"
    assert told == formula_truth(text, values.__getitem__)
    assert not (true & false).any()


@pytest.mark.parametrize(
    "text",
    [
        "a > 1 " + "and a > 1 " * 60,
        "(" * (MOST_LEVELS + 1) + "a" + ")" * (MOST_LEVELS + 1) + " > 1",
        "-" * 300 + "a > 1",
        "not " * 90 + "a > 1",
        " + ".join(f"p{at}" for at in range(MOST_NAMES + 1)) + " > 1",
        "+".join("a" * 1 for _ in range(150)) + ">1",
    ],
)
def test_what_is_too_long_too_deep_or_too_wide_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"→"):
        formula(text)


def test_names_that_are_no_words_stand_in_backquotes_and_numbers_take_their_quantity() -> None:
    found = formula("`s1-1` - pressure > 0.5 bar")
    assert found.names == ("s1-1", "pressure")
    true, _ = compiled(found)(np.array([[300.0, 300.0], [249.0, 251.0]]))
    assert true.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("p - q > 5 kPa", True),
        ("p / q > 2", True),
        ("2 * p > q", True),
        ("p * n > q", True),
        ("abs(p - q) / p > 0.1 and t > 60 degC", True),
        ("max(p, q) - min(p, q) > 1 bar", True),
        ("p > 5", False),
        ("p > t", False),
        ("p - t > 5 kPa", False),
        ("p * q > 5", False),
        ("1 / p > 5", False),
        ("max(p, 3) > 5 kPa", False),
        ("n > 1 and p + 1 > q", False),
    ],
)
def test_quantities_fit_or_are_refused_where_they_do_not(text: str, *, fits: bool) -> None:
    known = {"p": Quantity.KPA, "q": Quantity.KPA, "t": Quantity.CELSIUS, "n": Quantity.COUNT}
    if fits:
        check_quantities(formula(text).tree, known)
    else:
        with pytest.raises(QuantityError, match="at character"):
            check_quantities(formula(text).tree, known)
