"""Pipeline health: from the gateway's spool to the store, in rates, lags, drops and latencies."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Look, Panel, curves, numbers, timeline
from dashboards.grafana.texts import Language


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="pipeline",
        variables=("unit",),
        annotated=False,
        span="1h",
        sections=[
            Section(
                "section_now",
                [_up(language, "pipeline_store", "ingest", "store_up"), _lag(language), _letters(language)],
            ),
            Section(
                "section_rates",
                [
                    _rate(
                        language,
                        "pipeline_gateway_rate",
                        "gateway",
                        ["produced", "accepted", "published"],
                        '"instance"',
                    ),
                    _rate(language, "pipeline_store_rate", "ingest", ["stored", "messages"]),
                    _rate(language, "pipeline_rules_rate", "rules", ["readings", "transitions"]),
                ],
            ),
            Section(
                "section_lags",
                [
                    _value(language, "pipeline_lag_messages", "short", "ingest", ["lag_messages", "events_lag"]),
                    _value(language, "pipeline_lag_rules", "s", "rules", ["lag_s"]),
                    _value(language, "pipeline_outbox", "short", "alerts", ["events_waiting", "notifications_queued"]),
                ],
            ),
            Section(
                "section_spool",
                [
                    _value(
                        language, "pipeline_spool", "short", "gateway", ["spool_batches", "spool_events"], '"instance"'
                    ),
                    _value(language, "pipeline_spool_bytes", "bytes", "gateway", ["spool_bytes"], '"instance"'),
                    _value(language, "pipeline_dropped", "short", "gateway", ["dropped", "dead_letters"], '"instance"'),
                ],
            ),
            Section(
                "section_gateway_itself",
                [
                    _itself(language, "pipeline_latency", "s", ["latency_live", "latency_event", "latency_backfill"]),
                    _itself(language, "pipeline_missed", "percent", ["missed_share", "spool_used", "cpu"]),
                    _itself(
                        language,
                        "pipeline_trouble",
                        "short",
                        ["devices_lost", "connections_down", "breakers_open", "errors"],
                    ),
                    _itself(language, "pipeline_memory", "bytes", ["memory"]),
                ],
            ),
        ],
    )


def _source(process: str) -> str:
    return f'FROM "pipeline" WHERE "process" = \'{process}\''


def _look(language: Language, key: str, unit: str) -> Look:
    return Look(language=language, key=key, unit=unit, width=8)


def _alias(group: str) -> str:
    return "$tag_instance · $col" if group else "$col"


def _rate(language: Language, key: str, process: str, fields: list[str], group: str = "") -> Panel:
    """Return rates a second; a process that starts anew counts from nothing, which is no negative rate."""
    names = ", ".join(f'non_negative_derivative(last("{field}"), 1s) AS "{field}"' for field in fields)
    by = f"time($__interval){', ' + group if group else ''}"
    query = f"SELECT {names} {_source(process)} AND {asking.IN_TIME} GROUP BY {by} fill(none)"  # no outside text
    return curves(_look(language, key, "cps"), asking.series(query, _alias(group)))


def _value(  # noqa: PLR0917  # a table of panels reads best so
    language: Language, key: str, unit: str, process: str, fields: list[str], group: str = ""
) -> Panel:
    names = ", ".join(f'max("{field}") AS "{field}"' for field in fields)
    by = f"time($__interval){', ' + group if group else ''}"
    query = f"SELECT {names} {_source(process)} AND {asking.IN_TIME} GROUP BY {by} fill(null)"  # no outside text
    return curves(_look(language, key, unit), asking.series(query, _alias(group)))


def _itself(language: Language, key: str, unit: str, points: list[str]) -> Panel:
    """Return what gateways tell of themselves as devices (docs/metrics.md)."""
    names = ", ".join(f'max("{point}") AS "{point}"' for point in points)
    query = (
        f'SELECT {names} FROM "gateway" WHERE "unit" =~ /^$unit$/ AND {asking.IN_TIME}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "gateway" fill(null)'
    )
    look = Look(language=language, key=key, unit=unit, width=6)
    return curves(look, asking.series(query, "$tag_gateway · $col"))


def _up(language: Language, key: str, process: str, field: str) -> Panel:
    query = f'SELECT last("{field}") AS "{field}" {_source(process)} AND {asking.IN_TIME} GROUP BY time($__interval) fill(null)'  # noqa: E501  # no outside text
    look = Look(
        language=language, key=key, mappings=colours.yes_no(language, "store_up", "store_down"), width=12, height=5
    )
    return timeline(look, asking.series(query, "$col"))


def _lag(language: Language) -> Panel:
    query = f'SELECT last("lag_messages") AS "lag_messages" {_source("ingest")} AND {asking.NOW}'
    steps = ((0, colours.NORMAL), (1_000, colours.CAUTION), (100_000, colours.DANGER))
    return numbers(
        Look(language=language, key="pipeline_lag", steps=steps, width=6, height=5), asking.series(query, "$col")
    )


def _letters(language: Language) -> Panel:
    query = f'SELECT last("dead_letters") AS "dead_letters" {_source("ingest")} AND {asking.NOW}'
    steps = ((0, colours.NORMAL), (1, colours.CAUTION))
    return numbers(
        Look(language=language, key="pipeline_letters", steps=steps, width=6, height=5), asking.series(query, "$col")
    )
