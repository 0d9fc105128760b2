"""How fresh our knowledge is: one `Health` per process that must be there, judged from status documents.

Absence is never "fine": a document that is missing, older than 5 s, or from the future makes its
process unknown. A gateway whose uplink or one of whose lines is down, or whose oldest unsent reading is
old, makes its data unknown even though the process itself is well. A hosted node (a transmitter) has no document: what
is known of it is what its host says, and nothing while the host is not heard. Documents come from other processes,
perhaps of another version: a field of an unexpected type counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboards.live.board import Board
from dashboards.live.nodes import Line
from domain.clock import NS_PER_S
from domain.site import Registry

SILENT_AFTER_S = 5.0
"""A status document is written every second; older than this means unknown (docs/architecture.md)."""

STALE_AFTER_S = 30.0
"""Oldest unsent reading of a gateway that still counts as live. Assumption: three of the 10 s that a
fire alarm may take (GB 25506, secondary source)."""

SERVICES = ("alerts.main", "rules.main", "ingest.main")
DRAWS = ("console.main",)
"""Who draws the screens: it has a row beside the services and is counted as there, for its figures are seen."""


class Condition(StrEnum):
    """What we know of a process."""

    FINE = "fine"
    NEVER = "never"
    SILENT = "silent"
    LINK_DOWN = "link_down"
    LINE_DOWN = "line_down"
    STALE = "stale"
    OFFLINE = "offline"
    HOST_SILENT = "host_silent"


@dataclass(frozen=True, slots=True)
class Hosted:
    """A host's own figures of its nodes: known to it, with their line up, and strangers that call in."""

    known: int
    up: int
    strangers: int


@dataclass(frozen=True, slots=True)
class Health:
    """One process. ``age_s`` of its document; the rest is None where it tells nothing.

    Spool: batches and bytes that wait to be sent, age of the oldest, seconds that it can go on offline.
    ``lost``: devices that do not answer. ``dropped``: readings that the full spool gave up. ``hosted``: what it
    counts of the nodes that it hosts, None for a gateway that hosts none. ``store``: how ingest's store stands; its
    ``oldest_s`` is then how long the oldest message has waited to be stored.
    """

    key: str
    condition: Condition
    age_s: float | None
    spool_batches: float | None = None
    spool_bytes: float | None = None
    oldest_s: float | None = None
    forecast_s: float | None = None
    lost: int = 0
    dropped: int = 0
    hosted: Hosted | None = None
    store: str | None = None

    @property
    def fine(self) -> bool:
        """Tell whether what it says may be believed."""
        return self.condition is Condition.FINE

    @property
    def reachable(self) -> bool:
        """Tell whether news of a gateway can come through at all."""
        return self.condition in (Condition.FINE, Condition.LINE_DOWN, Condition.STALE)


def service_health(board: Board, key: str, now_ns: int) -> Health:
    """Judge a service by its document alone: of the rules that every partition has an owner who keeps up, too.

    A store that is away does not make ingest less believable.
    """
    document = board.statuses.get(key) or {}
    age_s = _age_s(document, now_ns)
    condition = _condition(board, age_s)
    if condition is Condition.FINE and (
        (_number(document, "unowned_s") or 0.0) > SILENT_AFTER_S or (_number(document, "lag_s") or 0.0) > STALE_AFTER_S
    ):
        condition = Condition.STALE  # rules that nobody evaluates, or of minutes ago
    store = document.get("store")
    return Health(
        key,
        condition,
        age_s,
        oldest_s=_number(document, "oldest_s"),
        store=store if isinstance(store, str) else None,
    )


def gateway_health(board: Board, key: str, now_ns: int) -> Health:
    """Judge a gateway (``unit/gateway``) by its document, its uplink and its unsent readings."""
    name = f"gateway.{key.replace('/', '.')}"
    document = board.statuses.get(name)
    age_s = _age_s(document, now_ns)
    condition = _condition(board, age_s)
    if document is None:
        return Health(name, condition, age_s)
    spool = _part(document, "spool")
    oldest_ns = _number(spool, "oldest_ns")
    oldest_s = max(0.0, (now_ns - oldest_ns) / NS_PER_S) if oldest_ns else None
    lines = [_part(_part(document, "connections"), line) for line in _part(document, "connections")]
    if condition is Condition.FINE:
        condition = _trouble(document, lines, oldest_s)
    return Health(
        name,
        condition,
        age_s,
        spool_batches=_number(spool, "batches"),
        spool_bytes=_number(spool, "bytes"),
        oldest_s=oldest_s,
        forecast_s=_number(spool, "offline_forecast_s"),
        lost=sum(len(line["lost"]) for line in lines if isinstance(line.get("lost"), list)),
        dropped=sum(int(count) for count in _part(document, "dropped").values() if isinstance(count, int)),
        hosted=_hosted(document),
    )


def node_health(board: Board, registry: Registry, key: str, now_ns: int) -> Health:
    """Judge a gateway or a hosted node (``unit/gateway``)."""
    transmitter = registry.transmitters.get(key)
    if transmitter is None:
        return gateway_health(board, key, now_ns)
    return hosted_health(board, key, gateway_health(board, transmitter.host, now_ns), now_ns)


def hosted_health(board: Board, key: str, host: Health, now_ns: int) -> Health:
    """Judge a hosted node by what its host said last, while the host can be heard."""
    node = board.nodes.of(key)
    age_s = (now_ns - node.last_ns) / NS_PER_S if node.last_ns else None
    if not host.reachable:
        return Health(key, Condition.HOST_SILENT, age_s)
    condition = {Line.UP: Condition.FINE, Line.DOWN: Condition.OFFLINE, Line.NEVER: Condition.NEVER}[node.line]
    return Health(key, condition, age_s)


def hosted_silent(board: Board, registry: Registry, now_ns: int) -> tuple[int, int]:
    """Return how many transmitters there are, and of how many we have no news or bad news."""
    total = silent = 0
    for host, lines in board.nodes.counts(registry).items():
        total += lines.total()
        reachable = gateway_health(board, host, now_ns).reachable
        silent += lines.total() - lines[Line.UP] if reachable else lines.total()
    return total, silent


def _hosted(document: Mapping[str, Any]) -> Hosted | None:
    part = _part(document, "hosting")
    if not part:
        return None
    known, up, strangers = (int(_number(part, name) or 0) for name in ("known", "up", "strangers"))
    return Hosted(known, up, strangers)


def _trouble(document: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], oldest_s: float | None) -> Condition:
    """Return what keeps a gateway that reports from being believed; the uplink has to say that it is up."""
    if document.get("uplink") != "up":
        return Condition.LINK_DOWN
    if any(line.get("ok") is False for line in lines):
        return Condition.LINE_DOWN
    return Condition.STALE if oldest_s is not None and oldest_s > STALE_AFTER_S else Condition.FINE


def all_health(board: Board, registry: Registry, now_ns: int) -> tuple[list[Health], list[Health]]:
    """Return the health of services and of gateways (not of the nodes that they host), in their fixed order."""
    services = [service_health(board, key, now_ns) for key in SERVICES]
    return services, [gateway_health(board, key, now_ns) for key in registry.own_gateways]


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


def _part(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = document.get(field)
    return value if isinstance(value, Mapping) else {}
