"""Kinds of place, as rules and escalation policies ask for them."""

from __future__ import annotations

from enum import StrEnum


class ZoneKind(StrEnum):
    """Kinds of place (部位), as rules ask for them."""

    EXIT = "exit"
    STAIR = "stair"
    LOBBY = "lobby"
    CORRIDOR = "corridor"
    ROOM = "room"
    PUMP_ROOM = "pump_room"
    CONTROL_ROOM = "control_room"
    LIFT = "lift"
    CAR_BAY = "car_bay"
    ROOF = "roof"
    OTHER = "other"
