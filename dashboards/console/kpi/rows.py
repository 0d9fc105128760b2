"""The tables below the figures: rows that lead to the alarms, devices and rules they are about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from alerts.kpi_face import Actor, Chatterer, Detector, Figures, Spread, Stale, WorkItemView
from dashboards.console.components import Cell, Column
from dashboards.console.texts import Language, text
from dashboards.console.wording import moment_text, span_text
from domain.clock import NS_PER_S
from domain.glossary import label_of
from domain.site import Registry

KINDS = ("chattering", "stale", "hog", "false_alarms")
TIMES = ("acknowledge", "confirm", "close")
TABLES = ("top", "chattering", "stale", "floods", "detectors", "times", "delivery", "work_items")
"""Every table, in their order on the page; ``kpi_<name>`` is its title."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """What rows are written with."""

    registry: Registry
    zone: tzinfo
    now_ns: int
    language: Language

    def say(self, key: str, **values: object) -> str:
        """Return a text in the language of the page."""
        return text(key, self.language, **values)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns by (key, text, width, is a number), and what makes its rows."""

    columns: Sequence[tuple[str, str, str, bool]]
    rows: Callable[[Figures, Where], list[Row]]

    def heads(self, language: Language) -> list[Column]:
        """Return the columns as they are drawn."""
        return [
            Column(key, text(words, language), kind="number" if counts else "text", width=width)
            for key, words, width, counts in self.columns
        ]


def entity_cell(where: Where, unit: str, entity: str) -> Cell:
    """Write an entity as people call it; a device, or a point of one, leads to the device."""
    registry, language = where.registry, where.language
    parts = entity.split("/")
    device = registry.devices.get("/".join(parts[:2]))
    if device is not None:
        label = registry.point_labels.get(entity)
        words = device.settings.labels.of(language)
        place = device.zone.settings.labels.of(language)
        named = f"{place} · {words} · {label.of(language)}" if label is not None else f"{place} · {words}"
        return Cell(named, go=f"/devices/{device.key}")
    zone = registry.zones.get("/".join(parts[:2]))
    if zone is not None:
        named = f"{zone.building.labels.of(language)} · {zone.settings.labels.of(language)}"
        return Cell(named, go=f"/history?{urlencode({'unit': unit, 'zone': zone.settings.id})}")
    return Cell(entity)


def rule_cell(unit: str, rule: str) -> Cell:
    """Return a rule that leads to its alarms in a unit."""
    return Cell(rule, go=f"/history?{urlencode({'rule': rule, 'unit': unit})}")


def top_rows(found: Figures, where: Where) -> list[Row]:
    """Return the ten busiest alarms; a share that makes the load of ten too large is marked on the figure, not here."""

    def row(one: Actor) -> Row:
        return _row(
            f"{one.rule} {one.entity}",
            entity=entity_cell(where, one.unit, one.entity),
            rule=rule_cell(one.unit, one.rule),
            alarm_class=where.say(f"class_{one.alarm_class}"),
            count=one.count,
            share=f"{one.share:.1%}",
        )

    return [row(one) for one in found.top]


def chattering_rows(found: Figures, where: Where) -> list[Row]:
    """Return alarms that came three times within a minute."""

    def row(one: Chatterer) -> Row:
        return _row(
            f"{one.rule} {one.entity}",
            entity=entity_cell(where, one.unit, one.entity),
            rule=rule_cell(one.unit, one.rule),
            in_a_minute=one.in_a_minute,
            in_an_hour=one.in_an_hour,
        )

    return [row(one) for one in found.chattering]


def stale_rows(found: Figures, where: Where) -> list[Row]:
    """Return alarms that stand for more than a day."""

    def row(one: Stale) -> Row:
        return _row(
            one.alert_id,
            entity=entity_cell(where, one.unit, one.entity),
            rule=Cell(one.rule, go=f"/alarm/{one.alert_id}"),
            since=moment_text(one.since_ns, where.zone),
            stands=span_text((where.now_ns - one.since_ns) / NS_PER_S, where.language),
        )

    return [row(one) for one in found.stale]


def flood_rows(found: Figures, where: Where) -> list[Row]:
    """Return floods; each leads to its first alarm."""
    return [
        _row(
            one.id,
            place=Cell(one.place, go=f"/alarm/{one.first_alert}"),
            begun=moment_text(one.begun_ns, where.zone),
            ended=moment_text(one.ended_ns, where.zone) if one.ended_ns else where.say("kpi_stands"),
            count=one.alarms,
            peak=one.peak,
        )
        for one in reversed(found.floods)
    ]


def detector_rows(found: Figures, where: Where) -> list[Row]:
    """Return what was found out about the alarms of each entity."""

    def row(one: Detector) -> Row:
        return _row(
            one.entity,
            entity=entity_cell(where, one.unit, one.entity),
            false=one.false,
            found=one.found,
            rate=f"{one.rate:.0%}",
        )

    return [row(one) for one in found.detectors]


