"""How the lines of a gateway fare, as rows: round trips, errors by kind, who does not answer. Pure.

A gateway of an older version answers no such question: what its status document says is shown then, and the rest is a
dash, never nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.gateways.gateway_words import counted, share_text, trip_text
from dashboards.console.view import View
from dashboards.console.wording import size_text, span_text
from dashboards.live import told
from domain.site import Connection, GatewaySettings

LINE_WIDTHS = {
    "line": "minmax(0, 1fr)",
    "protocol": "7rem",
    "state": "7rem",
    "polls": "5.5rem",
    "held": "5rem",
    "busy": "5rem",
    "errors": "minmax(0, 1.4fr)",
    "silent": "minmax(0, 1.2fr)",
}
UNIT_WIDTHS = {
    "at": "minmax(0, 0.6fr)",
    "devices": "minmax(0, 1.4fr)",
    "state": "7rem",
    "period": "5rem",
    "held": "5rem",
    "median": "6rem",
    "p99": "6rem",
    "retries": "5rem",
    "errors": "minmax(0, 1.4fr)",
}
FACTS = (
    *("up", "memory", "cpu", "files", "spool_used", "reconnects", "clock"),
    *("delivery", "published", "dropped", "letters", "version", "metrics"),
)
"""Names of `figure_facts`, in its order."""

MOST_UNITS = 200
LOOKS = {"closed": ("●", "soft"), "doubt": ("■", "caution"), "open": ("✗", "caution")}


def line_columns(view: View) -> list[Column]:
    """Return the columns of connections."""
    return _columns(view, LINE_WIDTHS)


def unit_columns(view: View) -> list[Column]:
    """Return the columns of polled units."""
    return _columns(view, UNIT_WIDTHS)


def _columns(view: View, widths: Mapping[str, str]) -> list[Column]:
    return [Column(key, view.text(f"gateway_column_{key}"), width=width) for key, width in widths.items()]


def line_rows(
    view: View, gateway: GatewaySettings, status: Mapping[str, Any], answer: Mapping[str, Any] | None, *, known: bool
) -> list[dict[str, Any]]:
    """Return the connections that the site has; ``known``: what the gateway says is the present."""
    rows = []
    for connection in gateway.connections:
        now = told.part(answer or {}, "connections", connection.id) or told.part(status, "connections", connection.id)
        age_s = told.number(answer or {}, "age_s")
        rows.append(_line_row(view, gateway.unit, connection, now if known else {}, age_s))
    return rows


def _line_row(
    view: View, unit: str, connection: Connection, now: Mapping[str, Any], age_s: float | None
) -> dict[str, Any]:
    ok = told.flag(now, "ok")
    polls, missed = told.number(now, "polls"), told.number(now, "missed")
    lost = told.texts(now, "lost")
    busy_s = told.number(now, "busy_s")
    at_once = told.number(now, "in_flight") or 1
    state = {
        None: Cell(view.text("value_unknown"), "?", "unknown"),
        True: Cell(view.text("gateway_line_ok"), "●", "soft"),
        False: Cell(view.text("gateway_line_down"), "✗", "caution"),
    }[ok]
    return {
        "id": connection.id,
        "look": "unknown" if ok is None else "caution" if not ok or lost else "",
        "cells": {
            "line": connection.id,
            "protocol": connection.protocol,
            "state": state,
            "polls": "—" if polls is None else f"{polls:.0f}",
            "held": share_text(held(polls, missed) if told.parts(now, "units") else None),
            "busy": share_text(busy_s / age_s / at_once if busy_s and age_s else None),
            "errors": counted(told.counts(now, "errors")),
            "silent": Cell(_names(view, unit, lost), "✗", "caution") if lost else "",
        },
    }


def held(polls: float | None, missed: float | None) -> float | None:
    """Return the share of slots in which a poll was made; None before there was any."""
    if polls is None or missed is None or polls + missed <= 0:
        return None
    return polls / (polls + missed)


def _names(view: View, unit: str, devices: list[str]) -> str:
    registry = view.console.registry
    known = (registry.devices.get(f"{unit}/{name}") for name in devices[:8])
    named = [
        name if device is None else device.settings.labels.of(view.language)
        for name, device in zip(devices[:8], known, strict=True)
    ]
    return "、".join([*named, *(["…"] if len(devices) > 8 else [])])


def unit_rows(view: View, gateway: GatewaySettings, answer: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the polled units of all lines, those that do not answer first."""
    found = [
        (name, unit)
        for name in told.part(answer or {}, "connections")
        for unit in told.parts(answer or {}, "connections", str(name), "units")
    ]
    found.sort(key=lambda one: told.words(one[1], "breaker") == "closed")
    return [_unit_row(view, gateway, str(name), unit) for name, unit in found[:MOST_UNITS]]


