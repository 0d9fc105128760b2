"""Electrical fire: residual current, temperature of cables, load."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import changes
from dashboards.grafana.boards.trends import trend
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Look, Panel, numbers
from dashboards.grafana.texts import Language

MONITOR = ["residual_current_monitor"]
RULES = '"rule" =~ /residual|temperature|current|load|power|arc/'


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="electrical",
        sections=[
            Section(
                "section_now",
                [
                    _worst(language, "electrical_worst_residual", "mamp", ["residual_current"], 300),
                    _worst(
                        language,
                        "electrical_worst_cable",
                        "celsius",
                        ["temperature_a", "temperature_b", "temperature_c"],
                        70,
                    ),
                ],
            ),
            Section(
                "section_values",
                [
                    trend(
                        Look(language=language, key="electrical_residual", unit="mamp"), MONITOR, ["residual_current"]
                    ),
                    trend(
                        Look(language=language, key="electrical_cable", unit="celsius"),
                        MONITOR,
                        ["temperature_a", "temperature_b", "temperature_c"],
                    ),
                    trend(Look(language=language, key="electrical_board_load", unit="watt"), MONITOR, ["power_total"]),
                    trend(
                        Look(language=language, key="electrical_meter_load", unit="watt"), ["power_meter"], ["power"]
                    ),
                ],
            ),
            Section(
                "section_alerts",
                [changes(Look(language=language, key="electrical_alerts", width=24, height=10), RULES)],
            ),
        ],
    )


def _worst(language: Language, key: str, unit: str, points: list[str], high: float) -> Panel:
    """Return the highest value of the last minute, by device; amber from two thirds of the limit on."""
    names = ", ".join(f'max("{point}") AS "{point}"' for point in points)
    query = f'SELECT {names} FROM "residual_current_monitor" WHERE {asking.PLACE} AND {asking.NOW} GROUP BY "device"'  # noqa: S608  # no outside text
    steps = ((colours.LEAST, colours.NORMAL), (round(high * 2 / 3), colours.CAUTION), (high, colours.DANGER))
    alias = "$tag_device" if len(points) == 1 else "$tag_device · $col"
    return numbers(Look(language=language, key=key, unit=unit, steps=steps, height=7), asking.series(query, alias))
