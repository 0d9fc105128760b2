"""Gateways and services as rows of tables: pure words of the board, made once a second for all who look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.gateways.gateway_words import STORE_AWAY, condition_cell, is_behind, spool_words
from dashboards.console.view import View
from dashboards.console.wording import size_text, span_text
from dashboards.live import told
from dashboards.live.health import DRAWS, gateway_health, service_health
from domain.glossary import label_of
from domain.site import StoreKind

ALL_SERVICES = ("ingest.main", "rules.main", "alerts.main", *DRAWS)
WIDTHS = {
    "gateway": "minmax(0, 1.2fr)",
    "unit": "minmax(0, 1fr)",
    "state": "minmax(0, 1.1fr)",
    "lines": "5rem",
    "lost": "5rem",
    "spool": "minmax(0, 1fr)",
    "oldest": "6rem",
    "forecast": "7rem",
    "version": "6rem",
}
SERVICE_WIDTHS = {
    "service": "8rem",
    "state": "minmax(0, 1fr)",
    "behind": "7rem",
    "oldest": "7rem",
    "figures": "minmax(0, 2.4fr)",
}
FIGURES = {
    "ingest.main": (("stored", "stored"), ("duplicates", "duplicates_refused"), ("unknown", "unknown_points")),
    "rules.main": (("processes", "processes"), ("unowned", "unowned")),
    "alerts.main": (("open", "open"), ("aside", "set_aside"), ("refused", "events_refused")),
    "console.main": (("browsers", "browsers"), ("unreadable", "unreadable")),
}
"""What a service says of itself beside: the text's name, and the field of its document."""

FIGURE_NAMES = [name for figures in FIGURES.values() for name, _ in figures]
MOST_VERSION = 12


def gateway_columns(view: View) -> list[Column]:
    """Return the columns of gateways."""
    return [Column(key, view.text(f"gateway_column_{key}"), width=width) for key, width in WIDTHS.items()]


def service_columns(view: View) -> list[Column]:
    """Return the columns of services."""
    return [Column(key, view.text(f"gateway_column_{key}"), width=width) for key, width in SERVICE_WIDTHS.items()]


def of_unit(rows: Sequence[dict[str, Any]], unit: str) -> list[dict[str, Any]]:
    """Return the rows of gateways of a unit; all without one."""
    return [row for row in rows if not unit or row["id"].startswith(f"{unit}/")]


def gateway_rows(view: View, now_ns: int) -> list[dict[str, Any]]:
    """Return the gateways that are processes, those that host transmitters first."""
    return [_gateway_row(view, key, now_ns) for key in view.console.registry.own_gateways]


def _gateway_row(view: View, key: str, now_ns: int) -> dict[str, Any]:
    registry, language = view.console.registry, view.language
    settings = registry.gateways[key]
    health = gateway_health(view.console.board, key, now_ns)
    document = view.console.board.statuses.get(health.key) or {}
    lines = told.part(document, "connections")
    up = sum(told.flag(lines, name, "ok") is True for name in lines)
    known = bool(lines) and health.reachable
    return {
        "id": key,
        "look": "" if health.fine else "unknown",
        "cells": {
            "gateway": Cell(settings.labels.of(language), go=f"/gateways/{key}"),
            "unit": registry.units[settings.unit].labels.of(language),
            "state": condition_cell(view, health),
            "lines": Cell(f"{up}/{len(lines)}", look="" if up == len(lines) else "caution") if known else "—",
            "lost": Cell(health.lost, "✗", "caution") if health.lost else "0" if known else "—",
            "spool": Cell(spool_words(view, health), look="caution" if health.dropped else ""),
            "oldest": span_text(health.oldest_s, language),
            "forecast": span_text(health.forecast_s, language),
            "version": told.words(document, "config", "version")[:MOST_VERSION] or "—",
        },
    }


def service_rows(view: View, now_ns: int) -> list[dict[str, Any]]:
    """Return the services with how far each is behind."""
    return [_service_row(view, key, now_ns) for key in ALL_SERVICES]


def _service_row(view: View, key: str, now_ns: int) -> dict[str, Any]:
    board, language = view.console.board, view.language
    health = service_health(board, key, now_ns)
    document = board.statuses.get(key) or {}
    behind, oldest_s = _lag(key, document)
    slow = health.fine and is_behind(health)
    state = condition_cell(view, health)
    if slow:
        away = view.text(f"store_{health.store}") if health.store in STORE_AWAY else view.text("gateway_slow")
        state = Cell(away, "✗", "caution")
    return {
        "id": key,
        "look": "caution" if slow else "" if health.fine else "unknown",
        "cells": {
            "service": view.text(f"service_{key.partition('.')[0]}"),
            "state": state,
            "behind": "—" if behind is None or not health.fine else f"{behind:.0f}",
            "oldest": span_text(oldest_s if health.fine else None, language),
            "figures": " · ".join(_figures(view, key, document)),
        },
    }


def _lag(key: str, document: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return how many messages wait, and how old the oldest is [s]."""
    match key:
        case "ingest.main":
            return told.number(document, "lag_messages"), told.number(document, "oldest_s")
        case "rules.main":
            return told.number(document, "lag"), told.number(document, "lag_s")
        case "alerts.main":
            return told.number(document, "events_waiting"), None
        case _:
            return None, None


def _figures(view: View, key: str, document: dict[str, Any]) -> list[str]:
    """Return what a service says of itself beside; only what it told."""
    found = [(name, told.number(document, field)) for name, field in FIGURES[key]]
    words = [view.text(f"gateway_figure_{name}", count=f"{value:,.0f}") for name, value in found if value is not None]
    kind = told.words(document, "store_kind")
    store = label_of(StoreKind(kind), view.language.value) if kind in set(StoreKind) else kind
    letters = sum(told.counts(document, "dead_letters").values())
    memory = told.number(document, "memory")
    words += [view.text("gateway_figure_store", store=store)] if store else []
    words += [view.text("gateway_figure_letters", count=letters)] if letters else []
    return [*words, *([view.text("gateway_figure_memory", size=size_text(memory))] if memory is not None else [])]