def time_rows(found: Figures, where: Where) -> list[Row]:
    """Return how long people took; what nobody did stands beside it."""
    spreads: Mapping[str, Spread] = {"acknowledge": found.acknowledge, "confirm": found.confirm, "close": found.close}
    return [
        _row(
            name,
            what=where.say(f"kpi_time_{name}"),
            done=spread.count,
            outstanding=spread.outstanding,
            p50=seconds(spread.p50_s, where.language),
            p95=seconds(spread.p95_s, where.language),
        )
        for name, spread in spreads.items()
    ]


def delivery_rows(found: Figures, where: Where) -> list[Row]:
    """Return the messages of each channel."""
    return [
        _row(
            one.channel,
            channel=one.channel,
            messages=one.messages,
            accepted=one.accepted,
            dead=Cell(one.dead, look="alarm", mark="✗") if one.dead else 0,
            answered=one.answered,
            failed_tries=one.failed_tries,
            success="—" if one.success is None else f"{one.success:.1%}",
            p95=seconds(one.p95_s, where.language),
        )
        for one in found.delivery
    ]


def work_item_rows(found: Figures, where: Where) -> list[Row]:
    """Return what bad actors give people to do."""

    def row(one: WorkItemView) -> Row:
        return _row(
            one.id,
            kind=where.say(f"kpi_kind_{one.kind}") if one.kind in KINDS else one.kind,
            entity=entity_cell(where, one.unit, one.entity),
            rule=Cell(one.rule or label_of(one.alarm_class, where.language), go=f"/alarm/{one.alert_id}"),
            since=moment_text(one.opened_ns, where.zone),
        )

    return [row(one) for one in found.work_items]


def seconds(value: float | None, language: Language) -> str:
    """Write a time that people took: tenths below a minute; a dash for none."""
    if value is None:
        return "—"
    return f"{value:.1f} s" if value < 60 else span_text(value, language)


def _row(row_id: str, **cells: Any) -> Row:
    return {"id": row_id, "look": "", "cells": cells}


_ENTITY = ("entity", "kpi_entity", "minmax(0, 1.8fr)", False)
_RULE = ("rule", "kpi_rule", "minmax(0, 1.2fr)", False)

COLUMNS: Mapping[str, Table] = {
    "top": Table(
        (
            _ENTITY,
            _RULE,
            ("alarm_class", "kpi_class", "5.5rem", False),
            ("count", "kpi_count", "3.6rem", True),
            ("share", "kpi_share", "4rem", True),
        ),
        top_rows,
    ),
    "chattering": Table(
        (
            _ENTITY,
            _RULE,
            ("in_a_minute", "kpi_in_a_minute", "5rem", True),
            ("in_an_hour", "kpi_in_an_hour", "5rem", True),
        ),
        chattering_rows,
    ),
    "stale": Table(
        (_ENTITY, _RULE, ("since", "kpi_since", "10rem", False), ("stands", "kpi_lasts", "6rem", False)), stale_rows
    ),
    "floods": Table(
        (
            ("place", "kpi_place", "minmax(0, 1.4fr)", False),
            ("begun", "kpi_begun", "10rem", False),
            ("ended", "kpi_ended", "10rem", False),
            ("count", "kpi_count", "3.6rem", True),
            ("peak", "kpi_peak", "5rem", True),
        ),
        flood_rows,
    ),
    "detectors": Table(
        (
            _ENTITY,
            ("false", "kpi_false", "4rem", True),
            ("found", "kpi_found", "5rem", True),
            ("rate", "kpi_rate", "4rem", True),
        ),
        detector_rows,
    ),
    "times": Table(
        (
            ("what", "kpi_what", "minmax(0, 1fr)", False),
            ("done", "kpi_done", "4rem", True),
            ("outstanding", "kpi_outstanding", "4.5rem", True),
            ("p50", "kpi_p50", "6rem", True),
            ("p95", "kpi_p95", "6rem", True),
        ),
        time_rows,
    ),
    "delivery": Table(
        (
            ("channel", "kpi_channel", "minmax(0, 1fr)", False),
            ("messages", "kpi_messages", "4rem", True),
            ("accepted", "kpi_accepted", "4.2rem", True),
            ("dead", "kpi_dead", "4rem", True),
            ("answered", "kpi_answered", "4.4rem", True),
            ("failed_tries", "kpi_failed_tries", "4.4rem", True),
            ("success", "kpi_success", "4.4rem", True),
            ("p95", "kpi_p95", "5rem", True),
        ),
        delivery_rows,
    ),
    "work_items": Table(
        (
            ("kind", "kpi_kind", "7rem", False),
            _ENTITY,
            _RULE,
            ("since", "kpi_since", "10rem", False),
        ),
        work_item_rows,
    ),
}
