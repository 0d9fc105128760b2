"""The demo's account: readings in against readings stored, alerts, pushes, latencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.face import AlertsFace, Stats
from backbone.client import Backbone
from ingest.face import QueryFace
from simulators.runner import Report


async def account(backbone: Backbone, report: Report) -> dict[str, Any]:
    """Collect the figures once gateways have stopped and the store has caught up.

    ``lost`` = produced − reported drops − distinct readings in the store; ``duplicated`` = rows − distinct.
    """
    gateways = [found for key, found in (await backbone.statuses()).items() if key.startswith("gateway.")]
    counts = await QueryFace(backbone).counts()
    produced = sum(found["produced"] for found in gateways)
    dropped = sum(sum(found["dropped"].values()) for found in gateways)
    readings = {
        "produced": produced,
        "accepted": sum(found["published"] for found in gateways),
        "stored": counts.stored,
        "lost": produced - dropped - counts.distinct,
        "duplicated": counts.stored - counts.distinct,
        "dropped": dropped,
    }
    return {"readings": readings, **alert_figures(await AlertsFace(backbone).stats()), "scenario": report.as_dict()}


def alert_figures(stats: Stats) -> dict[str, Any]:
    """Return the alerts' part of the account."""
    notifications = stats.notifications
    return {
        "alerts": {
            "raised": stats.raised,
            "open": stats.open,
            "by_rule": stats.by_rule,
            "by_class": stats.by_class,
        },
        "notifications": {
            "sent": notifications.sent,
            "accepted": notifications.accepted,
            "delivered": notifications.delivered,
            "answered": notifications.answered,
            "failed": notifications.failed,
        },
        "latency_ms": stats.latency_ms.model_dump(),
    }


def verdict(figures: Mapping[str, Any], report: Report) -> bool:
    """Tell whether the demo held: every expectation, nothing lost, nothing doubled."""
    readings = figures["readings"]
    return report.passed and readings["lost"] == 0 and readings["duplicated"] == 0
