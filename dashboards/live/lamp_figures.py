"""What stands behind the lamps 屏蔽 and 链路: how much is suppressed, and how fresh what we know is. Pure.

Figures come from status documents of other processes: what is missing, or of another type, is None, and is written
as a question mark. None is never nought.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.silences_face import silence_of_reason
from dashboards.live.board import Board
from dashboards.live.health import Health
from domain.alert import AlertView

ALERTS, INGEST, RULES = "alerts.main", "ingest.main", "rules.main"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What is kept quiet now: alerts of disabled points, shelved ones, out of service, silences, maintenance.

    ``cut``: more windows run than were told.
    """

    points: int = 0
    shelved: int = 0
    out_of_service: int = 0
    silences: int = 0
    maintenance: int = 0
    cut: bool = False

    @property
    def total(self) -> int:
        """All together."""
        return self.points + self.shelved + self.out_of_service + self.silences + self.maintenance


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """How fresh our knowledge is.

    ``oldest_s``: age of the oldest knowledge of a gateway, its unsent readings included. ``backlog``: messages that
    rules and store have not worked on yet. ``lag_s``: how long the oldest of them has waited. ``receipt_ns``: when a
    platform or a person last said that a message arrived, ``human`` where it was a person.
    """

    oldest_s: float | None = None
    backlog: int | None = None
    lag_s: float | None = None
    receipt_ns: int | None = None
    human: bool = False


def suppressed(board: Board, points: int) -> Suppressed:
    """Count what is kept quiet; ``points`` are the alerts that say that a point is disabled."""
    document = board.statuses.get(ALERTS, {})
    windows, silences = _entries(document, "maintenance"), _entries(document, "silences")
    known = {one.get("id") for one in silences if isinstance(one, Mapping)}
    return Suppressed(
        points=points,
        shelved=sum(_is_shelved_alone(alert, known) for alert in board.alerts.values()),
        out_of_service=len(_entries(document, "out_of_service")),
        silences=len(silences),
        maintenance=sum(isinstance(one, Mapping) and one.get("started_ns") is not None for one in windows),
        cut=document.get("maintenance_cut") is True,
    )


def lamp_figures(board: Board, gateways: Iterable[Health]) -> LinkFigures:
    """Return how fresh our knowledge is; ``gateways`` are those that have a process."""
    ages = [_oldest(health) for health in gateways]
    ingest, rules = board.statuses.get(INGEST, {}), board.statuses.get(RULES, {})
    receipt_ns, human = _receipt(board.statuses.get(ALERTS, {}))
    lags = [lag for lag in (_number(ingest, "oldest_s"), _number(rules, "lag_s")) if lag is not None]
    backlogs = [_number(ingest, "lag_messages"), _number(rules, "lag")]
    known = [int(backlog) for backlog in backlogs if backlog is not None]
    return LinkFigures(
        oldest_s=None if None in ages else max((age for age in ages if age is not None), default=None),
        backlog=sum(known) if known else None,
        lag_s=max(lags, default=0.0 if known else None),
        receipt_ns=receipt_ns,
        human=human,
    )


def _is_shelved_alone(alert: AlertView, silences: Collection[Any]) -> bool:
    """Tell whether a person shelved an alert; what a silence covers is counted as that silence."""
    return alert.shelved_until_ns is not None and silence_of_reason(alert.shelve_reason or "") not in silences


def _oldest(health: Health) -> float | None:
    if health.age_s is None:
        return None
    return max(0.0, health.age_s, health.oldest_s or 0.0)


def _receipt(document: Mapping[str, Any]) -> tuple[int | None, bool]:
    told = document.get("notifications")
    told = told if isinstance(told, Mapping) else {}
    platform, human = (_number(told, name) for name in ("last_delivered_ns", "last_answered_ns"))
    newest = max((one for one in (platform, human) if one is not None), default=None)
    return (None if newest is None else int(newest)), newest is not None and newest == human


def _entries(document: Mapping[str, Any], name: str) -> list[Any]:
    entries = document.get(name)
    return entries if isinstance(entries, list) else []


def _number(document: Mapping[str, Any], name: str) -> float | None:
    value = document.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
