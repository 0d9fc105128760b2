"""Spans of time against counting minute by minute."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from alerts.feeding.daily import Item, out_of_service_facts
from alerts.feeding.days import LocalDays, days_between
from alerts.feeding.downtime import (
    DEVICE_SILENT,
    GATEWAY_OFFLINE,
    SHIELDED,
    device_facts,
    disabled_facts,
    gateway_facts,
)
from alerts.feeding.histories import FOREVER, History, Moment
from alerts.feeding.intervals import NS_PER_MINUTE, Span, clip, common, minutes, total_ns, union, without
from alerts.feeding.plant import UnitPlant
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.clock import NS_PER_S

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)
DAY: Span = (10 * NS_PER_MINUTE, 50 * NS_PER_MINUTE)
"""A day of forty minutes, with time before and after it."""


def counted(spans: list[Span]) -> set[int]:
    """Return the minutes that spans cover, one by one."""
    return {minute for start, end in spans for minute in range(start, end)}


@given(SPANS, SPANS)
def test_spans_cover_what_their_minutes_cover(one: list[Span], other: list[Span]) -> None:
    left, right = counted(one), counted(other)
    assert counted(union(one)) == left
    assert counted(common(one, other)) == left & right
    assert counted(without(one, other)) == left - right
    assert counted(clip(one, (10, 50))) == left & set(range(10, 50))
    assert total_ns(one) == len(left)


@given(SPANS)
def test_a_union_is_in_order_and_nothing_touches(spans: list[Span]) -> None:
    found = union(spans)
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))


def history(rule: str, entity: str, states: list[tuple[bool, bool]], *, number: int = 0) -> History:
    """Return an alert that lived through ``states``: (active, unknown) minute by minute."""
    told, was, doubted = [], False, False
    for minute, (active, doubt) in enumerate([*states, (False, False)]):
        at_ns = minute * NS_PER_MINUTE
        if active != was:
            told.append(Moment(at_ns=at_ns, action=AlertEvent.RAISED if active else AlertEvent.CLEARED))
            was, doubted = active, False
        if active and doubt != doubted:
            told.append(Moment(at_ns=at_ns, action=AlertEvent.UNKNOWN if doubt else AlertEvent.KNOWN))
            doubted = doubt
    return History(
        id=f"{rule}-{entity}-{number}", rule=rule, alarm_class=AlarmClass.FAULT, unit="u", entity=entity,
        begun_ns=0, raised_ns=0, test=False, confirmed=None, moments=tuple(told),
    )  # fmt: skip


LIFE = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=60, max_size=60)
OFFLINE = st.lists(st.booleans(), min_size=60, max_size=60)


def spans_of(flags: list[bool]) -> list[Span]:
    """Return minutes as spans."""
    return union([(at * NS_PER_MINUTE, (at + 1) * NS_PER_MINUTE) for at, flag in enumerate(flags) if flag])


@given(LIFE, LIFE, OFFLINE, OFFLINE)
def test_device_downtime_is_what_counting_minutes_gives(
    one: list[tuple[bool, bool]], two: list[tuple[bool, bool]], offline: list[bool], unwatched: list[bool]
) -> None:
    plant = UnitPlant(devices={"u/a": ("u/gw",), "u/b": ("u/gw",), "u/c": ("u/gw",)}, gateways=["u/gw"])
    histories = [history(DEVICE_SILENT, "u/a", one), history(DEVICE_SILENT, "u/b", two)]
    facts, share = device_facts(plant, histories, {"u/gw": spans_of(offline)}, spans_of(unwatched), DAY)
    down = hidden = 0
    for life in (one, two, [(False, False)] * 60):
        for minute in range(10, 50):
            active, doubt = life[minute]
            unseen = offline[minute] or unwatched[minute] or (active and doubt)
            hidden += unseen
            down += active and not unseen
    assert (facts.count, facts.downtime_minutes, facts.unknown_minutes) == (3, down, hidden)
    assert share is not None
    assert abs(share - (1 - (down + hidden) / 120)) < 1e-5


@given(OFFLINE, OFFLINE, OFFLINE)
def test_a_transmitter_behind_an_absent_host_is_unknown_and_not_offline(
    host: list[bool], own: list[bool], unwatched: list[bool]
) -> None:
    plant = UnitPlant(gateways=["u/utd"], hosts={"u/utd": "centre/gw"})
    offline = {"centre/gw": spans_of(host), "u/utd": spans_of(own)}
    facts, share = gateway_facts(plant, offline, spans_of(unwatched), DAY)
    day = range(10, 50)
    assert facts.offline_minutes == sum(own[at] and not host[at] and not unwatched[at] for at in day)
    missing = sum(own[at] or host[at] or unwatched[at] for at in day)
    assert share is not None
    assert abs(share - (1 - missing / 40)) < 1e-5


@given(LIFE, LIFE)
def test_disabled_points_are_counted_by_point(one: list[tuple[bool, bool]], two: list[tuple[bool, bool]]) -> None:
    histories = [history(SHIELDED[0], "u/p/1", one), history(SHIELDED[1], "u/p/1", two), history("other", "u/p/2", one)]
    facts = disabled_facts(histories, DAY)
    known = [any(life[at] == (True, False) for life in (one, two)) for at in range(60)]
    assert facts.point_minutes == sum(known[10:50])
    assert facts.points == any(known[10:50])
    assert facts.at_end == known[49]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 60), st.integers(0, 60)), max_size=6))
def test_what_is_out_of_service_twice_counts_once(entries: list[tuple[int, int, int, int]]) -> None:
    items = [
        Item(entry=f"e{entry}", item=f"points/{point}", span=(start * NS_PER_MINUTE, end * NS_PER_MINUTE))
        for entry, point, start, end in entries
    ]
    wanted = {(point, minute) for _, point, start, end in entries for minute in range(start, end) if 10 <= minute < 50}
    assert out_of_service_facts(items, DAY).item_minutes == len(wanted)


def test_an_alarm_that_stands_has_no_end_and_a_gateway_is_offline_to_the_end_of_the_day() -> None:
    standing = history(GATEWAY_OFFLINE[0], "u/gw", [(True, False)] * 61)
    told = [moment for moment in standing.moments if moment.action == AlertEvent.RAISED]
    open_ended = replace(standing, moments=tuple(told))
    assert open_ended.active() == [(0, FOREVER)]
    assert minutes(clip(open_ended.active(), DAY)) == 40


def test_days_are_those_of_the_site_and_as_long_as_its_clocks_make_them() -> None:
    china, berlin = LocalDays("Asia/Shanghai"), LocalDays("Europe/Berlin")
    start, end = china.span(date(2026, 11, 28))
    assert (end - start) == 86_400 * NS_PER_S
    assert china.day_of(start) == date(2026, 11, 28)
    assert china.day_of(start - 1) == date(2026, 11, 27)
    spring, autumn = berlin.span(date(2026, 3, 29)), berlin.span(date(2026, 10, 25))
    assert [(span[1] - span[0]) // (3600 * NS_PER_S) for span in (spring, autumn)] == [23, 25]
    assert LocalDays("No/Where").day_of(0) == date(1970, 1, 1)
    assert list(days_between(date(2026, 12, 31), date(2027, 1, 1))) == [date(2026, 12, 31), date(2027, 1, 1)]


@given(st.integers(0, 4_000_000_000), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"]))
def test_a_moment_lies_in_the_day_that_it_is_said_to_be_in(second: int, zone: str) -> None:
    days, at_ns = LocalDays(zone), second * NS_PER_S
    start, end = days.span(days.day_of(at_ns))
    assert start <= at_ns < end
