"""3,738 rules on 200,000 points: the site of eKuiper's issue 4105 (a rule a tag), and what each costs here.

75 profiles of 50 points, 4,000 devices of 40 gateways; each rule watches one point of one profile, so some 53 points.
A second of the log is one message of 50 readings from each device and a tick; one reading in 100 crosses its
limit. Measured is what a worker does with messages of the log: decoding and the engine, on one core; publishing
and the link are left out. Memory is what tracemalloc sees grow from one rule to 200 on 10,000 points.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, with_seq
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.site import Registry, build_registry
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.site_index import SiteIndex

PROFILES, POINTS, RULES = 75, 50, 3738
GATEWAYS, DEVICES = 40, 100
START_NS = 1_800_000_000 * NS_PER_S
SECONDS = 5
LIMIT = 70.0
SMALL_GATEWAYS, SMALL_DEVICES, SMALL_RULES = 10, 20, 200

Row = tuple[str, str, str]


def rows() -> list[Row]:
    """Measure and return `(what, measured, budget)`."""
    registry = _registry(GATEWAYS, DEVICES)
    ruleset, load_s = _timed(lambda: _rules(RULES))
    site, index_s = _timed(lambda: SiteIndex(registry))
    plan, compile_s = _timed(lambda: compile_plan(ruleset, site))
    engine, decoder = Engine(plan), Decoder(site, 0, 1)
    slots = len(engine.slots)
    rates = _rates(registry, engine, decoder)
    what = f"{RULES:,} rules on {len(site.table):,} points ({slots:,} alarms)"
    return [
        (
            f"{what}, decoding and engine, one core",
            f"best {max(rates) / 1e6:.2f} M readings/s, {min(rates) / 1e6:.2f} to {max(rates) / 1e6:.2f} M",
            "200,000 readings/s without a drop (issue 6)",
        ),
        (
            "the same: loading, index, compiling",
            f"{load_s:.1f} s, {index_s:.1f} s, {compile_s:.1f} s",
            "10 s to live together (issue 6)",
        ),
        (
            f"memory of a rule, {SMALL_GATEWAYS * SMALL_DEVICES * POINTS:,} points",
            f"{_memory():.0f} B for each 100 points",
            "1 kB (issue 6)",
        ),
    ]


def _rates(registry: Registry, engine: Engine, decoder: Decoder) -> list[float]:
    """Return the readings/s of each second of the log, the first left out."""
    found = []
    for number in range(SECONDS + 1):
        log = _second(registry, number)
        began_s = time.process_time()
        engine.feed(decoder.decode(log))
        found.append(len(registry.points) / (time.process_time() - began_s))
    assert engine.counts.readings == (SECONDS + 1) * len(registry.points)  # noqa: S101  # nothing was dropped
    return found[1:]


def _second(registry: Registry, number: int) -> list[LogMessage]:
    """Make one message of each device, within one second, and a tick."""
    rng = np.random.default_rng(number)
    table = registry.points
    devices = len(table) // POINTS
    values = np.where(rng.random(len(table)) < 0.01, LIMIT + 10, LIMIT - 20)
    log = []
    for place, device in enumerate(rng.permutation(devices).tolist()):
        first = device * POINTS
        time_ns = START_NS + number * NS_PER_S + place * NS_PER_S // devices
        at = np.full(POINTS, time_ns // 10**6 * 10**6)
        batch = ReadingBatch.build(table, at, range(first, first + POINTS), values[first : first + POINTS])
        point = table[first]
        subject = f"tel.0.{point.unit}.DDATA.{point.gateway}.{point.device}"
        payload = with_seq(encode_batch(batch, time_ns), 0)
        log.append(LogMessage(subject=subject, data=payload, seq=number * 10_000 + place, time_ns=time_ns))
    end_ns = START_NS + (number + 1) * NS_PER_S - 1
    return [*log, LogMessage(subject=subjects.tick(0), data=b"", seq=number * 10_000 + 9_999, time_ns=end_ns)]


def _memory() -> float:
    """Return what a rule and 100 points cost [bytes]."""
    registry = _registry(SMALL_GATEWAYS, SMALL_DEVICES)
    site = SiteIndex(registry)
    sizes = []
    for rules in (1, SMALL_RULES):
        ruleset = _rules(rules, everywhere=True)
        gc.collect()
        tracemalloc.start()
        engine = Engine(compile_plan(ruleset, site))
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        del engine
    return (sizes[1] - sizes[0]) / (SMALL_RULES - 1) / (len(site.table) / 100)


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the processor time it took [s]."""
    start = time.process_time()
    return action(), time.process_time() - start


def _rules(count: int, *, everywhere: bool = False) -> RuleSet:
    """Make rules: one for each point of each profile, or each of all points with a limit of its own."""
    return load([Document(f"r{number}.yaml", _rule(number, everywhere=everywhere)) for number in range(count)])


def _rule(number: int, *, everywhere: bool) -> dict[str, Any]:
    watches = {} if everywhere else {"kind": f"kind{number // POINTS}", "point": f"t{number % POINTS}"}
    return {
        "id": f"r{number}",
        "version": "1",
        "labels": _labels("hot"),
        "class": "hazard",
        "level": "warning",
        "watches": watches,
        "condition": {"above": {"limit": LIMIT + number * 1e-3, "hysteresis": 5, "quantity": "degC"}},
        "on_delay_s": 2,
        "messages": _labels("{point} {value}"),
    }


def _registry(gateways: int, devices: int) -> Registry:
    zone = {"id": "z", "kind": "room", "floor": 1, "labels": _labels("z")}
    units = [
        {"id": f"u{at}", "labels": _labels("u"), "buildings": [{"id": "b", "labels": _labels("b"), "zones": [zone]}]}
        for at in range(gateways)
    ]
    return build_registry(
        Document("site.yaml", {"site": "bench", "labels": _labels("bench"), "units": units}),
        [Document(f"g{at}.yaml", _gateway(at, devices)) for at in range(gateways)],
        [Document(f"p{at}.yaml", _profile(at)) for at in range(PROFILES)],
    )


def _profile(number: int) -> dict[str, Any]:
    points = [{"id": f"t{at}", "quantity": "degC", "labels": _labels("t"), "max_silence_s": 60} for at in range(POINTS)]
    return {
        "profile": f"p{number}",
        "protocol": "x",
        "kind": f"kind{number}",
        "labels": _labels("p"),
        "source": "benchmark",
        "points": points,
    }


def _gateway(number: int, devices: int) -> dict[str, Any]:
    listed: Sequence[dict[str, Any]] = [
        {
            "id": f"d{at}",
            "profile": f"p{(number * devices + at) % PROFILES}",
            "zone": "z",
            "labels": _labels("d"),
            "address": at,
        }
        for at in range(devices)
    ]
    return {
        "gateway": "g",
        "unit": f"u{number}",
        "labels": _labels("g"),
        "connections": [{"id": "c", "protocol": "x", "devices": listed}],
    }


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
