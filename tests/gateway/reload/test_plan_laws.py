"""After any edits, what runs is what a fresh start with the last good configuration would run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.documents import Document
from domain.errors import ConfigurationError
from domain.points import Point, PointTable
from domain.site import Registry, build_registry
from gateway.reload.plan import Line, differences, lines_of, plan_of
from gateway.reload.points import altered, gaps, redefined
from gateway.values import Values
from tests.gateway.gateway_sites import GATEWAY, LABELS, SITE, UNIT, built_in_profiles, connection, device, registry_of
from tests.gateway.house import transmitter

KEY = f"{UNIT}/{GATEWAY}"
PROFILES = built_in_profiles()
WATER = {
    "profile": "water", "protocol": "modbus_tcp", "kind": "water", "labels": LABELS, "source": "test",
    "points": [{"id": "level", "labels": LABELS, "read": {"address": 1, "type": "u16"}}],
}  # fmt: skip

devices = st.fixed_dictionaries(
    {
        "profile": st.sampled_from(["qdy30a_pressure", "water", "water", "no_such_profile"]),
        "address": st.integers(1, 3),
    },
    optional={
        "tags": st.sampled_from([["a"], ["b", "a"]]),
        "limits": st.sampled_from([{"level": {"high": 9}}, {"level": {"high": 8}}, {"pressure": {"low": 300}}]),
    },
)
lines = st.fixed_dictionaries(
    {
        "period_s": st.sampled_from([1.0, 2.0]),
        "devices": st.dictionaries(st.sampled_from(["d1", "d2", "d3"]), devices, max_size=3),
        "hosts": st.booleans(),
    }
)
sites = st.dictionaries(st.sampled_from(["near", "far"]), lines, min_size=1, max_size=2)
unit_level = st.sampled_from([("u16", 0.0), ("u16", 5.0)])


def registry(told: Mapping[str, Any], high: float) -> Registry:
    """The registry of a site as drawn; raises ConfigurationError for one that is wrong."""
    connections = []
    for name, line in told.items():
        own = [{"id": one, "zone": "room", "labels": LABELS, **rest} for one, rest in line["devices"].items()]
        made = connection(name, "modbus_tcp", {"host": name}, own, period_s=line["period_s"])
        connections.append(made)
        if line["hosts"]:
            hosting = connection(f"{name}-access", "gb26875", {"port": 5900}, [])
            connections.append({**hosting, "transmitters": [transmitter(1 if name == "near" else 2)]})
    water = {**WATER, "points": [{**WATER["points"][0], "ceiling": high + 10}]}  # type: ignore[index]  # a literal
    data = {"gateway": GATEWAY, "unit": UNIT, "labels": LABELS, "connections": connections}
    return build_registry(
        Document("site.yaml", SITE), [Document("gateways/g.yaml", data)], [*PROFILES, Document("water.yaml", water)]
    )


class Running:
    """What a process holds that takes one configuration after the other, without sockets."""

    def __init__(self, first: Registry) -> None:
        self.registry = first
        self.lines: dict[str, Line] = lines_of(first, first.gateways[KEY])
        self.values = Values(first.gateway_points(UNIT, GATEWAY))

    def switch(self, after: Registry) -> None:
        plan = plan_of(self.registry, after, UNIT, GATEWAY)
        theirs = lines_of(after, after.gateways[KEY])
        kept = {name: line for name, line in self.lines.items() if name not in plan.stopped}
        self.lines = {**kept, **{name: theirs[name] for name in plan.started}}
        assert all(self.lines[name] is line for name, line in kept.items())
        wanted = list(after.gateway_points(UNIT, GATEWAY))
        table = redefined(self.values.table, wanted)
        assert [point.key for point in self.values.table] == [point.key for point in table][: len(self.values.table)]
        gone = gaps(table, wanted)
        self.values.adopt(table, gone, altered(self.values.table, table, gone, self.values.gaps))
        self.registry = after


def told(values: Values, points: PointTable) -> dict[tuple[str, str], list[Any]]:
    """What the births of all devices say, in any order of points."""
    homes = {(point.unit, point.device) for point in points}
    return {home: sorted(values.metrics(*home, 1), key=lambda one: one.name) for home in homes}


@settings(max_examples=30)
@given(st.lists(st.tuples(sites, st.sampled_from([8.0, 9.5])), min_size=1, max_size=6))
def test_after_any_edits_what_runs_is_what_a_fresh_start_with_the_last_good_one_would_run(
    edits: list[tuple[Mapping[str, Any], float]],
) -> None:
    running = Running(registry_of(connection("near", "modbus_tcp", {"host": "near"}, [])))
    for edit, high in edits:
        before = running.registry
        try:
            after = registry(edit, high)
        except ConfigurationError:
            continue
        plan = plan_of(before, after, UNIT, GATEWAY)
        running.switch(after)
        fresh = Running(after)
        assert running.lines == fresh.lines
        points = after.gateway_points(UNIT, GATEWAY)
        assert told(running.values, points) == told(fresh.values, points)
        assert plan_of(after, after, UNIT, GATEWAY).is_empty
        assert plan.is_empty == (not plan.started and not plan.stopped)
        assert set(plan.removed) == lines_of(before, before.gateways[KEY]).keys() - fresh.lines.keys()


def points(*names: str, high: float | None = None) -> list[Point]:
    return [Point(unit="u", gateway="g", device="d", name=name, high=high) for name in names]


def test_indexes_stay_when_points_go_come_and_change() -> None:
    table = PointTable(points("a", "b", "c"))
    wanted = [*points("b", high=5), *points("c", "d")]
    after = redefined(table, wanted)
    assert [point.name for point in after] == ["a", "b", "c", "d"]
    assert after[1].high == 5
    assert gaps(after, wanted) == {0}
    assert altered(table, after, gaps(after, wanted), frozenset()) == {0, 1, 3}
    assert redefined(after, wanted) is after


def test_a_point_that_measures_something_else_forgets_what_it_was() -> None:
    values = Values(PointTable(points("a", "b")))
    for at in (0, 1):
        values.set(at, 5_000_000, 7.0, 192)
    wanted = [*points("a", high=3), Point(unit="u", gateway="g", device="d", name="b", word="component_state")]
    table = redefined(values.table, wanted)
    values.adopt(table, frozenset(), altered(values.table, table, frozenset(), frozenset()))
    kept, forgotten = values.metrics("u", "d", 9_000_000)
    assert (kept.value, kept.high, forgotten.value) == (7.0, 3, None)


def test_people_are_told_paths_and_values_but_nothing_that_may_be_a_secret() -> None:
    before = {"settings": {"password": "a"}, "devices": [{"id": "d", "limits": {"p": {"high": 4}}}], "gone": 1}
    after = {"settings": {"password": "b"}, "devices": [{"id": "d", "limits": {"p": {"high": 5}}}]}
    assert differences(before, after) == ["settings.password", "devices.d.limits.p.high: 4 → 5", "gone: 1 → -"]


def test_a_changed_line_names_its_device() -> None:
    def site(address: int) -> Registry:
        return registry_of(
            connection("a", "modbus_tcp", {"host": "h"}, [device("d", "qdy30a_pressure", address)]), spool_age_s=60
        )

    plan = plan_of(site(1), site(2), UNIT, GATEWAY)
    assert [(one.what, one.did, one.id, one.fields) for one in plan.changes] == [
        ("line", "changed", "a", ()),
        ("device", "changed", "d", ("address: 1 → 2",)),
    ]


def test_a_gateway_that_is_not_there_can_not_be_compared() -> None:
    one = registry_of(connection("a", "modbus_tcp", {"host": "h"}, []))
    with pytest.raises(KeyError):
        plan_of(one, one, UNIT, "nobody")
