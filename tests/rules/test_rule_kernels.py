"""Laws of the pure functions: three-valued counting, order of repeats, levels of loads, links, packing."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from domain.quality import BAD, GOOD, HISTORICAL, Reason
from domain.quality import pack as pack_quality
from rules.forest import components
from rules.kernels import (
    ALARM,
    NORMAL,
    UNKNOWN,
    at_least,
    follow_level,
    hysteresis,
    is_repeat_free,
    is_rising_apart,
    judged,
    occurrences,
    ranks_within,
    rounds,
    usable,
)
from rules.links import Links
from rules.packing import AnyArray, pack, unpack
from rules.series import Sample, parse_series

TRUTHS = st.lists(st.sampled_from([NORMAL, ALARM, UNKNOWN]), min_size=1, max_size=6)
MESSAGES = st.lists(st.lists(st.integers(0, 12), max_size=8), min_size=1, max_size=6)


@given(TRUTHS, st.integers(1, 6))
def test_at_least_is_true_when_every_way_to_settle_the_unknown_agrees(truths: list[int], required: int) -> None:
    certain, unknown = truths.count(ALARM), truths.count(UNKNOWN)
    ways = {certain + more >= required for more in range(unknown + 1)}
    wanted = UNKNOWN if len(ways) == 2 else ALARM if ways == {True} else NORMAL
    columns = (np.array([number], np.int32) for number in (required, certain, unknown))
    assert at_least(*columns).tolist() == [wanted]


def test_hysteresis_holds_between_the_limits_also_over_a_bad_reading() -> None:
    truth = np.zeros(1, np.uint8)
    seen = []
    for value in (100.0, 101.0, 96.0, math.nan, 96.0, 95.0, 96.0):
        column = np.array([value])
        good = np.isfinite(column)
        truth = judged(hysteresis(column > 100, column <= 95, truth), None if good.all() else good, truth).copy()
        seen.append(int(truth[0]))
    assert seen == [0, 1, 1, 3, 1, 0, 0]


def test_nan_infinity_and_bad_quality_measure_nothing() -> None:
    value = np.array([1.0, math.nan, math.inf, -math.inf, 1.0, 1.0])
    quality = np.array([GOOD, GOOD, GOOD, GOOD, pack_quality(BAD, Reason.TIMEOUT), GOOD | HISTORICAL], np.uint16)
    assert usable(value, quality).tolist() == [True, False, False, False, False, True]


@given(MESSAGES)
def test_rounds_have_each_point_once_and_keep_its_order(messages: list[list[int]]) -> None:
    point = np.array([one for message in messages for one in message], np.int64)
    message = np.repeat(np.arange(len(messages)), [len(one) for one in messages])
    if not len(point):
        return
    in_all, in_message = occurrences(point, message)
    seen: Counter[int] = Counter()
    in_one: Counter[tuple[int, int]] = Counter()
    for row, (one, place) in enumerate(zip(point.tolist(), message.tolist(), strict=True)):
        assert (in_all[row], in_message[row]) == (seen[one], in_one[place, one])
        seen[one] += 1
        in_one[place, one] += 1
    done = [rows.tolist() for rows in rounds(in_all)]
    assert sorted(row for rows in done for row in rows) == list(range(len(point)))
    assert all(len(set(point[rows])) == len(rows) for rows in done)


@given(MESSAGES)
def test_repeats_are_seen_by_both_ways_of_looking(messages: list[list[int]]) -> None:
    point = np.array([one for message in messages for one in message], np.int64)
    sizes = np.array([len(one) for one in messages])
    free = len(set(point.tolist())) == len(point)
    assert is_repeat_free(point, np.empty(13, np.int32)) == free
    assert free or not len(point) or not is_rising_apart(point, sizes)


def test_rising_apart_is_the_everyday_case() -> None:
    assert is_rising_apart(np.array([4, 5, 0, 1, 2]), np.array([2, 0, 3]))
    assert not is_rising_apart(np.array([4, 5, 0, 1, 5]), np.array([2, 0, 3]))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=30))
def test_ranks_count_the_distinct_instants_of_a_group(pairs: list[tuple[int, int]]) -> None:
    group, instant = (np.array(column) for column in zip(*pairs, strict=True))
    wanted = [sorted({when for who, when in pairs if who == one}).index(at) for one, at in pairs]
    assert ranks_within(group, instant).tolist() == wanted


def test_a_usual_level_follows_down_at_once_up_slowly_and_holds_during_a_step() -> None:
    level, held = np.array([np.nan]), np.zeros(1, np.bool_)
    told = []
    for value in (60.0, 50.0, 70.0, 180.0, 400.0, 60.0, 2000.0):
        held, level = follow_level(
            level,
            np.array([value]),
            held,
            elapsed_s=np.array([1.0]),
            settle_s=np.array([300.0]),
            rise_low=np.array([60.0]),
            rise_high=np.array([600.0]),
        )
        told.append((bool(held[0]), round(float(level[0]), 1)))
    assert told == [(False, 60), (False, 50), (False, 50.1), (True, 50.1), (True, 50.1), (False, 60), (False, 2000)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), max_size=20), st.lists(st.integers(0, 5), max_size=9))
def test_links_lead_from_each_source_to_its_targets_in_order(pairs: list[tuple[int, int]], asked: list[int]) -> None:
    source, target = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
    links = Links(source, target, 6)
    row, link = links.expand(np.array(asked, np.int64))
    wanted = [(at, pair[1]) for at, one in enumerate(asked) for pair in pairs if pair[0] == one]
    assert list(zip(row.tolist(), links.targets[link].tolist(), strict=True)) == wanted
    assert all(links.of(one).tolist() == [pair[1] for pair in pairs if pair[0] == one] for one in range(6))


def test_components_join_what_is_connected() -> None:
    edges = (np.array([0, 1, 5, 6]), np.array([1, 2, 6, 4]))
    label = components(edges, 8)
    assert label.tolist() == [0, 0, 0, 3, 4, 4, 4, 7]


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.lists(st.integers(0, 255), max_size=9))
def test_packing_is_undone_by_unpacking(header: dict[str, int], numbers: list[int]) -> None:
    arrays: dict[str, AnyArray] = {
        "a": np.array(numbers, np.uint8),
        "b": np.array(numbers, np.float64),
        "c": np.array(numbers) > 9,
    }
    found, columns = unpack(pack(header, arrays))
    assert found == header
    assert all(columns[name].tolist() == array.tolist() for name, array in arrays.items())


@given(st.binary(max_size=64), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_damaged_snapshots_are_refused_not_believed(junk: bytes, at: int, over: bytes) -> None:
    good = pack({"place": 1}, {"a": np.arange(9)})
    damaged = good[:at] + over + good[at + len(over) :]
    for data in (junk, good[:at] if at < len(good) else b"", good + over, damaged):
        try:
            header, arrays = unpack(data)
        except WireError:
            continue
        assert data == damaged
        assert isinstance(header, dict)
        assert all(isinstance(array, np.ndarray) for array in arrays.values())


def test_series_are_read_as_their_table_says() -> None:
    found = parse_series("4.2 0*2 10..40*4 _ _*2 bad -1 @http://x birth")
    assert found[:3] == [Sample(4.2), Sample(0), Sample(0)]
    assert [one.value for one in found[3:7] if one] == [10, 20, 30, 40]
    assert found[7:10] == [None] * 3
    assert found[10:] == [Sample(good=False), Sample(-1), Sample(text="http://x"), Sample(word="birth")]


@pytest.mark.parametrize("text", ["0x5", "1*0*2", "one", "5..*3", "*3", "1*9999999", "bad*200000", "1 * 3"])
def test_series_refuse_what_they_do_not_know(text: str) -> None:
    with pytest.raises(ValueError, match="→"):
        parse_series(text)
