"""Unit and device drill-down: values with their limits, state words, quality, and what was alarmed."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import changes
from dashboards.grafana.boards.trends import trend
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Column, Look, Panel, rows, timeline
from dashboards.grafana.texts import Language, text


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="device",
        variables=("unit", "building", "zone", "device"),
        span="3h",
        sections=[
            Section("section_values", _values(language)),
            Section("section_states", [_smoke(language), _panel_states(language)]),
            Section("section_quality", [_quality(language), _alerts(language)]),
        ],
    )


def _values(language: Language) -> list[Panel]:
    where = asking.DEVICE
    return [
        trend(
            Look(key="device_pressure", unit="pressurekpa", language=language, width=8),
            ["pressure_transmitter"],
            ["pressure"],
            where=where,
        ),
        trend(
            Look(key="device_temperature", unit="celsius", language=language, width=8),
            ["smoke_detector", "climate_sensor", "level_transmitter"],
            ["temperature"],
            where=where,
        ),
        trend(
            Look(key="device_residual", unit="mamp", language=language, width=8),
            ["residual_current_monitor"],
            ["residual_current"],
            where=where,
        ),
        trend(
            Look(key="device_power", unit="watt", language=language, width=8), ["power_meter"], ["power"], where=where
        ),
        trend(
            Look(key="device_obscuration", unit="suffix: dB/m", language=language, width=8),
            ["smoke_detector"],
            ["obscuration"],
            where=where,
        ),
        trend(
            Look(key="device_battery", unit="percent", language=language, width=8),
            ["smoke_detector"],
            ["battery"],
            where=where,
        ),
    ]


def _smoke(language: Language) -> Panel:
    query = (
        f'SELECT max("smoke") AS "smoke" FROM "smoke_detector" WHERE {asking.DEVICE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "device" fill(null)'
    )
    said = colours.words(
        {"0": (text("smoke_none", language), colours.NORMAL), "1": (text("smoke_alarm", language), colours.DANGER)},
        language,
    )
    return timeline(
        Look(language=language, key="device_smoke", mappings=said, interval="60s", height=10),
        asking.series(query, "$tag_device"),
    )


def _panel_states(language: Language) -> Panel:
    query = (
        f'SELECT last("state") AS "state" FROM "fire_panel", "facility_system", "panel_card" WHERE {asking.DEVICE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "device" fill(null)'
    )
    look = Look(language=language, key="device_panel", mappings=colours.state_words(language), height=10)
    return timeline(look, asking.series(query, "$tag_device"))


def _quality(language: Language) -> Panel:
    query = (
        r"SELECT count(/\.quality$/) FROM /./"  # noqa: S608  # no outside text
        f' WHERE {asking.DEVICE} GROUP BY "device"'
    )
    columns = {"device": Column(heading="column_device")}
    panel = rows(Look(language=language, key="device_quality"), asking.table(query), columns)
    return panel.transformations([])


def _alerts(language: Language) -> Panel:
    return changes(Look(language=language, key="device_alerts", width=24, height=10), '"device" =~ /^$device$/')
