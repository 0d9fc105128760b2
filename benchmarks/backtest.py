"""Backtest of one day of 65,000 units' telemetry, sampled: how many times faster than life.

*Sampled*: one unit of 65 (1,000 units, 50 points each, every point once in 60 s, spread over the minute), one hour of
the day; all rules of the library that stored readings can answer. The hour has 3 million readings and 3,600 ticks. Both
the factor for this sample and the one that all 65,000 units would have at the same readings a second stand in the row.
Reading the store is not in it: readings come as columns, as its answers give them.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.kernel import START_NS
from cli.rule_files import load_ruleset
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.quality import GOOD
from domain.site import Registry, build_registry
from rules.backtest import Columns, StoreReplay
from rules.site_index import SiteIndex

UNITS, OF_UNITS, PERIOD_S = 1_000, 65_000, 60
HOUR_S = 3_600
A_PART_S = 300
DEVICES = (
    ("pressure_transmitter", "pressure", "kPa", 13, (250.0, 1200.0)),
    ("residual_current_monitor", "residual_current", "mA", 13, (None, 300.0)),
    ("temperature_sensor", "temperature", "degC", 12, (None, 70.0)),
    ("smoke_detector", "smoke", "none", 12, (None, None)),
)
"""Kind, point, quantity, how many of them in a unit (50 in all), limits of the record."""

Row = tuple[str, str, str]


def rows() -> list[Row]:
    """Measure and return `(what, measured, budget)`."""
    registry = _registry()
    site = SiteIndex(registry)
    replay = StoreReplay(site, load_ruleset())
    rng = np.random.default_rng(6)
    spent, processor, readings, alarms = 0.0, 0.0, 0, 0
    for part in range(0, HOUR_S, A_PART_S):
        start_ns = START_NS + part * NS_PER_S
        columns = _columns(site, start_ns, rng)
        began, cpu = time.perf_counter(), time.process_time()
        alarms += len(replay.feed(columns, start_ns, start_ns + A_PART_S * NS_PER_S))
        spent, processor = spent + time.perf_counter() - began, processor + time.process_time() - cpu
        readings += len(columns.point)
    terms = sum(len(bank) for bank in replay.engine.plan.banks)
    rate = readings / spent
    whole = rate / (OF_UNITS * len(site.table) / UNITS / PERIOD_S)
    what = f"backtest, {UNITS:,} of {OF_UNITS:,} units, one hour of the day, {terms:,} tests, {alarms:,} transitions"
    measured = (
        f"{HOUR_S / spent:,.0f} × real time ({HOUR_S / processor:,.0f} × by processor time), "
        f"{rate / 1e6:.1f} M readings/s; all units at that rate {whole:,.0f} ×"
    )
    return [(what, measured, "≥ 100 × real time")]


def _columns(site: SiteIndex, start_ns: int, rng: np.random.Generator) -> Columns:
    """Make five minutes: each point once a minute at its own second, quiet but for one reading in 20,000."""
    points = len(site.table)
    minutes = A_PART_S // PERIOD_S
    phase_ns = (np.arange(points) * 7919 % PERIOD_S) * NS_PER_S
    point = np.tile(np.arange(points, dtype=np.int32), minutes)
    time_ns = start_ns + np.tile(phase_ns, minutes) + np.repeat(np.arange(minutes), points) * PERIOD_S * NS_PER_S
    order = np.argsort(time_ns, kind="stable")
    high = np.nan_to_num(site.high, nan=2.0)[point]
    low = np.nan_to_num(site.low, nan=0.0)[point]
    value = np.where(rng.random(len(point)) < 5e-5, high * 1.2, (low + high) / 2)
    value[np.isnan(site.high[point])] = 0.0
    return Columns(time_ns[order], point[order], value[order], np.full(len(point), GOOD, np.uint16))


def _registry() -> Registry:
    units = [_unit(number) for number in range(UNITS)]
    site = {"site": "bench", "labels": _labels("bench"), "units": units}
    return build_registry(
        Document("site.yaml", site),
        [Document(f"gw{number}.yaml", _gateway(number)) for number in range(UNITS)],
        [
            Document(f"{kind}.yaml", _profile(kind, point, quantity, limits))
            for kind, point, quantity, _, limits in DEVICES
        ],
    )


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _unit(number: int) -> dict[str, object]:
    zone = {"id": "room", "kind": "room", "floor": 1, "labels": _labels("room")}
    buildings = [{"id": "main", "labels": _labels("main"), "zones": [zone]}]
    return {"id": f"unit{number}", "labels": _labels(f"unit {number}"), "buildings": buildings}


def _gateway(number: int) -> dict[str, object]:
    devices = [
        {"id": f"{kind}{at}", "profile": kind, "zone": "room", "labels": _labels(kind), "address": f"{kind}{at}"}
        for kind, _, _, count, _ in DEVICES
        for at in range(count)
    ]
    connection = {"id": "line", "protocol": "p", "devices": devices}
    return {"gateway": f"gw{number}", "unit": f"unit{number}", "labels": _labels("gw"), "connections": [connection]}


def _profile(kind: str, point: str, quantity: str, limits: tuple[float | None, float | None]) -> dict[str, object]:
    low, high = limits
    described = {
        "id": point,
        "labels": _labels(point),
        "quantity": quantity,
        "low": low,
        "high": high,
        "max_silence_s": 180,
    }
    return {
        "profile": kind,
        "protocol": "p",
        "kind": kind,
        "labels": _labels(kind),
        "source": "bench",
        "points": [described],
    }
