"""Boards and alerts for tests that need no server."""

from __future__ import annotations

from typing import Any

from dashboards.live.board import Board
from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.alert import AlertView
from domain.clock import NS_PER_S

NOW_NS = 1_800_000_000 * NS_PER_S
GATEWAY_WELL: dict[str, Any] = {
    "uplink": "up",
    "spool": {"batches": 3, "bytes": 900, "oldest_ns": None, "offline_forecast_s": 3600.0},
    "connections": {"line": {"ok": True, "lost": []}},
    "dropped": {},
    "time_ns": NOW_NS,
}


def alert(number: int = 1, **changes: Any) -> AlertView:
    """Return an open, active, unacknowledged fire alert raised ``number`` seconds after a fixed time."""
    values: dict[str, Any] = {
        "id": f"a{number}",
        "rule": "panel-fire",
        "rule_version": "1",
        "alarm_class": AlarmClass.FIRE,
        "level": Level.CRITICAL,
        "entity_kind": EntityKind.ZONE,
        "entity": "hotel/exit",
        "place": Place(unit="hotel", zone="exit"),
        "text_zh": "火警",
        "text_en": "Fire",
        "picture_url": None,
        "value": None,
        "values": {},
        "raised_at_ns": NOW_NS - 100 * NS_PER_S + number * NS_PER_S,
        "event_time_ns": NOW_NS - 100 * NS_PER_S,
        "active": True,
        "data_unknown": False,
        "cleared_at_ns": None,
        "latched": False,
        "reset_at_ns": None,
        "reset_by": None,
        "acknowledged_at_ns": None,
        "acknowledged_by": None,
        "confirmed": None,
        "confirmed_at_ns": None,
        "confirmed_by": None,
        "suppressed_by": None,
        "test": False,
        "historical": False,
        "owner": None,
        "escalation_step": 0,
        "next_escalation_ns": None,
        "closed_at_ns": None,
        "comments": 0,
    }
    return AlertView.model_validate(values | changes)


def well(*alerts: AlertView) -> Board:
    """Return a board on which everything is fresh, with these open alerts."""
    board = Board(connected=True)
    for key in ("alerts.main", "rules.main", "ingest.main"):
        board.statuses[key] = {"time_ns": NOW_NS}
    board.statuses["gateway.hotel.gw-east"] = dict(GATEWAY_WELL)
    board.replace_alerts(alerts, NOW_NS, cut=False)
    return board
