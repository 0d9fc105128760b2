"""Transmitters and their hosts, components in places of their own, and the order within one frame."""

from __future__ import annotations

from functools import cache

import pytest

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, encode_birth, encode_death, with_seq
from backbone.sparkplug.births import Birth
from domain.alarm import EntityKind, Transition
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.errors import ConfigurationError
from domain.site import Registry, build_registry
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.site_index import SiteIndex
from tests.rules import transmitter_scene
from tests.rules.rules_scene import START_NS, library, rule_documents

PARTITIONS = 16

IN_EXITS = """
id: in_exits
version: "1"
labels: {zh: 出口, en: exits}
class: hazard
level: warning
watches: {word: gb_component_state, zones: exit}
condition: {bits: {any: 0x2}}
test: {word: gb_system_state, bits: {none: 0x1}}
messages: {zh: "{zone}{point}", en: "{zone} {point}"}
"""


@cache
def two_units() -> Registry:
    """Return a site whose host stands in one unit and whose transmitter in another, of another partition."""

    def label(text: str) -> dict[str, str]:
        return {"zh": text, "en": text}

    def unit(name: str) -> dict[str, object]:
        zones = [{"id": "z", "kind": "exit", "floor": 1, "labels": label("z")}]
        return {
            "id": name,
            "labels": label(name),
            "buildings": [{"id": "b", "labels": label("b"), "zones": zones}],
        }

    transmitter = {"id": "utd", "unit": "hotel", "address": 1, "zone": "z", "labels": label("utd")}
    connection = {"id": "c", "protocol": "p", "transmitters": [transmitter]}
    points = [{"id": "state", "kind": "state", "word": "gb_transmitter_state", "labels": label("state")}]
    profile = {
        "profile": "p_transmitter",
        "protocol": "p",
        "kind": "transmitter",
        "labels": label("p"),
        "source": "test",
        "points": points,
    }
    site = {"site": "s", "labels": label("s"), "units": [unit("centre"), unit("hotel")]}
    gateway = {"gateway": "host", "unit": "centre", "labels": label("host"), "connections": [connection]}
    return build_registry(Document("s", site), [Document("g", gateway)], [Document("p", profile)])


def rules(text: str = "") -> RuleSet:
    """Load the library, and rules beside it."""
    return load(library(), rule_documents(text) if text else (), registry=transmitter_scene.registry())


def node(unit: str, kind: str, gateway: str, second: int, payload: bytes = b"") -> LogMessage:
    """Return a node's message."""
    return LogMessage(subjects.telemetry(unit, kind, gateway), payload, second, START_NS + second * NS_PER_S)


def tick(partition: int, second: int) -> LogMessage:
    """Return a second of the log."""
    return LogMessage(subjects.tick(partition), b"", second, START_NS + second * NS_PER_S)


def test_a_host_of_another_partition_is_heard_and_its_end_is_no_alarm_here() -> None:
    partition = subjects.partition_of("hotel", PARTITIONS)
    assert partition != subjects.partition_of("centre", PARTITIONS)
    site = SiteIndex(two_units(), {"hotel"})
    assert (site.gateways, site.own.tolist(), site.host_of.tolist()) == (
        ["hotel/utd", "centre/host"],
        [True, False],
        [1, -1],
    )
    engine = Engine(compile_plan(rules(), site))
    assert engine.plan.coverage()["gateway_offline"] == 0
    decoder = Decoder(site, partition, PARTITIONS)
    said = []
    death = encode_death(0, 0)
    for second in range(1, 520):
        told = [tick(partition, second)]
        if second < 10:
            told += [node("centre", "NDATA", "host", second), node("hotel", "NDATA", "utd", second)]
        if second == 10:
            told += [node("hotel", "NDEATH", "utd", second, death), node("centre", "NDEATH", "host", second, death)]
        if second >= 300:
            told.append(node("centre", "NDATA", "host", second))
        said += engine.feed(decoder.decode(told))
    assert [(one.rule, one.entity, one.log_time_ns) for one in said] == [
        ("transmitter_offline", "hotel/utd", START_NS + 481 * NS_PER_S)
    ]
    assert decoder.counts.unknown_gateways == 0


def told(*values: tuple[str, float]) -> list[Transition]:
    """Return what one message of the facility system says, on a site that knows all points."""
    registry = transmitter_scene.registry().grown(transmitter_scene.LEARNED)
    site = SiteIndex(registry, declared=len(transmitter_scene.registry().points))
    rows = [registry.points.index(f"u/fas/{name}") for name, _ in values]
    batch = ReadingBatch.build(registry.points, [START_NS] * len(rows), rows, [value for _, value in values])
    subject = subjects.telemetry("u", "DDATA", "t1", "fas")
    message = LogMessage(subject, with_seq(encode_batch(batch, START_NS), 0), 1, START_NS)
    return Engine(compile_plan(rules(IN_EXITS), site)).feed(Decoder(site, 0, 1).decode([message]))


@pytest.mark.parametrize("names", [("c40-1-2", "smoke-1", "c40-1-1"), ("c40-1-1", "c40-1-2", "smoke-1")])
def test_the_first_alarm_of_a_frame_is_told_first(names: tuple[str, ...]) -> None:
    fires = [one for one in told(*((name, 3.0) for name in names)) if one.rule == "component_fire"]
    assert [one.place.point for one in fires] == list(names)


def test_a_component_is_where_it_is_and_not_where_its_panel_stands() -> None:
    said = told(("smoke-1", 3.0), ("c40-1-1", 3.0), ("c40-1-2", 3.0))
    places = {one.place.point: (one.place.zone, one.place.zone_kind) for one in said if one.rule == "component_fire"}
    assert places == {"smoke-1": ("exit", "exit"), "c40-1-1": ("lobby", "lobby"), "c40-1-2": ("lobby", "lobby")}


def test_zone_selectors_go_by_the_points_own_zone_and_the_test_flag_by_the_device() -> None:
    said = told(("state", 2.0), ("smoke-1", 3.0), ("c40-1-1", 3.0))
    assert [(one.entity, one.test, one.text_en) for one in said if one.rule == "in_exits"] == [
        ("u/fas/smoke-1", True, "exit smoke-1")
    ]


def test_a_zones_alarm_is_about_the_points_in_it() -> None:
    site = SiteIndex(transmitter_scene.registry())
    zones = [site.zones[at] for at in site.entities_of_points(EntityKind.ZONE)]
    where = dict(zip(site.keys, zones, strict=True))
    assert (where["u/fas/smoke-1"], where["u/fas/state"], where["u/t1/state"]) == ("u/exit", "u/lobby", "u/roof")


def test_a_rule_for_a_declared_analog_is_held_against_its_quantity() -> None:
    wrong = IN_EXITS.replace("{bits: {any: 0x2}}", "{above: {limit: 3, quantity: kPa}}")
    with pytest.raises(ConfigurationError, match="kPa does not fit p_system/smoke-1, which is in none"):
        rules(wrong)


def test_births_of_nodes_are_no_births_of_devices() -> None:
    birth = encode_birth(Birth(metrics=(), seq=0, time_ns=0, bd_seq=1))
    engine = Engine(compile_plan(rules(), SiteIndex(two_units())))
    messages = Decoder(SiteIndex(two_units()), 0, 1).decode([node("hotel", "NBIRTH", "utd", 1, birth)])
    assert engine.feed(messages) == []
    assert engine.liveness.session[engine.plan.site.gateway("hotel", "utd") or 0] == 1
