"""Which measurements and columns a store of ours has: those of the site's device kinds, and of ingest's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards.grafana.influxql import FUNCTIONS, Statement
from domain.measurements import (
    ALERT_FLAGS,
    ALERT_NUMBERS,
    ALERT_TAGS,
    ALERT_TEXTS,
    PIPELINE_FIELDS,
    PIPELINE_TAGS,
    PLACE_TAGS,
    READING_TAGS,
    STANDING_FIELDS,
    Measurement,
    limit_fields,
    quality_field,
    text_field,
)
from domain.site.models import Profile


@dataclass(frozen=True, slots=True)
class Columns:
    """Tags and fields of one measurement."""

    tags: frozenset[str]
    fields: frozenset[str]


def known(profiles: Iterable[Profile]) -> Mapping[str, Columns]:
    """Return the columns by measurement; ``profiles`` are those that a site may use."""
    points: dict[str, set[str]] = {}
    for profile in profiles:
        points.setdefault(profile.kind, set()).update(point.id for point in profile.points)
    every = {point for names in points.values() for point in names}
    found = {
        kind: Columns(
            frozenset(READING_TAGS), frozenset({n for p in names for n in (p, quality_field(p), text_field(p))})
        )
        for kind, names in points.items()
    }
    pipeline = frozenset(name for names in PIPELINE_FIELDS.values() for name in names)
    return found | {
        Measurement.ALERT: Columns(frozenset(ALERT_TAGS), frozenset({*ALERT_FLAGS, *ALERT_TEXTS, *ALERT_NUMBERS})),
        Measurement.STANDING: Columns(frozenset(PLACE_TAGS), frozenset(STANDING_FIELDS)),
        Measurement.LIMIT: Columns(frozenset(READING_TAGS), frozenset(n for p in every for n in limit_fields(p))),
        Measurement.PIPELINE: Columns(frozenset(PIPELINE_TAGS), pipeline),
    }


def findings(statement: Statement, store: Mapping[str, Columns]) -> list[str]:
    """Return what a statement asks for that no store of ours has."""
    said: list[str] = []
    for one in statement.walk():
        said += [
            f"function {name} is not one that every server answers" for name in sorted({*one.functions} - FUNCTIONS)
        ]
        sources = [name for wanted in one.measurements for name in _matching(wanted, store)]
        said += [f"no measurement {name}" for name in one.measurements if not _matching(name, store)]
        inner = {name for part in one.inner for name in (*part.results, *part.columns)}
        tags = {tag for name in sources for tag in store[name].tags} | inner
        fields = {column for name in sources for column in store[name].fields} | inner
        if not sources and not one.inner and one.kind == "show":
            tags = fields = set(READING_TAGS)
        said += [f"no column {name}" for name in one.fields if not _matching(name, {*fields, *tags})]
        said += [f"no column {name}" for name in one.columns if name not in fields | tags]
    return list(dict.fromkeys(said))


def _matching(wanted: str, names: Iterable[str]) -> list[str]:
    """Return the names that a name or /regex/ stands for."""
    if not wanted.startswith("/"):
        return [wanted] if wanted in names else []
    pattern = re.compile(wanted.strip("/"))
    return [name for name in names if pattern.search(name)]
