"""Control-room overview: what is open where, how fresh the data are, how the gateways fare."""

from __future__ import annotations

from grafana_foundation_sdk.models import common as common_models

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import open_alerts
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Column, Look, Panel, heartbeats, numbers, property_of, rows, timeline
from dashboards.grafana.texts import Language, text
from domain.alarm import AlarmClass

COUNTED = (*(one.value for one in AlarmClass), "unacknowledged")


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="overview",
        span="3h",
        sections=[
            Section("section_now", [_counts(language), _freshness(language)]),
            Section("section_zones", [_zones(language)]),
            Section("section_open", [open_alerts(Look(language=language, key="open_alerts", width=24, height=10))]),
            Section("section_gateways", [_heartbeats(language), _gateways(language)]),
        ],
    )


def _counts(language: Language) -> Panel:
    """Return the open alerts by class, now."""
    names = {one.value: colours.class_name(one, language) for one in AlarmClass}
    names["unacknowledged"] = text("unacknowledged", language)
    inner = ", ".join(f'last("{one}") AS "{one}"' for one in COUNTED)
    outer = ", ".join(f'sum("{one}") AS "{names[one]}"' for one in COUNTED)
    query = (
        f'SELECT {outer} FROM (SELECT {inner} FROM "standing" WHERE {asking.PLACE} AND {asking.NOW}'  # noqa: S608  # no outside text
        ' GROUP BY "unit", "building", "zone")'
    )
    look = Look(language=language, key="counts", width=18, height=5, steps=((0, colours.NORMAL), (1, colours.CAUTION)))
    panel = numbers(look, asking.table(query)).orientation(common_models.VizOrientation.VERTICAL)
    for one in AlarmClass:
        own = colours.thresholds((0, colours.NORMAL), (1, colours.CLASS_COLOURS[one])).build()
        panel = panel.override_by_name(names[one.value], [property_of("thresholds", own)])
    return panel


def _freshness(language: Language) -> Panel:
    """Return how far store and rules are behind."""
    steps = ((0, colours.NORMAL), (10, colours.CAUTION), (60, colours.DANGER))
    behind = asking.series(
        f'SELECT max("lag_s") AS "lag_s" FROM "pipeline" WHERE "process" = \'rules\' AND {asking.NOW}',  # noqa: S608  # no outside text
        text("rules_behind", language),
    )
    return numbers(Look(language=language, key="freshness", unit="s", steps=steps, width=6, height=5), behind)


def _zones(language: Language) -> Panel:
    query = (
        f'SELECT last("state") AS "state" FROM "standing" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "building", "zone" fill(null)'
    )
    look = Look(language=language, key="zones", width=24, height=12, mappings=colours.zone_states(language))
    return timeline(look, asking.series(query, "$tag_building · $tag_zone"))


def _heartbeats(language: Language) -> Panel:
    query = (
        f'SELECT last("uplink_up") AS "uplink_up" FROM "pipeline" WHERE "process" = \'gateway\' AND {asking.IN_TIME}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "instance" fill(null)'
    )
    look = Look(language=language, key="gateway_heartbeats", mappings=colours.yes_no(language, "link_up", "link_down"))
    return heartbeats(look, asking.series(query, "$tag_instance"))


def _gateways(language: Language) -> Panel:
    query = (
        'SELECT last("uplink_up") AS "uplink_up", "spool_batches", "dropped", "spool_offline_forecast_s"'  # noqa: S608  # no outside text
        f' FROM "pipeline" WHERE "process" = \'gateway\' AND {asking.IN_TIME} GROUP BY "instance"'
    )
    columns = {
        "instance": Column(heading="column_gateway"),
        "Time": Column(heading="column_last_word", unit="dateTimeFromNow"),
        "uplink_up": Column(heading="column_uplink", mappings=colours.yes_no(language, "link_up", "link_down")),
        "spool_batches": Column(heading="column_spool"),
        "dropped": Column(heading="column_dropped"),
        "spool_offline_forecast_s": Column(heading="column_offline", unit="s"),
    }
    return rows(Look(language=language, key="gateways"), asking.table(query), columns)
