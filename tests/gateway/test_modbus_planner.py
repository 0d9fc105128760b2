"""The read planner: laws on random maps, never dearer than the planners of other systems, and what it avoids."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.site import Profile
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions
from gateway.connectors.modbus_tcp.planner import Cost, Limits, Span, partition, size, touches
from gateway.connectors.modbus_tcp.reads import ModbusRead
from tests.gateway.gateway_sites import built_in_profiles
from tests.gateway.modbus.other_planners import CONTIGUOUS, FILL, filled, price

SERIAL_9600 = Cost(0.0312, 0.00229)
SERIAL_115200 = Cost(0.0066, 0.00019)
TCP_5_MS = Cost(0.005, 0.00002)
CELLULAR = Cost(0.1, 0.00002)
COSTS = [SERIAL_9600, SERIAL_115200, TCP_5_MS, CELLULAR]
NAMES = ["9600", "115200", "tcp", "cellular"]
EXACT = [Cost(round(cost.request_s * 1e9), round(cost.register_s * 1e9)) for cost in COSTS]
"""The same in whole nanoseconds: their sums are exact, so that a comparison needs no slack."""


def check_laws(spans: list[Span], blocks: list[Span], limits: Limits) -> None:
    for first, last in spans:
        assert any(begin <= first and last <= end for begin, end in blocks), "every wanted register is read"
    assert all(size(block) <= limits.most for block in blocks), "no request is over the device's limit"
    assert not any(touches(block, limits.bad) for block in blocks), "no known-bad address is read"
    assert not any(begin < seam <= end for begin, end in blocks for seam in limits.seams)
    assert blocks == sorted(blocks)


spans_of = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 4)).map(lambda one: (one[0], one[0] + one[1] - 1)),
    min_size=1,
    max_size=40,
)


@given(spans_of, st.integers(4, 125), st.none() | st.integers(0, 60), st.sets(st.integers(0, 620)), st.data())
def test_plan_covers_all_that_is_wanted_and_nothing_that_is_bad(
    spans: list[Span], most: int, gap: int | None, bad: set[int], data: st.DataObject
) -> None:
    ranges = tuple((at, at) for at in bad if not any(first <= at <= last for first, last in spans))
    seams = tuple(
        at for at in data.draw(st.sets(st.integers(0, 620), max_size=9)) if not any(f < at <= e for f, e in spans)
    )
    limits = Limits(most=most, gap=gap, bad=ranges, seams=seams)
    for cost in COSTS:
        check_laws(spans, partition(spans, cost, limits), limits)


@given(st.sets(st.integers(0, 60), min_size=1, max_size=9), st.sampled_from(COSTS), st.integers(4, 60))
def test_plan_is_the_cheapest_of_all_partitions(addresses: set[int], cost: Cost, most: int) -> None:
    spans = [(at, at) for at in sorted(addresses)]
    prices = []
    for cuts in itertools.product([False, True], repeat=len(spans) - 1):
        blocks = [spans[0]]
        for cut, (first, last) in zip(cuts, spans[1:], strict=True):
            blocks = [*blocks, (first, last)] if cut else [*blocks[:-1], (blocks[-1][0], last)]
        if all(size(block) <= most for block in blocks):
            prices.append(price(blocks, cost))
    assert price(partition(spans, cost, Limits(most=most)), cost) == pytest.approx(min(prices))


def random_map(seed: int) -> list[Span]:
    """A map of 5 to 200 values of one or two registers at even addresses."""
    chance = random.Random(seed)
    count = chance.randint(5, 200)
    starts = [2 * chance.randrange(5 * count) for _ in range(count)]
    return [(start, start + chance.randint(0, 1)) for start in starts]


@pytest.mark.parametrize("cost", EXACT, ids=NAMES)
def test_plan_of_200_random_maps_is_never_dearer_than_contiguous_or_filled(cost: Cost) -> None:
    limits = Limits(most=125)
    for seed in range(200):
        spans = random_map(seed)
        ours = price(partition(spans, cost, limits), cost)
        theirs = min(price(filled(spans, limits, gap), cost) for gap in (CONTIGUOUS, FILL))
        assert ours <= theirs, seed


def modbus_profiles() -> list[Profile]:
    profiles = [Profile.model_validate(document.data) for document in built_in_profiles()]
    return [profile for profile in profiles if profile.protocol == "modbus_tcp"]


@pytest.mark.parametrize("profile", modbus_profiles(), ids=lambda profile: profile.profile)
@pytest.mark.parametrize("cost", EXACT, ids=NAMES)
def test_plan_of_each_built_in_map_is_never_dearer_than_contiguous_or_filled(profile: Profile, cost: Cost) -> None:
    options = ModbusProfileOptions.model_validate(profile.options)
    reads = [ModbusRead.model_validate(point.read) for point in profile.points]
    for table in {read.function for read in reads}:
        spans = [read.span for read in reads if read.function is table]
        limits = Limits(most=options.max_registers, gap=options.gap_fill, bad=options.bad_ranges)
        ours = partition(spans, cost, limits)
        check_laws(spans, ours, limits)
        allowed = [gap for gap in (CONTIGUOUS, FILL) if options.gap_fill is None or gap <= options.gap_fill]
        assert price(ours, cost) <= min(price(filled(spans, limits, gap), cost) for gap in allowed)


def test_a_slow_line_asks_twice_where_a_fast_one_reads_along() -> None:
    spans = [(0, 0), (30, 30)]
    assert partition(spans, SERIAL_9600, Limits(most=125)) == [(0, 0), (30, 30)]
    assert partition(spans, TCP_5_MS, Limits(most=125)) == [(0, 30)]


def test_a_value_that_can_not_be_read_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="spans 4 registers, a request may have 2"):
        partition([(0, 3)], TCP_5_MS, Limits(most=2))
    with pytest.raises(ValueError, match="known as bad"):
        partition([(0, 3)], TCP_5_MS, Limits(most=125, bad=((3, 9),)))


def test_nothing_wanted_needs_no_request() -> None:
    assert partition([], TCP_5_MS, Limits(most=125)) == []
