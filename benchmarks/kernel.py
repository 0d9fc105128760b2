"""The rules engine on one core and a million points: readings, silence, snapshot, cold start.

Everything runs through `Engine.feed`, as in production: rounds, late readings, silence, values, hysteresis,
timers; only decoding and publishing are left out. The points belong to 1,000 devices of 1,000 points, whose
messages come in random order: many small messages would measure Python's loop over messages, which the
whole way (`benchmarks.whole_way`) has in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from domain.clock import NS_PER_S
from domain.documents import Document
from domain.quality import GOOD
from domain.site import Registry, build_registry
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save

GATEWAYS, DEVICES, POINTS = 100, 10, 1000
START_NS = 1_800_000_000 * NS_PER_S
T_LIMIT = 70.0

Row = tuple[str, str, str]


def rows() -> list[Row]:
    """Measure and return `(what, measured, budget)`."""
    registry = _registry()
    site, cold_s = _timed(lambda: SiteIndex(registry))
    found = [_readings_row("hysteresis + on-delay", _rule(on_delay_s=5), site, "30 / 60 M readings/s")]
    found.append(
        _readings_row(
            "hysteresis, both delays, per-point limits",
            _rule(limit="high", on_delay_s=5, off_delay_s=5),
            site,
            "8 / 20 M readings/s (with rate: next stage)",
        )
    )
    return [*found, *_other_rows(site, cold_s)]


def _readings_row(name: str, ruleset: RuleSet, site: SiteIndex, budget: str) -> Row:
    """Feed rounds of one reading a point; one in 500 crosses its limit."""
    engine = Engine(compile_plan(ruleset, site))
    messages = [_round(site, number) for number in range(3)]
    engine.feed(messages[0])
    _, seconds = _timed(lambda: [engine.feed(one) for one in messages[1:]])
    rate = 2 * len(site.table) / seconds / 1e6
    return f"rules kernel, {len(site.table):,} points: {name}", f"{rate:.1f} M readings/s", budget


def _other_rows(site: SiteIndex, index_s: float) -> list[Row]:
    ruleset = _rule(on_delay_s=5)
    plan, compile_s = _timed(lambda: compile_plan(ruleset, site))
    engine = Engine(plan)
    engine.feed(_round(site, 0))
    tick = Message(kind=MessageKind.TICK, seq=10**9, time_ns=START_NS + NS_PER_S)
    _, tick_s = _timed(lambda: engine.feed([tick]))
    mine, keys_s = _timed(lambda: _keys(Identity.of(plan)))
    data, save_s = _timed(lambda: save(engine, Place(seq=1, alarm_seq=1, epoch=1), mine.fingerprint))
    fresh = Engine(compile_plan(ruleset, site))
    _, restore_s = _timed(lambda: restore(fresh, data, mine, mine))
    return [
        ("tick: silence of all points, timers of all alarms", f"{tick_s * 1e3:.1f} ms", "5 ms (issue 6)"),
        (f"snapshot of 1 M points ({len(data) / 1e6:.0f} MB)", f"{save_s * 1e3:.0f} ms", "100 ms (issue 6)"),
        ("restart of a rules worker with 1 M points", f"{index_s + compile_s + keys_s + restore_s:.1f} s", "10 / 2 s"),
    ]


def _keys(identity: Identity) -> Identity:
    """Have the fingerprint worked out."""
    assert identity.fingerprint  # noqa: S101  # it is cached at its first use
    return identity


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the processor time it took [s]: one core's, whatever else the machine does."""
    start = time.process_time()
    return action(), time.process_time() - start


def _round(site: SiteIndex, number: int) -> list[Message]:
    """Make one reading for each point, devices in random order, within one second of log time."""
    rng = np.random.default_rng(number)
    devices = rng.permutation(len(site.devices))
    point = (devices[:, None] * POINTS + np.arange(POINTS)).ravel().astype(np.int32)
    value = rng.normal(50, 7, len(point))
    time_ns = START_NS + number * NS_PER_S
    return [
        Message(
            kind=MessageKind.DATA,
            seq=number * 10_000 + at // POINTS,
            time_ns=time_ns,
            gateway=int(site.gateway_of[site.device_of[point[at]]]),
            readings=Readings(
                point[at : at + POINTS],
                np.full(POINTS, time_ns, np.int64),
                value[at : at + POINTS],
                np.full(POINTS, GOOD, np.uint16),
            ),
        )
        for at in range(0, len(point), POINTS)
    ]


def _rule(*, limit: float | str = T_LIMIT, on_delay_s: float = 0.0, off_delay_s: float = 0.0) -> RuleSet:
    rule = {
        "id": "hot",
        "version": "1",
        "labels": _labels("hot"),
        "class": "hazard",
        "level": "warning",
        "condition": {"above": {"limit": limit, "hysteresis": 5, "quantity": "degC"}},
        "on_delay_s": on_delay_s,
        "off_delay_s": off_delay_s,
        "messages": _labels("{point} {value}"),
    }
    return load([Document("hot.yaml", rule)])


def _registry() -> Registry:
    """Build a million points."""
    zone = {"id": "z", "kind": "room", "floor": 1, "labels": _labels("z")}
    units = [
        {"id": f"u{at}", "labels": _labels("u"), "buildings": [{"id": "b", "labels": _labels("b"), "zones": [zone]}]}
        for at in range(GATEWAYS)
    ]
    points = [
        {"id": f"t{at}", "quantity": "degC", "high": T_LIMIT, "labels": _labels("t"), "max_silence_s": 60}
        for at in range(POINTS)
    ]
    profile = {
        "profile": "p",
        "protocol": "x",
        "kind": "thermometers",
        "labels": _labels("p"),
        "source": "benchmark",
        "points": points,
    }
    return build_registry(
        Document("site.yaml", {"site": "bench", "labels": _labels("bench"), "units": units}),
        [Document(f"g{at}.yaml", _gateway(at)) for at in range(GATEWAYS)],
        [Document("p.yaml", profile)],
    )


def _gateway(number: int) -> dict[str, Any]:
    devices: Sequence[dict[str, Any]] = [
        {"id": f"d{at}", "profile": "p", "zone": "z", "labels": _labels("d"), "address": at} for at in range(DEVICES)
    ]
    return {
        "gateway": "g",
        "unit": f"u{number}",
        "labels": _labels("g"),
        "connections": [{"id": "c", "protocol": "x", "devices": devices}],
    }


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
