"""Fire water: pressure and level with limits, the night's minimum, and what points to a leak."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import changes
from dashboards.grafana.boards.trends import trend
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Look, Panel, curves, numbers
from dashboards.grafana.texts import Language

WATER_RULES = '"rule" =~ /pressure|level|leak|water|flow/'


def board(language: Language, site: Site) -> Board:
    """Return the board."""
    level = trend(Look(language=language, key="water_level", unit="lengthm"), ["level_transmitter"], ["level"])
    return Board(
        name="water",
        span="24h",
        sections=[
            Section("section_now", [_now(language)]),
            Section(
                "section_values",
                [
                    trend(
                        Look(language=language, key="water_pressure", unit="pressurekpa"),
                        ["pressure_transmitter"],
                        ["pressure"],
                    ),
                    level,
                ],
            ),
            Section(
                "section_night",
                [_quarters(language, site, "water_night", "min"), _quarters(language, site, "water_spread", "spread")],
            ),
            Section(
                "section_alerts",
                [changes(Look(language=language, key="water_leaks", width=24, height=10), WATER_RULES)],
            ),
        ],
    )


def _now(language: Language) -> Panel:
    query = f'SELECT last("pressure") AS "pressure" FROM "pressure_transmitter" WHERE {asking.PLACE} AND {asking.NOW} GROUP BY "device"'  # noqa: S608, E501  # no outside text
    look = Look(
        language=language,
        key="water_now",
        unit="pressurekpa",
        width=24,
        height=5,
        steps=((colours.LEAST, colours.DANGER), (250, colours.NORMAL), (1200, colours.CAUTION)),
    )
    return numbers(look, asking.series(query, "$tag_device"))


def _quarters(language: Language, site: Site, key: str, function: str) -> Panel:
    """Return a figure for each quarter of the day: the first one, 0 to 6 h local time, is the night."""
    query = (
        f'SELECT {function}("pressure") AS "pressure" FROM "pressure_transmitter" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        f" GROUP BY time(6h), \"device\" fill(none) tz('{site.timezone}')"
    )
    look = Look(language=language, key=key, unit="pressurekpa", interval="6h")
    return curves(look, asking.series(query, "$tag_device")).time_from("14d").insert_nulls(False)
