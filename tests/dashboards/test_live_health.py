"""Freshness: whatever a status document says, only a fresh and healthy one counts as fine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.gateways.gateway_words import is_behind
from dashboards.live.board import Board
from dashboards.live.health import Condition, all_health, gateway_health, service_health
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, well
from tests.dashboards.premises import premises

KEY = "gateway.hotel.gw-east"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def condition(document: dict[str, Any] | None, now_ns: int = NOW_NS) -> Condition:
    board = Board(connected=True)
    if document is not None:
        board.statuses[KEY] = document
    return gateway_health(board, "hotel/gw-east", now_ns).condition


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, Condition.FINE),
        ({"uplink": "down"}, Condition.LINK_DOWN),
        ({"uplink": None}, Condition.LINK_DOWN),
        ({"connections": {"line": {"ok": False}}}, Condition.LINE_DOWN),
        ({"spool": {"oldest_ns": NOW_NS - 31 * NS_PER_S}}, Condition.STALE),
        ({"spool": {"oldest_ns": NOW_NS - NS_PER_S}}, Condition.FINE),
        ({"time_ns": NOW_NS - 5 * NS_PER_S}, Condition.FINE),
        ({"time_ns": NOW_NS - 5 * NS_PER_S - 1000}, Condition.SILENT),
        ({"time_ns": NOW_NS + 6 * NS_PER_S}, Condition.SILENT),
        ({"time_ns": "yesterday"}, Condition.NEVER),
    ],
)
def test_a_gateway_is_fine_only_when_everything_is(change: dict[str, Any], wanted: Condition) -> None:
    assert condition(GATEWAY_WELL | change) is wanted


def test_a_gateway_that_never_reported_is_unknown() -> None:
    assert condition(None) is Condition.NEVER


def test_what_a_gateway_tells_of_its_spool_is_handed_on() -> None:
    document = GATEWAY_WELL | {
        "connections": {"line": {"ok": True, "lost": ["p1", "p2"]}},
        "dropped": {"full": 4},
        "spool": {"batches": 7, "bytes": 5000, "oldest_ns": NOW_NS - 2 * NS_PER_S, "offline_forecast_s": 60.0},
    }
    health = gateway_health(Board(connected=True, statuses={KEY: document}), "hotel/gw-east", NOW_NS)
    assert (health.spool_batches, health.spool_bytes, health.oldest_s, health.forecast_s) == (7, 5000, 2.0, 60.0)
    assert (health.lost, health.dropped) == (2, 4)


def test_a_lost_backbone_makes_every_document_old() -> None:
    board = well()
    board.connected = False
    services, gateways = all_health(board, premises(), NOW_NS)
    assert not any(health.fine for health in (*services, *gateways))


@given(st.dictionaries(st.sampled_from([*GATEWAY_WELL, "other"]), JSON))
def test_no_document_from_outside_breaks_the_page_or_passes_for_well(document: dict[str, Any]) -> None:
    found = condition(document)
    well_said = document.get("uplink") == "up" and isinstance(document.get("time_ns"), int | float)
    assert found is not Condition.FINE or well_said


@pytest.mark.parametrize(
    ("store", "oldest_s", "behind"),
    [("up", None, False), ("up", 5.0, False), ("up", 31.0, True), ("down", None, True), ("denied", 2.0, True)],
)
def test_ingest_says_that_its_store_is_away_or_behind(store: str, oldest_s: float | None, *, behind: bool) -> None:
    document = {"time_ns": NOW_NS, "store": store, "oldest_s": oldest_s}
    health = service_health(Board(connected=True, statuses={"ingest.main": document}), "ingest.main", NOW_NS)
    assert health.fine
    assert is_behind(health) is behind
