"""The figures of a whole site: the same as a naive count, whatever is open, silent or unheard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backbone.messages import LogMessage
from backbone.sparkplug import Birth, encode_birth, encode_death
from backbone.subjects import telemetry
from dashboards.live.board import Board
from dashboards.live.lamps import LampKind, lamp_of
from dashboards.live.nodes import MOST_CHANGES
from dashboards.live.scoped import scoped_board, scoped_registry
from dashboards.live.summary import SiteCount, Summary
from dashboards.live.tally import CALM, KINDS, Lines, Tally, is_fresh
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView
from domain.site import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, alert, well
from tests.dashboards.district import district, unit_of

DISTRICT = district(24)
UNITS = tuple(DISTRICT.units)
AREAS = ("north", "south", None)
REGISTRY = replace(
    DISTRICT,
    units={
        unit: settings.model_copy(update={"area": AREAS[at % 3]})
        for at, (unit, settings) in enumerate(DISTRICT.units.items())
    },
)
HOST = "gateway.hotel.gw-access"

places = st.builds(
    lambda unit, steps: Place(unit=unit, **dict(zip(("building", "floor", "zone"), steps, strict=False))),
    st.sampled_from(UNITS),
    st.sampled_from([(), ("east",), ("east", 1), ("east", 3, "corridor")]),
)
changes = st.fixed_dictionaries(
    {
        "place": places,
        "alarm_class": st.sampled_from(AlarmClass),
        "rule": st.sampled_from(["panel-fire", "component_shielded", "ebike_parked_at_exit"]),
        "acknowledged_at_ns": st.sampled_from([None, NOW_NS]),
        "held": st.booleans(),
        "suppressed_by": st.sampled_from([None, "a1"]),
    }
)
boards = st.lists(changes, max_size=20).map(lambda made: [alert(at, **one) for at, one in enumerate(made, 1)])
lines = st.lists(st.sampled_from(["NBIRTH", "NDEATH", None]), min_size=24, max_size=24)


def board_of(alerts: list[AlertView], states: list[str | None], *, host: bool = True) -> Board:
    board = well(*alerts)
    board.statuses[HOST] = dict(GATEWAY_WELL) if host else {}
    for number, kind in enumerate(states):
        if kind is not None:
            payload = encode_death(0, NOW_NS)
            if kind == "NBIRTH":
                payload = encode_birth(Birth(metrics=(), seq=0, time_ns=NOW_NS, bd_seq=0))
            subject = telemetry(unit_of(number), kind, f"utd-{number}")
            board.nodes.apply([LogMessage(subject=subject, data=payload, seq=number + 1, time_ns=NOW_NS)])
    return board


def naive(alerts: list[AlertView], **steps: Any) -> Tally:
    inside = [one for one in alerts if all(getattr(one.place, name) == value for name, value in steps.items())]
    counts = tuple(sum(lamp_of(one) is kind for one in inside) for kind in KINDS)
    fresh = tuple(sum(lamp_of(one) is kind and is_fresh(one) for one in inside) for kind in KINDS)
    return Tally(counts, fresh)


@given(boards, lines, st.booleans())
def test_counts_are_those_of_a_naive_count(alerts: list[AlertView], states: list[str | None], host: bool) -> None:  # noqa: FBT001  # from hypothesis
    summary = SiteCount().take(board_of(alerts, states, host=host), REGISTRY, NOW_NS)
    assert summary.total == naive(alerts)
    for unit in UNITS:
        assert summary.unit(unit) == naive(alerts, unit=unit)
        assert summary.buildings.get((unit, "east"), CALM) == naive(alerts, unit=unit, building="east")
        for floor in (1, 3):
            counted = summary.floors.get((unit, "east", floor), CALM)
            assert counted == naive(alerts, unit=unit, building="east", floor=floor)
        own = [kind for number, kind in enumerate(states) if unit_of(number) == unit]
        silent = sum(kind != "NBIRTH" for kind in own) if host else len(own)
        gateway = 1 if unit == "hotel" else 0
        assert summary.lines_of(unit) == Lines(len(own) + gateway, silent + (gateway if not host else 0))


@given(boards, lines)
def test_areas_add_up_to_the_site(alerts: list[AlertView], states: list[str | None]) -> None:
    summary = SiteCount().take(board_of(alerts, states), REGISTRY, NOW_NS)
    assert {one.area for one in summary.areas} == {"north", "south", ""}
    assert sum(one.units for one in summary.areas) == len(UNITS)
    assert sum(one.lit for one in summary.areas) == len(summary.units)
    assert sum(one.lines.total for one in summary.areas) == 25
    for kind in KINDS:
        assert sum(one.tally.of(kind) for one in summary.areas) == summary.total.of(kind)
    orders = [one.tally.order for one in summary.areas]
    assert orders == sorted(orders)


@given(boards, lines)
def test_the_worst_unit_comes_first_and_none_is_left_out(alerts: list[AlertView], states: list[str | None]) -> None:
    summary = SiteCount().take(board_of(alerts, states), REGISTRY, NOW_NS)
    assert sorted(summary.order) == sorted(UNITS)
    ranks = [
        (summary.unit(unit).order, not summary.lines_of(unit).silent)
        if unit in summary.units
        else ((1,), not summary.lines_of(unit).silent)
        for unit in summary.order
    ]
    assert [rank[0] for rank in ranks] == sorted(rank[0] for rank in ranks)
    calm = [rank[1] for rank in ranks if rank[0] == (1,)]
    assert calm == sorted(calm)


@given(boards, lines, st.sets(st.sampled_from(UNITS), min_size=1))
def test_somebody_with_a_scope_sees_figures_of_the_scope_only(
    alerts: list[AlertView], states: list[str | None], units: set[str]
) -> None:
    board, scope = board_of(alerts, states), frozenset(units)
    summary = SiteCount().take(scoped_board(board, scope), scoped_registry(REGISTRY, scope), NOW_NS)
    whole = SiteCount().take(board, REGISTRY, NOW_NS)
    assert set(summary.order) == scope
    assert summary.units == {unit: tally for unit, tally in whole.units.items() if unit in scope}
    assert {one.place.unit for one in alerts if one.place.unit in scope and lamp_of(one)} == set(summary.units)


def heard(board: Board, registry: Registry = DISTRICT, now_ns: int = NOW_NS) -> Summary:
    return SiteCount().take(board, registry, now_ns)


def test_a_unit_is_calm_only_when_all_is_heard_and_alarms_are_known() -> None:
    up: list[str | None] = ["NBIRTH"] * 24
    assert all(heard(board_of([], up)).is_heard(unit) for unit in UNITS)
    one_down: list[str | None] = [*up[:-1], "NDEATH"]
    summary = heard(board_of([], one_down))
    assert not summary.is_heard(unit_of(23))
    assert summary.order[0] == unit_of(23)
    away = board_of([], up)
    del away.statuses["rules.main"]
    assert not any(heard(away).is_heard(unit) for unit in UNITS)
    assert not any(heard(board_of([], up), now_ns=NOW_NS + 60 * 10**9).is_heard(unit) for unit in UNITS)
    assert not SiteCount().take(board_of([], up), replace(DISTRICT, transmitters={}), NOW_NS).is_heard("u0001")


def test_a_fire_stands_before_any_number_of_faults() -> None:
    faults = [
        alert(at, alarm_class=AlarmClass.FAULT, rule="fault", place=Place(unit="u0001", zone="control"))
        for at in range(2, 30)
    ]
    summary = heard(board_of([alert(1, place=Place(unit="u0002", zone="control")), *faults], ["NBIRTH"] * 24))
    assert summary.order[:2] == ("u0002", "u0001")
    assert summary.unit("u0001").worst is LampKind.FAULT
    assert summary.unit("hotel").worst is None


steps = st.lists(
    st.one_of(
        boards.map(lambda alerts: ("replace", alerts)),
        changes.map(lambda one: ("apply", one)),
        st.tuples(st.just("line"), st.tuples(st.integers(0, 23), st.sampled_from(["NBIRTH", "NDEATH"]))),
        st.tuples(st.just("host"), st.booleans()),
        st.tuples(st.just("rules"), st.booleans()),
        st.tuples(st.just("close"), st.integers(1, 20)),
        st.tuples(st.just("site"), st.sampled_from([REGISTRY, DISTRICT])),
    ),
    max_size=12,
)


def told(board: Board, number: int, what: str, how: Any) -> None:
    """Let a board hear of one thing."""
    match what:
        case "replace":
            board.replace_alerts(how, NOW_NS, cut=False)
        case "apply":
            board.apply_alert(alert(100 + number % 3, **how))
        case "close":
            open_now = board.alerts.get(f"a{how}")
            if open_now is not None:
                board.apply_alert(open_now.model_copy(update={"closed_at_ns": NOW_NS}))
        case "line":
            at, kind = how
            payload = encode_death(0, NOW_NS)
            if kind == "NBIRTH":
                payload = encode_birth(Birth(metrics=(), seq=0, time_ns=NOW_NS, bd_seq=0))
            subject = telemetry(unit_of(at), kind, f"utd-{at}")
            board.nodes.apply([LogMessage(subject=subject, data=payload, seq=100 + number, time_ns=NOW_NS)])
        case "host" | "rules":
            key = HOST if what == "host" else "rules.main"
            board.statuses[key] = {**GATEWAY_WELL, "time_ns": NOW_NS if how else 0}


@given(boards, steps)
def test_figures_that_are_kept_up_are_those_of_a_count_from_nothing(
    alerts: list[AlertView], happened: list[tuple[str, Any]]
) -> None:
    board, registry, count = board_of(alerts, [None] * 24), REGISTRY, SiteCount()
    for number, (what, how) in enumerate(happened):
        if what == "site":
            registry = how
        else:
            told(board, number, what, how)
        assert count.take(board, registry, NOW_NS) == SiteCount().take(board, registry, NOW_NS)


def test_who_looks_seldom_misses_no_line() -> None:
    """More lines changed than are remembered: all are looked at again."""
    board, count = board_of([], ["NBIRTH"] * 24), SiteCount()
    count.take(board, DISTRICT, NOW_NS)
    for number in range(MOST_CHANGES + 3):
        told(board, number, "line", (number % 2, "NDEATH" if number % 4 < 2 else "NBIRTH"))
    assert count.take(board, DISTRICT, NOW_NS) == SiteCount().take(board, DISTRICT, NOW_NS)


def test_what_did_not_change_is_the_same_object() -> None:
    board, count = board_of([], ["NBIRTH"] * 24), SiteCount()
    assert count.take(board, DISTRICT, NOW_NS) is count.take(board, DISTRICT, NOW_NS + 1)
