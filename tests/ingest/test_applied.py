"""Ranges of applied sequences: against a plain set, and when the stream was made anew."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.applied import MOST_RANGES, Applied, Range
from ingest.store import Mark


def mark(seq: int) -> Mark:
    """A message of a stream whose receive times rise with its sequences."""
    return Mark(seq, 1000 + seq)


piles = st.lists(st.lists(st.integers(1, 60), max_size=12), max_size=12)


@given(piles)
def test_ranges_know_exactly_what_was_applied(parts: list[list[int]]) -> None:
    applied, expected = Applied(), set[int]()
    for part in parts:
        applied = applied.plus([mark(seq) for seq in part])
        expected.update(part)
    assert {seq for seq in range(62) if mark(seq) in applied} == expected


@given(piles)
def test_ranges_stay_sorted_apart_and_dated_by_their_last_message(parts: list[list[int]]) -> None:
    applied = Applied()
    for part in parts:
        applied = applied.plus([mark(seq) for seq in part])
    for item in applied.ranges:
        assert item.first <= item.last
        assert item.last_time_ns == 1000 + item.last
    for left, right in pairwise(applied.ranges):
        assert right.first > left.last + 1


@given(piles)
def test_stored_ranges_read_back_in_any_order(parts: list[list[int]]) -> None:
    applied = Applied()
    for part in parts:
        applied = applied.plus([mark(seq) for seq in part])
    assert Applied.of(reversed(applied.ranges)) == applied


def test_a_stream_without_holes_is_one_range() -> None:
    applied = Applied()
    for start in (1, 21, 11):
        applied = applied.plus([mark(seq) for seq in range(start, start + 10)])
    assert applied.ranges == (Range(1, 30, 1030),)


def test_low_sequences_that_are_younger_belong_to_a_new_stream() -> None:
    applied = Applied().plus([mark(seq) for seq in range(1, 101)])
    reborn = Mark(3, 999_999)
    assert reborn not in applied
    fresh = applied.plus([reborn])
    assert fresh.ranges == (Range(3, 3, 999_999),)
    assert Mark(4, 1_000_000) not in fresh


def test_the_number_of_ranges_is_bounded_and_the_newest_stay() -> None:
    applied = Applied().plus([mark(seq) for seq in range(0, 2 * MOST_RANGES + 10, 2)])
    assert len(applied.ranges) == MOST_RANGES
    assert mark(2 * MOST_RANGES + 8) in applied
    assert mark(0) not in applied
