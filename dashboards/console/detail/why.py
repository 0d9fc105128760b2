"""Why it fired: the rule in words, when what happened, the values that decided; and the points of the device, live."""

from __future__ import annotations

from typing import Any

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.detail.deciding import MOST_BESIDE, Deciding, beside, point_label
from dashboards.console.detail.parts import Part, facts
from dashboards.console.detail.rule_words import RuleWords
from dashboards.console.devices.device_words import LOOKS, Look, shown
from dashboards.console.point_words import Names, worded
from dashboards.console.view import View, line, link
from dashboards.console.wording import moment_text, source_text, span_text
from dashboards.live.health import node_health
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.points import Point
from domain.site import Device

LOOK_MARKS = {Look.ALARM: "▲", Look.CAUTION: "■", Look.UNKNOWN: "?", Look.CALM: ""}


class Why:
    """The reason."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "why")

    def follow(self, alert: AlertView, rule: RuleWords | None, values: tuple[Deciding, ...], names: Names) -> None:
        """Show the reason of an alert; ``names``: what people call the points there."""
        times = (alert.event_time_ns, alert.raised_at_ns)
        state = (alert.rule, alert.rule_version, rule, values, times, alert.level, names)
        self._part.show(state, lambda: self._build(alert, rule, values, names))

    def _build(self, alert: AlertView, rule: RuleWords | None, values: tuple[Deciding, ...], names: Names) -> None:
        view = self._view
        link(f"{rule.label if rule is not None else alert.rule} ›", f"/rules/{alert.rule}", "detail-rule")
        worded(view.text("detail_rule_unknown") if rule is None else rule.watches, names, "detail-words")
        if rule is not None and rule.condition:
            worded(rule.condition, names, "detail-condition")
        facts(list(self._times(alert, rule)))
        if not values:
            line(view.text("detail_values_none"), "detail-said")
            return
        columns = (
            Column("name", view.text("detail_value"), width="minmax(0, 1.3fr)"),
            Column("value", view.text("detail_then"), width="minmax(0, 0.9fr)"),
            Column("limit", view.text("detail_limit"), width="minmax(0, 1.3fr)"),
        )
        table = DataTable(columns, name="detail-values", words=view.text("detail_value"))
        table.show([self._row(number, one) for number, one in enumerate(values)])

    def _times(self, alert: AlertView, rule: RuleWords | None) -> list[tuple[str, str]]:
        view, zone = self._view, self._view.console.zone
        version = alert.rule_version
        if rule is not None and rule.version != version:
            version = view.text("detail_rule_changed", then=version, now=rule.version)
        rows = [
            ("detail_rule", f"{alert.rule} · {version}"),
            ("detail_event_time", moment_text(alert.event_time_ns, zone)),
        ]
        if alert.log_time_ns is not None:
            rows.append(("detail_log_time", moment_text(alert.log_time_ns, zone)))
        if alert.delay_ns:
            rows.append(("detail_delay", span_text(alert.delay_ns / NS_PER_S, view.language)))
        took_s = max(0.0, (alert.raised_at_ns - alert.event_time_ns) / NS_PER_S)
        rows.append(("detail_raised", f"{moment_text(alert.raised_at_ns, zone)} (+{took_s:.1f} s)"))
        if rule is not None and rule.source:
            rows.append(("detail_source", source_text(rule.source, view.language)))
        return [(view.text(name), words) for name, words in rows]

    def _row(self, number: int, one: Deciding) -> dict[str, Any]:
        go = "" if one.point is None else f"/devices/{one.point.unit}/{one.point.device}"
        cells = {
            "name": Cell(one.name, go=go),
            "value": Cell(one.words, LOOK_MARKS[one.look], _look(one.look)),
            "limit": one.limit or "—",
        }
        return {"id": str(number), "look": "", "cells": cells}


class Beside:
    """The points of the alarm's device as they are now, those that are abnormal or unknown first."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "beside")
        self._known: tuple[Point, ...] = ()
        self._alert: AlertView | None = None
        self._table: DataTable | None = None

    def follow(self, alert: AlertView, values: tuple[Deciding, ...]) -> None:
        """Show the device of an alert."""
        self._alert = alert
        self._known = tuple(one.point for one in values if one.point is not None)
        if alert.place.device is None:
            self._part.say(self._view.text("detail_beside_none"))
        else:
            self._part.show(alert.place, self._build)

    def refresh(self, now_ns: int) -> None:
        """Show the newest values of the device's other points."""
        if self._alert is None or self._alert.place.device is None or self._table is None:
            return
        alert, known = self._alert, self._known
        name = ("detail-beside", alert.place.unit, alert.place.device, known, self._view.language)
        rows = self._view.shared(name, lambda: self._rows(alert, now_ns))
        self._table.show(rows)

    def _build(self) -> None:
        view = self._view
        columns = (
            Column("name", view.text("column_point"), width="minmax(0, 1.3fr)"),
            Column("value", view.text("column_value"), width="minmax(0, 1fr)"),
            Column("quality", view.text("column_quality"), width="minmax(0, 1fr)"),
        )
        self._table = DataTable(columns, name="detail-beside-rows", words=view.text("detail_beside"))

    def _rows(self, alert: AlertView, now_ns: int) -> list[dict[str, Any]]:
        """Return the other points of the device, those that are abnormal or unknown first."""
        view, console = self._view, self._view.console
        device = console.registry.devices.get(f"{alert.place.unit}/{alert.place.device}")
        if device is None:
            return []
        here = (point for point in self._known if point.device == alert.place.device)
        up = node_health(console.board, console.registry, _node(device), now_ns).reachable
        said = [
            (
                point,
                shown(
                    point,
                    device.profile.kind,
                    console.board.readings.get(point.key),
                    now_ns,
                    view.language,
                    reachable=up,
                ),
            )
            for point in (*here, *beside(console.registry, alert, self._known))
        ]
        ordered = sorted(said, key=lambda one: LOOKS.index(one[1].look))
        rows = []
        for point, value in ordered[:MOST_BESIDE]:
            cells = {
                "name": Cell(
                    point_label(console.registry, point, view.language, short=True), go=f"/devices/{device.key}"
                ),
                "value": Cell(value.value, LOOK_MARKS[value.look], _look(value.look)),
                "quality": Cell(value.detail, look="soft"),
            }
            rows.append({"id": point.key, "look": "", "cells": cells})
        if len(ordered) > MOST_BESIDE:
            more = view.text("detail_more", count=len(ordered) - MOST_BESIDE)
            rows.append({"id": "more", "look": "", "cells": {"name": Cell(more, go=f"/devices/{device.key}")}})
        return rows


def _look(look: Look) -> str:
    return "" if look is Look.CALM else look.value


def _node(device: Device) -> str:
    return f"{device.gateway.unit}/{device.gateway.gateway}"
