"""How fresh our knowledge is: one `Health` per process that must be there, judged from status documents.

Absence is never "fine": a document that is missing, older than 5 s, or from the future makes its
process unknown, and a gateway whose uplink is down or whose oldest unsent reading is old makes its
data unknown even though the process itself is well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboards.live.board import Board
from domain.clock import NS_PER_S
from domain.site import Registry

SILENT_AFTER_S = 5.0
"""A status document is written every second; older than this means unknown (docs/architecture.md)."""

STALE_AFTER_S = 30.0
"""Oldest unsent reading of a gateway that still counts as live. Assumption: three of the 10 s that a
fire alarm may take (GB 25506, secondary source)."""

SERVICES = ("alerts.main", "rules.main", "ingest.main")


class Condition(StrEnum):
    """What we know of a process."""

    FINE = "fine"
    NEVER = "never"
    SILENT = "silent"
    LINK_DOWN = "link_down"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Health:
    """One process. ``age_s`` of its document; the rest is None where it tells nothing."""

    key: str
    condition: Condition
    age_s: float | None
    spool_rows: int | None = None
    spool_bytes: int | None = None
    oldest_s: float | None = None
    forecast_s: float | None = None

    @property
    def fine(self) -> bool:
        """Tell whether what it says may be believed."""
        return self.condition is Condition.FINE


def service_health(board: Board, key: str, now_ns: int) -> Health:
    """Judge a service by its document alone."""
    age_s = _age_s(board.statuses.get(key), now_ns)
    return Health(key, _condition(board, age_s), age_s)


def gateway_health(board: Board, key: str, now_ns: int) -> Health:
    """Judge a gateway (``unit/gateway``) by its document, its uplink and its unsent readings."""
    name = f"gateway.{key.replace('/', '.')}"
    document = board.statuses.get(name)
    age_s = _age_s(document, now_ns)
    condition = _condition(board, age_s)
    if document is None:
        return Health(name, condition, age_s)
    oldest_ns = _number(document, "oldest_ns")
    oldest_s = max(0.0, (now_ns - oldest_ns) / NS_PER_S) if oldest_ns else None
    if condition is Condition.FINE and document.get("uplink") not in (True, "up"):
        condition = Condition.LINK_DOWN
    elif condition is Condition.FINE and oldest_s is not None and oldest_s > STALE_AFTER_S:
        condition = Condition.STALE
    return Health(
        name,
        condition,
        age_s,
        spool_rows=_whole(document, "spool_rows"),
        spool_bytes=_whole(document, "spool_bytes"),
        oldest_s=oldest_s,
        forecast_s=_number(document, "forecast_s"),
    )


def all_health(board: Board, registry: Registry, now_ns: int) -> tuple[list[Health], list[Health]]:
    """Return the health of services and of gateways, in their fixed order."""
    services = [service_health(board, key, now_ns) for key in SERVICES]
    return services, [gateway_health(board, key, now_ns) for key in registry.gateways]


def _condition(board: Board, age_s: float | None) -> Condition:
    if age_s is None:
        return Condition.NEVER
    silent = not board.connected or abs(age_s) > SILENT_AFTER_S
    return Condition.SILENT if silent else Condition.FINE


def _age_s(document: Mapping[str, Any] | None, now_ns: int) -> float | None:
    time_ns = _number(document or {}, "time_ns")
    return None if time_ns is None else (now_ns - time_ns) / NS_PER_S


def _number(document: Mapping[str, Any], field: str) -> float | None:
    value = document.get(field)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(document: Mapping[str, Any], field: str) -> int | None:
    value = _number(document, field)
    return None if value is None else int(value)
