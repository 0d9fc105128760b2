"""Fire alarm panels: their state, their components, what is shielded, which fire came first."""

from __future__ import annotations

from dashboards.grafana import asking, colours
from dashboards.grafana.boards.alerts_table import changes, columns, statement
from dashboards.grafana.frame import Board, Section, Site
from dashboards.grafana.panels import Column, Look, Panel, rows, timeline
from dashboards.grafana.texts import Language

PANELS = '"fire_panel", "facility_system", "panel_card"'
COMPONENTS = r"/^l\d+p\d+$/"
"""Component points of a panel read by Modbus: loop and point."""


def board(language: Language, _site: Site) -> Board:
    """Return the board."""
    return Board(
        name="panels",
        sections=[
            Section("section_states", [_states(language), _components(language)]),
            Section("section_fire", [_first(language)]),
            Section(
                "section_shielded",
                [changes(Look(language=language, key="panel_shielded", width=24), '"rule" =~ /shielded/')],
            ),
            Section(
                "section_alerts",
                [
                    changes(
                        Look(language=language, key="panel_alerts", width=24, height=10),
                        '"rule" =~ /panel|component|system/',
                    )
                ],
            ),
        ],
    )


def _states(language: Language) -> Panel:
    query = (
        f'SELECT last("state") AS "state" FROM {PANELS} WHERE {asking.HERE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "zone", "device" fill(null)'
    )
    look = Look(language=language, key="panel_states", mappings=colours.state_words(language), width=24, height=6)
    return timeline(look, asking.series(query, "$tag_zone · $tag_device"))


def _components(language: Language) -> Panel:
    query = (
        f'SELECT last({COMPONENTS}) FROM "fire_panel" WHERE {asking.HERE}'  # noqa: S608  # no outside text
        ' GROUP BY time($__interval), "device" fill(null)'
    )
    look = Look(language=language, key="panel_components", mappings=colours.state_words(language), width=24, height=14)
    return timeline(look, asking.series(query, "$tag_device · $col"))


def _first(language: Language) -> Panel:
    found = {"fire_order": Column(heading="column_fire_order", width=80), **columns(language)}
    where = '"class" = \'fire\' AND "event" = \'raised\' AND "fire_order" >= 1'
    return rows(Look(language=language, key="panel_first", width=24), statement(language, where, "fire_order"), found)
