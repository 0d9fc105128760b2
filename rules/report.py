"""What rules processes tell: each its own document every second, and one of them what all together are.

``rules.<name>`` is a process. ``rules.main`` is the service, written by the first process by name from the documents
of those that live: sums, partitions that nobody owns, and how far the slowest is behind. Where no process lives,
nobody writes it, and a document that is old means *unknown* to whoever reads it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.subjects import STATUS_BUCKET
from domain.clock import NS_PER_S
from rules.rollout import Rollout
from rules.worker_status import WorkerStatus

STATUS_KEY = "rules.main"
SUMMED = ("readings", "transitions", "late", "ahead", "unusable", "unknown_points", "unknown_devices", "unreadable")
GROWN = ("learned", "grown", "growing_ms", "open_alarms")

Document = dict[str, Any]


def status_key(name: str) -> str:
    """Return the key of a process's own document."""
    return f"rules.{name}"


async def own_document(backbone: Backbone, rollout: Rollout, statuses: Sequence[WorkerStatus]) -> Document:
    """Tell of one process; raises LinkError or RefusedError when the log can't say how far behind it is."""
    rows = [{**asdict(status), "lag": await _lag(backbone, status)} for status in statuses]
    ruleset = rollout.ruleset
    return {**_totals(rows), "rules": len(ruleset), "version": ruleset.version, "rollout": rollout.status()}


def joint_document(documents: Mapping[str, Document], unowned_s: Mapping[int, float]) -> Document:
    """Tell of all processes; ``unowned_s`` are partitions that nobody owns, and for how long [s].

    A partition that two tell of (one of them slept) counts once, where it has come further. What can't be added up
    is as the first one tells it: its own document stands first.
    """
    rows: dict[int, Document] = {}
    for document in documents.values():
        for row in document["by_partition"]:
            if row["seq"] >= rows.get(row["partition"], row)["seq"]:
                rows[row["partition"]] = row
    versions = sorted({document["version"] for document in documents.values()})
    return {
        **next(iter(documents.values()), {}),
        **_totals([rows[partition] for partition in sorted(rows)]),
        "rules": max((document["rules"] for document in documents.values()), default=0),
        "version": versions[0] if len(versions) == 1 else "",
        "versions": versions,
        "processes": len(documents),
        "by_process": {name: document["partitions"] for name, document in documents.items()},
        "unowned": len(unowned_s),
        "unowned_partitions": sorted(unowned_s),
        "unowned_s": round(max(unowned_s.values(), default=0.0), 3),
    }


async def documents_of(backbone: Backbone, names: Iterable[str]) -> dict[str, Document]:
    """Read the documents of living processes; one that has written none yet is left out."""
    found = {}
    for name in names:
        entry = await backbone.kv_get(STATUS_BUCKET, status_key(name))
        if entry is not None:
            found[name] = json.loads(entry.value)
    return found


async def _lag(backbone: Backbone, status: WorkerStatus) -> int:
    """Return how far a partition is behind: sequences from its last message to that of its newest data."""
    newest = await backbone.last_seq(TELEMETRY, f"tel.{status.partition}.>")
    return max(0, newest - status.seq)


def _totals(rows: Sequence[Document]) -> Document:
    """Add up partitions; they stand one by one as well."""
    oldest_ns = min((row["log_ns"] for row in rows), default=0)
    return {
        **{name: sum(row[name] for row in rows) for name in (*SUMMED, *GROWN)},
        "lag": sum(row["lag"] for row in rows),
        "lag_s": round((time.time_ns() - oldest_ns) / NS_PER_S, 3) if oldest_ns else None,
        "partitions": [row["partition"] for row in rows],
        "by_partition": list(rows),
    }
