"""E-bikes where they must not be: what the cameras see, what the meters say, how long it lasts."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import changes
from dashboards.grafana.boards.trends import trend
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Column, Look, Panel, curves, rows, timeline
from dashboards.grafana.texts import Language, text

RULES = '"rule" =~ /ebike/'


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="ebikes",
        sections=[
            Section("section_cameras", [_behaviour(language), _count(language)]),
            Section(
                "section_meters",
                [
                    trend(Look(language=language, key="ebike_power", unit="watt"), ["power_meter"], ["power"]),
                    _durations(language),
                ],
            ),
            Section(
                "section_alerts", [changes(Look(language=language, key="ebike_alerts", width=24, height=10), RULES)]
            ),
        ],
    )


def _behaviour(language: Language) -> Panel:
    query = (
        f'SELECT max("behaviour") AS "behaviour" FROM "camera" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "zone", "device" fill(null)'
    )
    seen = {
        "0": (text("ebike_none", language), colours.NORMAL),
        "1": (text("ebike_entering", language), colours.SKY),
        "2": (text("ebike_parked", language), colours.CAUTION),
        "3": (text("ebike_charging", language), colours.DANGER),
    }
    look = Look(language=language, key="ebike_behaviour", mappings=colours.words(seen, language))
    return timeline(look, asking.series(query, "$tag_zone · $tag_device"))


def _count(language: Language) -> Panel:
    query = (
        f'SELECT max("ebike_count") AS "ebike_count" FROM "camera" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "zone", "device" fill(null)'
    )
    return curves(Look(language=language, key="ebike_count"), asking.series(query, "$tag_zone · $tag_device"))


def _durations(language: Language) -> Panel:
    query = (
        'SELECT count("id") AS "times", sum("clear_s") AS "total_s", max("clear_s") AS "longest_s" FROM "alert"'  # noqa: S608  # no outside text
        f' WHERE "event" = \'cleared\' AND {RULES} AND {asking.HERE} GROUP BY "zone", "rule"'
    )
    columns = {
        "zone": Column(heading="column_zone"),
        "rule": Column(heading="column_rule"),
        "times": Column(heading="column_times"),
        "total_s": Column(heading="column_total", unit="s"),
        "longest_s": Column(heading="column_longest", unit="s"),
    }
    return rows(Look(language=language, key="ebike_durations"), asking.table(query), columns).time_from("7d")
