"""Status documents as lines of measurement ``pipeline``: pure.

A row has the time of its document, so a process that died adds none, however often its last words are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from domain.ids import is_token
from domain.measurements import PIPELINE_FIELDS, Measurement
from ingest.events import Value, line

UP = "_up"


def pipeline_lines(statuses: Mapping[str, Mapping[str, Any]]) -> list[bytes]:
    """Return a line for each document of a process that has figures (keys ``ingest.main``, ``gateway.<unit>.<id>``)."""
    lines = []
    for key, document in sorted(statuses.items()):
        process, *instance = key.split(".")
        time_ns = document.get("time_ns")
        names = PIPELINE_FIELDS.get(process, ())
        fields = {name: value for name in names if (value := figure(document, name)) is not None}
        if fields and isinstance(time_ns, int) and time_ns > 0 and instance and all(map(is_token, instance)):
            tags = {"process": process, "instance": "/".join(instance)}
            lines.append(line(Measurement.PIPELINE, tags, fields, time_ns))
    return lines


def figure(document: Mapping[str, Any], name: str) -> Value | None:
    """Return the number that a field stands for (see `PIPELINE_FIELDS`), as a float; None where there is none."""
    if name.endswith(UP) and isinstance(word := document.get(name.removesuffix(UP)), str):
        return float(word == "up")
    found = document.get(name)
    if found is None:
        head, _, tail = name.partition("_")
        part = document.get(head)
        found = part.get(tail) if isinstance(part, Mapping) else None
    if isinstance(found, Mapping):
        found = sum(one for one in found.values() if _is_number(one))
    return float(found) if _is_number(found) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
