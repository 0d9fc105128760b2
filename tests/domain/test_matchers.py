"""Matchers and patterns that strangers write: the same answers as Python's `re`, in time that is linear."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alert_labels import fingerprint
from domain.matchers import Matcher, all_match, read_matchers
from domain.safe_pattern import MOST_PATTERN, SafePattern

_ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\S", "(a|b)", "(?:ab|)", "x{2}", "a{0,2}", "[a-c]", r"\.", "中"]
)
_PATTERNS = st.lists(st.tuples(_ATOMS, st.sampled_from(["", "*", "+", "?", "|", "{1,3}", "+?"])), max_size=6).map(
    lambda parts: "".join(
        atom + (times if not (times.startswith("{") and atom.endswith("}")) else "") for atom, times in parts
    )
)


@given(_PATTERNS, st.text(alphabet="abcx1. 中\n", max_size=8))
@settings(max_examples=400)
def test_a_pattern_matches_what_re_matches(pattern: str, text: str) -> None:
    try:
        found = SafePattern(pattern)
    except ValueError:
        return
    assert found.matches(text) is (re.fullmatch(pattern, text, re.ASCII) is not None)


@given(st.text(max_size=60) | st.text(alphabet="()[]{}|*+?.^$\\ab1,-", max_size=60), st.text(max_size=40))
@settings(max_examples=400)
def test_any_text_is_a_pattern_or_refused_with_a_reason(pattern: str, text: str) -> None:
    try:
        SafePattern(pattern).matches(text)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)[^a]", "((a*)*)*c", "(a?){50}a{50}b"])
def test_a_pattern_that_makes_re_try_for_years_is_answered(pattern: str) -> None:
    began = time.process_time()
    assert not SafePattern(pattern).matches("a" * 2000)
    assert time.process_time() - began < 60  # years, otherwise


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a", "ends too early"),
        ("a)", "closes nothing"),
        ("*", "repeats nothing"),
        ("a**", "repeats nothing"),
        (r"(a)\1", "not known"),
        ("(?=a)", "only"),
        ("a{3,2}", "m <= n"),
        ("((a{200}){200}){200}", "too large"),
        ("[b-a]", "no range"),
        ("[a", "ends too early"),
        ("a" * (MOST_PATTERN + 1), "at most"),
        ("(" * 60 + ")" * 60, "within each other"),
    ],
)
def test_what_is_not_understood_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SafePattern(pattern)


def test_anchors_case_and_length() -> None:
    assert SafePattern("^ab$").matches("ab")
    assert not SafePattern("a$b").matches("ab")
    assert SafePattern("(?i)FIRE.*").matches("fire-panel")
    assert SafePattern("^$").matches("")
    assert not SafePattern(".*").matches("a" * 3000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("alertname=panel-fire", ['alertname="panel-fire"']),
        ('alertname="panel fire"', ['alertname="panel fire"']),
        ('{a="b", c!~"d.*",e!=f}', ['a="b"', 'c!~"d.*"', 'e!="f"']),
        (r'a=~"x\\.y\"z"', [r'a=~"x\\.y\"z"']),
        ("a=", ['a=""']),
    ],
)
def test_filters_are_read_as_amtool_writes_them(text: str, wanted: list[str]) -> None:
    assert [str(matcher) for matcher in read_matchers(text)] == wanted
    assert read_matchers("{" + ",".join(wanted) + "}") == read_matchers(text)


@given(st.text(max_size=60) | st.text(alphabet='ab={}"\\~!, \n', max_size=60))
@settings(max_examples=400)
def test_any_filter_is_read_or_refused(text: str) -> None:
    try:
        found = read_matchers(text)
    except ValueError:
        return
    assert read_matchers("{" + ",".join(map(str, found)) + "}") == found


def test_a_label_that_is_absent_is_empty() -> None:
    matchers = read_matchers('{class="fire",zone!="exit",point=""}')
    assert all_match(matchers, {"class": "fire"})
    assert not all_match(matchers, {"class": "fire", "zone": "exit"})
    assert Matcher(name="a", value=".+", is_regex=True, is_equal=False).matches({})


def test_the_fingerprint_is_that_of_prometheus() -> None:
    """Vectors of prometheus/common model/signature_test.go and of the definition of FNV-1a."""
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"name": "garland, briggs", "fear": "love is not enough"}) == f"{5799056148416392346:016x}"
