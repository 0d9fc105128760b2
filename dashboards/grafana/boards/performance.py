"""Alarm performance after ISA-18.2 / IEC 62682 (secondary sources): load, floods, bad actors, stale, chattering, times.

Targets for one operator: up to 6 alarms an hour on average, 12 at most; a flood is more than 10 in 10 minutes; no
chattering (3 or more in a minute); fewer than 5 stale (active for over 24 h).
"""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Column, Look, Panel, bars, curves, numbers, rows
from dashboards.grafana.texts import Language, text

RAISED = f'FROM "alert" WHERE "event" = \'raised\' AND "held" = 0 AND {asking.HERE}'
"""What people were told of: alerts of a walk test were held back."""


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="performance",
        span="7d",
        annotated=False,
        sections=[
            Section("section_load", [_hourly(language), _slots(language)]),
            Section("section_limits", [_floods(language), _stale(language), _raised(language), _false(language)]),
            Section("section_actors", [_top(language), _chattering(language)]),
            Section(
                "section_times",
                [
                    _times(language, "time_acknowledge", "acknowledged", "acknowledge_s"),
                    _times(language, "time_confirm", "confirmed", "confirm_s"),
                    _by_hour(language),
                ],
            ),
        ],
    )


def _hourly(language: Language) -> Panel:
    query = f'SELECT count("id") AS "count" {RAISED} GROUP BY time(1h), "class" fill(none)'
    steps = ((0, colours.NORMAL), (6, colours.CAUTION), (12, colours.DANGER))
    look = Look(language=language, key="hourly", steps=steps, interval="1h", mappings=colours.classes(language))
    return bars(look, asking.series(query, "$tag_class"))


def _slots(language: Language) -> Panel:
    query = f'SELECT count("id") AS "count" {RAISED} GROUP BY time(10m) fill(0)'
    look = Look(language=language, key="slots", steps=((0, colours.NORMAL), (11, colours.DANGER)), interval="10m")
    return curves(look, asking.series(query, "$col"))


def _floods(language: Language) -> Panel:
    inner = f'SELECT count("id") AS "n" {RAISED} GROUP BY time(10m) fill(none)'
    query = f'SELECT count("n") AS "slots" FROM ({inner}) WHERE "n" > 10'  # noqa: S608  # no outside text
    steps = ((0, colours.NORMAL), (1, colours.CAUTION), (10, colours.DANGER))
    panel = numbers(_small(language, "floods", steps), asking.series(query, "$col"))
    return panel.no_value(text("none_or_no_data", language))


def _stale(language: Language) -> Panel:
    inner = f'SELECT last("stale") AS "stale" FROM "standing" WHERE {asking.PLACE} AND {asking.NOW} GROUP BY "unit", "building", "zone"'  # noqa: S608, E501  # no outside text
    query = f'SELECT sum("stale") AS "stale" FROM ({inner})'  # noqa: S608  # no outside text
    steps = ((0, colours.NORMAL), (1, colours.CAUTION), (5, colours.DANGER))
    return numbers(_small(language, "stale", steps), asking.series(query, "$col"))


def _raised(language: Language) -> Panel:
    query = f'SELECT count("id") AS "count" {RAISED}'
    return numbers(_small(language, "raised", ((0, colours.NORMAL),)), asking.series(query, "$col"))


def _false(language: Language) -> Panel:
    query = (
        'SELECT count("id") AS "count" FROM "alert" WHERE "event" = \'confirmed\' AND "confirmed" = \'false\''  # noqa: S608  # no outside text
        f" AND {asking.HERE}"
    )
    panel = numbers(
        _small(language, "false_alarms", ((0, colours.NORMAL), (1, colours.CAUTION))), asking.series(query, "$col")
    )
    return panel.no_value(text("none_or_no_data", language))


def _small(language: Language, key: str, steps: tuple[tuple[float, str], ...]) -> Look:
    return Look(language=language, key=key, steps=steps, width=6, height=5)


def _top(language: Language) -> Panel:
    inner = f'SELECT count("id") AS "n" {RAISED} GROUP BY "rule", "zone"'
    query = f'SELECT top("n", "rule", "zone", 10) AS "n" FROM ({inner})'  # noqa: S608  # no outside text
    return rows(Look(language=language, key="top_ten"), asking.table(query), _columns())


def _chattering(language: Language) -> Panel:
    inner = f'SELECT count("id") AS "n" {RAISED} GROUP BY time(1m), "rule", "zone" fill(none)'
    query = f'SELECT count("n") AS "n" FROM ({inner}) WHERE "n" >= 3 GROUP BY "rule", "zone"'  # noqa: S608  # no outside text
    return rows(Look(language=language, key="chattering"), asking.table(query), _columns())


def _columns() -> dict[str, Column]:
    return {
        "rule": Column(heading="column_rule"),
        "zone": Column(heading="column_zone"),
        "n": Column(heading="column_times"),
    }


def _times(language: Language, key: str, event: str, field: str) -> Panel:
    query = (
        f'SELECT percentile("{field}", 50) AS "p50", percentile("{field}", 95) AS "p95", max("{field}") AS "max"'  # noqa: S608  # no outside text
        f' FROM "alert" WHERE "event" = \'{event}\' AND {asking.HERE} GROUP BY "class"'
    )
    columns = {
        "class": Column(heading="column_class", mappings=colours.classes(language)),
        "p50": Column(heading="column_p50", unit="s"),
        "p95": Column(heading="column_p95", unit="s"),
        "max": Column(heading="column_longest", unit="s"),
    }
    return rows(Look(language=language, key=key, width=8), asking.table(query), columns)


def _by_hour(language: Language) -> Panel:
    query = (
        f'SELECT mean("acknowledge_s") AS "mean", max("acknowledge_s") AS "max" FROM "alert" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        " AND \"event\" = 'acknowledged' GROUP BY time(1h) fill(none)"
    )
    steps = ((0, colours.NORMAL), (60, colours.CAUTION), (180, colours.DANGER))
    look = Look(language=language, key="time_trend", unit="s", width=8, steps=steps, interval="1h")
    return curves(look, asking.series(query, "$col"))
