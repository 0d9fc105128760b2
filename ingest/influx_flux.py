"""Flux for InfluxDB 2: the same roll-ups as InfluxQL's wildcards give, as a task or for one span.

Flux has one type a column, so functions of numbers see the numeric fields only; ``count`` and ``last`` see all.
Sources: InfluxData, Flux 0.x standard library (``aggregateWindow``, ``types.isType``, ``to``), InfluxDB 2.7 API
``/api/v2/query``.
"""

from __future__ import annotations

import json

import httpx

from domain.clock import to_iso
from domain.site.models import StoreSettings
from ingest.influx_endpoint import endpoint_of
from ingest.influx_http import problem_of
from ingest.influx_rollups import RollSpan, duration
from ingest.rollups import Tier
from ingest.store import StoreDownError

QUERY_TIMEOUT_S = 120.0
NUMERIC, ALL = ("mean", "min", "max"), ("count", "last")


def bucket_of(settings: StoreSettings, tier: Tier) -> str:
    """Return the bucket (2.x) or database (3.x) of a tier."""
    return f"{settings.database}/{tier.name}"


def task_flux(settings: StoreSettings, tier: Tier, name: str) -> str:
    """Return the task that keeps a tier up to date: each step it looks back for late readings."""
    every = duration(tier.step_ns)
    back = max(settings.retention.late_minutes, 2 * tier.step_ns // (60 * 10**9))
    head = f"option task = {{name: {json.dumps(name)}, every: {every}, offset: 20s}}"
    start, stop = f"date.truncate(t: -{back}m, unit: {every})", f"date.truncate(t: now(), unit: {every})"
    return _flux(settings, tier, f"start: {start}, stop: {stop}", head)


def span_flux(settings: StoreSettings, tier: Tier, start_ns: int, end_ns: int) -> str:
    """Return the query that makes one span of a tier."""
    return _flux(settings, tier, f"start: {to_iso(start_ns)}, stop: {to_iso(end_ns)}", "")


def _flux(settings: StoreSettings, tier: Tier, span: str, head: str) -> str:
    bucket, target, org = (json.dumps(text) for text in (settings.database, bucket_of(settings, tier), settings.org))
    numbers = 'types.isType(v: r._value, type: "float") or types.isType(v: r._value, type: "int")'
    lines = ['import "date"', 'import "types"', head, f"readings = from(bucket: {bucket}) |> range({span})"]
    lines.append(f"numbers = readings |> filter(fn: (r) => {numbers})")
    window = f'aggregateWindow(every: {duration(tier.step_ns)}, createEmpty: false, timeSrc: "_start", fn: '
    for name in (*NUMERIC, *ALL):
        source = "numbers" if name in NUMERIC else "readings"
        renamed = f'map(fn: (r) => ({{r with _field: "{name}_" + r._field}}))'
        lines.append(f"{source} |> {window}{name}) |> {renamed} |> to(bucket: {target}, org: {org})")
        lines[-1] += f' |> yield(name: "{name}")'
    return "\n".join(line for line in lines if line) + "\n"


def roll_by_flux(settings: StoreSettings) -> RollSpan:
    """Return what makes a span on an InfluxDB 2."""
    endpoint = endpoint_of(settings)

    def roll(tier: Tier, start_ns: int, end_ns: int) -> None:
        body = span_flux(settings, tier, start_ns, end_ns)
        headers = {"Content-Type": "application/vnd.flux", "Accept": "application/csv"}
        token = endpoint.authorization()
        if token:
            headers["Authorization"] = token
        try:
            with httpx.Client(base_url=settings.url or "", timeout=QUERY_TIMEOUT_S, trust_env=False) as client:
                answer = client.post("/api/v2/query", params={"org": settings.org}, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise StoreDownError(f"no answer from {settings.url}: {error or type(error).__name__}") from error
        if not answer.is_success:
            raise problem_of(answer)

    return roll
