"""A device's values of now as rows: with their quality, their age, their limits; what is not known is said to be so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.devices.device_words import LOOKS, Look, Shown, number, shown
from dashboards.console.devices.trend import name_of
from dashboards.console.view import View
from domain.points import Point
from domain.quantity import symbol
from domain.site import Device

MOST_ROWS = 80
"""Points of one device on the screen; of more, those that are abnormal come first."""

MARKS = {Look.ALARM: "▲", Look.CAUTION: "■", Look.UNKNOWN: "?", Look.CALM: ""}
WIDTHS = {
    "point": "minmax(0, 1.25fr)",
    "value": "minmax(0, 1.1fr)",
    "quality": "minmax(0, 0.9fr)",
    "age": "4.4rem",
    "limits": "minmax(0, 1.05fr)",
}


def columns(view: View) -> list[Column]:
    """Return the columns of the table."""
    words = {
        "point": view.text("column_point"),
        "value": view.text("column_value"),
        "quality": view.text("column_quality"),
        "age": view.text("column_age"),
        "limits": view.text("devices_column_limits"),
    }
    return [
        Column(key, words[key], kind="elapsed" if key == "age" else "text", width=width)
        for key, width in WIDTHS.items()
    ]


def rows_of(
    view: View, device: Device, points: Sequence[Point], now_ns: int, *, reachable: bool, chosen: Collection[str]
) -> tuple[list[dict[str, Any]], int]:
    """Return the rows, and how many points are not among them; ``chosen`` are drawn in the trend."""
    readings, kind = view.console.board.readings, device.profile.kind
    words = {
        point.key: shown(point, kind, readings.get(point.key), now_ns, view.language, reachable=reachable)
        for point in points
    }
    listed = list(points)
    if len(listed) > MOST_ROWS:
        listed.sort(key=lambda point: LOOKS.index(words[point.key].look))
    rows = [_row(view, point, words[point.key], is_chosen=point.key in chosen) for point in listed[:MOST_ROWS]]
    return rows, len(listed) - len(rows)


def _row(view: View, point: Point, now: Shown, *, is_chosen: bool) -> dict[str, Any]:
    reading = view.console.board.readings.get(point.key)
    look = "" if now.look is Look.CALM else now.look.value
    return {
        "id": point.key,
        "look": look,
        "cells": {
            "point": name_of(view, point),
            "value": Cell(now.value, MARKS[now.look], look),
            "quality": now.detail,
            "age": "—" if reading is None else reading.time_ns,
            "limits": limits_text(point),
        },
        "buttons": [
            {
                "action": "pick",
                "words": view.text("devices_picked" if is_chosen else "devices_pick"),
                "on": True,
                "main": is_chosen,
            }
        ],
    }


def limits_text(point: Point) -> str:
    """Write the alarm limits of a point in its quantity; nothing where it has none."""
    if point.low is None and point.high is None:
        return ""
    low = "" if point.low is None else number(point.low)
    high = "" if point.high is None else number(point.high)
    return f"{low} … {high} {symbol(point.quantity)}".strip()
