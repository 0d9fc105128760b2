"""What a gateway says about itself: the status document and the figures of its NDATA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.clock import NS_PER_S
from gateway.connectors.contract import Health
from gateway.spool import SpoolFigures

FIGURES = (
    "spool_batches",
    "spool_bytes",
    "spool_oldest_s",
    "offline_forecast_s",
    "readings_accepted",
    "readings_published",
    "readings_dropped",
    "dead_letters",
    "connections_down",
    "devices_lost",
    "uplink",
)
"""Names of the node's own metrics; NaN travels as null: not known yet."""


MOST_REFUSED_SUBJECTS = 20
"""Subjects that the status names; their count says how many there are."""


def status_document(
    figures: SpoolFigures,
    health: Mapping[str, Health],
    *,
    uplink: bool,
    hosting: Mapping[str, float] | None = None,
    refused: Sequence[str] = (),
    http: str | None = None,
) -> dict[str, Any]:
    """Return the document for KV ``status``.

    ``hosting`` are the figures of hosted nodes, None where there are none; ``refused`` the subjects that the
    backbone does not let this gateway publish to; ``http`` where the process answers for its health.
    """
    counters = figures.counters
    document = {
        "produced": counters["produced"],
        "accepted": counters["accepted"],
        "published": counters["published"],
        "dropped": _by_reason(counters, "dropped."),
        "dead_letters": _by_reason(counters, "dead."),
        "damaged_files": counters["damaged_files"],
        "spool": {
            "batches": figures.batches,
            "events": figures.waiting_events,
            "bytes": figures.size,
            "oldest_ns": figures.oldest_ns,
            "offline_forecast_s": figures.forecast_s,
        },
        "uplink": "up" if uplink else "down",
        "http": http,
        "refused_subjects": {"count": len(refused), "first": list(refused[:MOST_REFUSED_SUBJECTS])},
        "connections": {
            name: {
                "ok": one.ok,
                "polls": one.polls,
                "missed": one.missed,
                "errors": dict(one.errors),
                "lost": sorted(one.lost),
                "figures": dict(one.figures),
            }
            for name, one in health.items()
        },
    }
    if hosting is not None:
        document["hosting"] = {**hosting, **_joined([one.figures for one in health.values()])}
    return document


def node_figures(figures: SpoolFigures, health: Mapping[str, Health], *, uplink: bool, now_ns: int) -> dict[str, float]:
    """Return the values of `FIGURES`."""
    counters = figures.counters
    oldest_s = 0.0 if figures.oldest_ns is None else (now_ns - figures.oldest_ns) / NS_PER_S
    values = (
        figures.batches,
        figures.size,
        oldest_s,
        float("nan") if figures.forecast_s is None else figures.forecast_s,
        counters["accepted"],
        counters["published"],
        sum(_by_reason(counters, "dropped.").values()),
        sum(_by_reason(counters, "dead.").values()),
        sum(not one.ok for one in health.values()),
        sum(len(one.lost) for one in health.values()),
        uplink,
    )
    return dict(zip(FIGURES, map(float, values), strict=True))


def _joined(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Add up the figures of all connectors; of percentiles (``…_p99``) the worst is taken."""
    joined: dict[str, float] = {}
    for name, value in (item for one in figures for item in one.items()):
        known = joined.get(name, 0.0)
        joined[name] = max(known, value) if name.endswith("_p99") else known + value
    return joined


def _by_reason(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in sorted(counters.items()) if name.startswith(prefix)}