def _unit_row(view: View, gateway: GatewaySettings, line: str, unit: Mapping[str, Any]) -> dict[str, Any]:
    breaker = told.words(unit, "breaker")
    mark, look = LOOKS.get(breaker, ("?", "unknown"))
    devices = told.texts(unit, "devices")
    key = f"{gateway.unit}/{devices[0]}" if devices else ""
    go = f"/devices/{key}" if key in view.console.registry.devices else ""
    period_s = told.number(unit, "period_s")
    return {
        "id": f"{line}-{told.words(unit, 'unit')}",
        "look": "" if breaker == "closed" else "caution",
        "cells": {
            "at": f"{line} · {told.words(unit, 'unit')}",
            "devices": Cell(_names(view, gateway.unit, devices), go=go),
            "state": Cell(view.text(f"gateway_breaker_{breaker if breaker in LOOKS else 'none'}"), mark, look),
            "period": "—" if period_s is None else f"{period_s:g} s",
            "held": share_text(held(told.number(unit, "polls"), told.number(unit, "missed"))),
            "median": trip_text(told.number(unit, "median_s")),
            "p99": trip_text(told.number(unit, "p99_s")),
            "retries": f"{told.number(unit, 'breaker_opened') or 0:.0f}",
            "errors": counted(told.counts(unit, "errors")),
        },
    }


def figure_facts(view: View, status: Mapping[str, Any], answer: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what the process says of itself: names of facts and their words, only what was told."""
    language, more = view.language, answer or {}
    told_words = (
        span_text(told.number(more, "age_s"), language) if answer else "",
        _sized(told.number(more, "process", "memory")),
        _seconds(told.number(more, "process", "cpu_s"), language),
        _whole(told.number(more, "process", "open_files")),
        share_text(told.number(more, "spool", "used")) if answer else "",
        _whole(told.number(more, "uplink", "reconnects")),
        _clock(view, more),
        _delivery(more),
        _whole(told.number(status, "published")),
        counted(told.counts(status, "dropped")),
        counted(told.counts(status, "dead_letters")),
        _version(status),
        told.words(status, "http"),
    )
    return [(name, words) for name, words in zip(FACTS, told_words, strict=True) if words]


def _sized(size: float | None) -> str:
    return "" if size is None else size_text(size)


def _seconds(seconds: float | None, language: Any) -> str:
    return "" if seconds is None else span_text(seconds, language)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _clock(view: View, answer: Mapping[str, Any]) -> str:
    steps = told.number(answer, "clock", "steps")
    if steps is None:
        return ""
    if not steps:
        return view.text("gateway_clock_steady")
    step_s = told.number(answer, "clock", "last_step_s") or 0.0
    return view.text("gateway_clock_steps", count=f"{steps:.0f}", step=f"{step_s:+.1f}")


def _delivery(answer: Mapping[str, Any]) -> str:
    lanes = told.part(answer, "lanes")
    found = [(str(name), told.number(lanes, str(name), "p99_s")) for name in lanes]
    return " · ".join(f"{name} {trip_text(p99_s)}" for name, p99_s in found if p99_s is not None)


def _version(status: Mapping[str, Any]) -> str:
    version = told.words(status, "config", "version")
    by = told.words(status, "config", "by")
    return " · ".join(one for one in (version[:24], told.words(status, "config", "source"), by) if one)
