"""What is said of gateways and services, in the side panel and on their pages alike."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.console.components import Cell
from dashboards.console.texts import Language, text
from dashboards.console.view import View
from dashboards.console.wording import size_text, span_text
from dashboards.live.health import STALE_AFTER_S, Condition, Health

STORE_AWAY = ("down", "denied")
MS = 1000


def condition_words(view: View, health: Health) -> str:
    """Return how a gateway stands, with how long it has been silent, what it hosts and what it has lost."""
    words = view.text(f"condition_{health.condition}")
    if health.condition is Condition.SILENT:
        words = f"{words} {span_text(health.age_s, view.language)}"
    if health.hosted is not None and health.reachable:
        words = f"{words} · {view.text('hosting', up=health.hosted.up, known=health.hosted.known)}"
    return f"{words} · {view.text('devices_lost', count=health.lost)}" if health.lost else words


def condition_cell(view: View, health: Health) -> Cell:
    """Return the same for a table, where what is lost has a column of its own."""
    words = view.text(f"condition_{health.condition}")
    if health.condition is Condition.SILENT:
        words = f"{words} {span_text(health.age_s, view.language)}"
    return Cell(words, "●", "soft") if health.fine else Cell(words, "?", "unknown")


def spool_words(view: View, health: Health) -> str:
    """Return what waits to be sent, and what was given up."""
    if health.spool_batches is None:
        return "—"
    words = f"{health.spool_batches:.0f} · {size_text(health.spool_bytes)}"
    return f"{words} · {view.text('dropped', count=health.dropped)}" if health.dropped else words


def is_behind(health: Health) -> bool:
    """Tell whether ingest's store is away, or what waits for it is older than what counts as live."""
    return health.store in STORE_AWAY or (health.store is not None and (health.oldest_s or 0) > STALE_AFTER_S)


def counted(counts: Mapping[str, int], *, most: int = 6) -> str:
    """Write counts by kind, the largest first: ``timeout 12 · crc 3``."""
    shown = [f"{name} {count}" for name, count in list(counts.items())[:most]]
    return " · ".join([*shown, *(["…"] if len(counts) > most else [])])


def share_text(share: float | None) -> str:
    """Write a share as a percentage; a dash for None."""
    if share is None:
        return "—"
    return f"{100 * share:.1f} %" if share < 1 else "100 %"


def trip_text(seconds: float | None) -> str:
    """Write a round trip in ms; a dash for None."""
    if seconds is None:
        return "—"
    return f"{seconds * MS:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def reserve_text(seconds: float | None, language: Language) -> str:
    """Write how long a gateway can be offline before it has to drop readings."""
    if seconds is None:
        return text("gateway_reserve_unknown", language)
    return text("gateway_reserve", language, span=span_text(seconds, language))
