"""Hosted nodes, roll-calls and strangers as the board has them: known only while their host is heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.messages import LogMessage
from backbone.sparkplug import Birth, BirthMetric, encode_birth, encode_death
from backbone.subjects import telemetry
from dashboards.live.board import Board, Reading
from dashboards.live.health import Condition, gateway_health, hosted_silent, node_health
from dashboards.live.nodes import Line, Node, Nodes
from dashboards.live.roll_calls import Result, points, results
from dashboards.live.site import LiveSite
from dashboards.live.strangers import read_all
from domain.clock import NS_PER_S
from domain.ids import alias_of
from domain.quality import GOOD
from domain.site import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS
from tests.dashboards.district import HOST, district
from tests.dashboards.premises import premises

DISTRICT = district(6)
KEY = "hotel/utd-0"


def said(kind: str, second: int = 0, key: str = KEY, payload: bytes = b"") -> LogMessage:
    unit, _, gateway = key.partition("/")
    return LogMessage(telemetry(unit, kind, gateway), payload, second + 1, second * NS_PER_S)


def birth(session: int | None) -> bytes:
    return encode_birth(Birth(metrics=(), seq=0, time_ns=0, bd_seq=session))


def board(*kinds: str) -> Board:
    """Return a board whose host is well, with what it said of the first transmitter."""
    made = Board(connected=True)
    made.statuses["gateway.hotel.gw-access"] = GATEWAY_WELL | {"hosting": {"known": 6, "up": 5, "strangers": 2}}
    made.nodes.apply([said(kind, second) for second, kind in enumerate(kinds)])
    return made


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        ((), Condition.NEVER),
        (("NBIRTH",), Condition.FINE),
        (("NDATA",), Condition.FINE),
        (("NBIRTH", "NDEATH"), Condition.OFFLINE),
        (("NDEATH", "NBIRTH"), Condition.FINE),
    ],
)
def test_a_transmitter_is_what_its_host_said_last(kinds: tuple[str, ...], wanted: Condition) -> None:
    assert node_health(board(*kinds), DISTRICT, KEY, NOW_NS).condition is wanted


@pytest.mark.parametrize("change", [{"uplink": "down"}, {"time_ns": NOW_NS - 6 * NS_PER_S}])
def test_while_the_host_is_not_heard_a_line_is_unknown_and_never_fine(change: dict[str, object]) -> None:
    made = board("NBIRTH")
    made.statuses["gateway.hotel.gw-access"] |= change
    found = node_health(made, DISTRICT, KEY, NOW_NS)
    assert found.condition is Condition.HOST_SILENT
    assert not found.reachable
    assert hosted_silent(made, DISTRICT, NOW_NS) == (6, 6)


def test_silent_transmitters_are_counted_and_gateways_that_are_processes_come_without_them() -> None:
    assert hosted_silent(board("NBIRTH"), DISTRICT, NOW_NS) == (6, 5)
    assert DISTRICT.own_gateways == (HOST,)
    assert hosted_silent(Board(), premises(), NOW_NS) == (0, 0)
    found = gateway_health(board(), HOST, NOW_NS).hosted
    assert found is not None
    assert (found.known, found.up, found.strangers) == (6, 5, 2)


@given(st.lists(st.sampled_from(["NBIRTH", "NDATA", "NDEATH"]), max_size=20))
def test_a_line_changes_once_for_each_turn_and_signs_of_life_are_remembered(kinds: list[str]) -> None:
    nodes = Nodes()
    assert nodes.counts(DISTRICT)[HOST][Line.NEVER] == 6
    up, turns, since, heard = Line.NEVER, 0, 0, 0
    for second, kind in enumerate(kinds, 1):
        nodes.apply([said(kind, second)])
        line = Line.DOWN if kind == "NDEATH" else Line.UP
        if line is not up:
            up, since, turns = line, second * NS_PER_S, turns + 1
        heard = second * NS_PER_S if line is Line.UP else heard
    assert nodes.of(KEY) == Node(up, since, heard)
    assert nodes.revision == turns
    assert nodes.counts(DISTRICT)[HOST][up] == (1 if kinds else 6)
    assert nodes.counts(DISTRICT)[HOST].total() == 6


@pytest.mark.parametrize(
    ("born", "ended", "wanted"),
    [(7, 6, Line.UP), (0, 255, Line.UP), (7, 7, Line.DOWN), (None, 6, Line.DOWN), (7, None, Line.DOWN)],
)
def test_a_death_certificate_of_an_earlier_session_says_nothing_of_the_line_that_lives(
    born: int | None, ended: int | None, wanted: Line
) -> None:
    nodes = Nodes()
    death = b"" if ended is None else encode_death(ended, 0)
    nodes.apply([said("NBIRTH", 1, payload=birth(born)), said("NDEATH", 2, payload=death)])
    assert nodes.of(KEY).line is wanted


def test_after_a_new_birth_the_death_of_its_own_session_counts() -> None:
    nodes = Nodes()
    nodes.apply([said("NBIRTH", 1, payload=birth(1)), said("NBIRTH", 2, payload=birth(2))])
    nodes.apply([said("NDEATH", 3, payload=encode_death(1, 0))])
    assert nodes.of(KEY).line is Line.UP
    nodes.apply([said("NDEATH", 4, payload=encode_death(2, 0))])
    assert nodes.of(KEY) == Node(Line.DOWN, 4 * NS_PER_S, 2 * NS_PER_S)


@given(st.sampled_from(["NBIRTH", "NDATA", "NDEATH"]), st.binary(max_size=60))
def test_whatever_a_certificate_holds_it_is_read_or_says_nothing(kind: str, junk: bytes) -> None:
    nodes = Nodes()
    nodes.apply([said("NBIRTH", 1, payload=birth(1)), said(kind, 2, payload=junk), said("NDATA", 3)])
    assert nodes.of(KEY).line is Line.UP


def test_other_messages_say_nothing_of_a_line() -> None:
    nodes = Nodes()
    nodes.apply([LogMessage("who.knows", b"", 1, 1), LogMessage("tel.0.hotel.DDATA.utd-0.utd-0", b"", 2, 2)])
    assert nodes.of(KEY).line is Line.NEVER


def called(registry: Registry, values: dict[str, float | None]) -> list[tuple[str, Result]]:
    readings = {f"{key}/roll_call": Reading(second, value, GOOD) for second, (key, value) in enumerate(values.items())}
    return [(one.transmitter, one.result) for one in results(registry, readings)]


def test_who_did_not_answer_comes_before_who_did_and_who_was_never_called_is_absent() -> None:
    assert points(DISTRICT)[0] == "hotel/utd-0/roll_call"
    values = {"hotel/utd-0": 1.0, "hotel/utd-1": 3.0, "hotel/utd-2": 0.0, "hotel/utd-3": None, "u0001/utd-4": 9.0}
    assert called(DISTRICT, values) == [
        ("hotel/utd-2", Result.WAITING),
        ("hotel/utd-1", Result.NO_ANSWER),
        ("hotel/utd-0", Result.PRESENT),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["address", "address_hex", "peer", "first_ns", "last_ns", "frames", "fire", "profile"])


@given(JSON | st.fixed_dictionaries({"strangers": st.lists(JSON | st.dictionaries(FIELDS, JSON), max_size=4)}))
def test_whatever_a_host_replies_is_read_or_left_out(reply: object) -> None:
    for stranger in read_all(reply):
        assert len(stranger.address) <= 80
        assert isinstance(stranger.frames, int)


def test_a_stranger_with_a_fire_comes_first() -> None:
    listed = [{"address": 1, "last_ns": 9}, {"address": 2, "last_ns": 1, "fire": True}]
    assert [stranger.address for stranger in read_all({"strangers": listed})] == ["2", "1"]


def test_the_site_grows_by_births_and_junk_teaches_nothing() -> None:
    site = LiveSite(DISTRICT)
    metric = BirthMetric(name="c40-1", alias=alias_of("fas-0", "c40-1"), label_zh="感烟", label_en="smoke")
    birth = encode_birth(Birth(metrics=(metric,), seq=0, time_ns=1))
    subject = "tel.0.hotel.DBIRTH.utd-0.fas-0"
    site.learn([LogMessage(subject, b"\xff\xff", 1, 1), LogMessage(subject, birth, 2, 2)])
    assert site.registry.point_labels["hotel/fas-0/c40-1"].zh == "感烟"
    grown = site.registry
    site.learn([LogMessage(subject, birth, 3, 3)])
    assert site.registry is grown, "what is known already changes nothing"
