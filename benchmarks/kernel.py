"""The rules engine on one core and a million points: readings, silence, snapshot, cold start.

Everything runs through `Engine.feed`, as in production: rounds, late readings, silence, values, hysteresis,
timers; only decoding and publishing are left out. The points belong to 1,000 devices of 1,000 points, whose
messages come in random order: many small messages would measure Python's loop over messages, which the
whole way (`benchmarks.whole_way`) has in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.clock import NS_PER_S
from domain.documents import Document
from domain.quality import GOOD
from domain.site import Registry, build_registry
from rules import RuleSet, load
from rules.compiler import compile_plan
from rules.engine import MOST_ROWS, Engine
from rules.identity import Identity
from rules.inputs import Message, MessageKind, Readings
from rules.links import Links
from rules.site_index import SiteIndex
from rules.snapshot import Place, restore, save

GATEWAYS, DEVICES, POINTS = 100, 10, 1000
ROUNDS = 6
"""A reading of each point a round; the first only warms up."""
START_NS = 1_800_000_000 * NS_PER_S
T_LIMIT = 70.0
ROUND_S = 2

_LIMIT = {"limit": T_LIMIT, "hysteresis": 5, "quantity": "degC"}
_RATE = {"quantity": "degC/min", "over_s": 16}
_WINDOW = {"over_s": 600, "hysteresis": 5, "quantity": "degC", "min_coverage": 0.1}
ROUNDS = 6
"""Rounds that are measured, two seconds of log time apart."""
WARM_UP = 10
"""Rounds before them: rates need readings that are old enough; every second reading is then kept for one."""

Row = tuple[str, str, str]


def rows() -> list[Row]:
    """Measure and return `(what, measured, budget)`."""
    registry = _registry()
    site, cold_s = _timed(lambda: SiteIndex(registry))
    rounds = [_round(site, number) for number in range(ROUNDS + WARM_UP)]
    every = _rule(limit="high", on_delay_s=5, off_delay_s=5, rate={"above": 110, "hysteresis": 20, **_RATE})
    kinds = {
        "hysteresis + on-delay": (_rule(on_delay_s=5), "30 / 60 M readings/s"),
        "hysteresis, both delays, rate, per-point limits": (every, "8 / 20 M readings/s"),
    }
    engines = {name: Engine(compile_plan(ruleset, site)) for name, (ruleset, _) in kinds.items()}
    bare = BareLoop(len(site.table))
    rates: dict[str, list[float]] = {name: [] for name in ("bare", *kinds)}
    for number, messages in enumerate(rounds):  # in turn, so that all meet the same machine
        spent = {"bare": _timed(lambda messages=messages: bare.feed(*_columns(messages)))[1]}  # type: ignore[misc]  # bound early
        for name, engine in engines.items():
            spent[name] = _timed(partial(engine.feed, messages))[1]
        for name, seconds in spent.items() if number >= WARM_UP else ():
            rates[name].append(len(site.table) / seconds / 1e6)
    ratio = max(rates["bare"]) / max(rates["hysteresis + on-delay"])
    found = [(f"bare numpy loop, hysteresis + on-delay, {len(site.table):,} points", _range(rates["bare"]), "-")]
    found += [
        (f"rules kernel, {len(site.table):,} points: {name}", _range(rates[name]), budget)
        for name, (_, budget) in kinds.items()
    ]
    found.append(("bare loop against the kernel, best of each", f"{ratio:.2f} times as fast", "3 times "))
    found += [_readings_row(name, ruleset, site, "") for name, ruleset in _remembering()]
    return [*found, *_memory_rows(site), *_other_rows(site, cold_s)]


def _remembering() -> list[tuple[str, RuleSet]]:
    """Return rules with the tests that remember readings, one each."""
    tests: dict[str, dict[str, Any]] = {
        "rate alone": {"rate": {"above": 110, "hysteresis": 20, **_RATE}},
        "window, mean over 10 min": {"window": {"stat": "mean", "above": 70, **_WINDOW}},
        "window, percentile over 10 min": {"window": {"stat": "percentile", "percentile": 95, "above": 70, **_WINDOW}},
        "window, slope over 10 min": {"window": {"stat": "slope", "above": 9, **_WINDOW, "quantity": "degC/min"}},
        "count of 3 in 10 min": {"count": {"at_least": 3, "within_s": 600, "of": {"above": _LIMIT}}},
        "changed by 40 within 1 min": {"changed": {"by": 40, "within_s": 60, "quantity": "degC"}},
    }
    return [(name, _rule(condition=test)) for name, test in tests.items()]


def _memory_rows(site: SiteIndex) -> list[Row]:
    """Weigh what a rule on all points holds: its plan and its state, without the site."""
    limit = _rule(limit="high", on_delay_s=5, off_delay_s=5)
    found = []
    for name, ruleset in [("hysteresis, both delays, per-point limits", limit), *_remembering()]:
        plan = compile_plan(ruleset, site)
        held = sum(_bytes(one) for one in (*plan.banks, plan.forest, plan.listeners, Engine(plan).slots, plan))
        per_100 = held / len(site.table) * 100
        found.append((f"memory of (rule, 100 points): {name}", f"{per_100 / 1e3:.1f} kB", "1 kB "))
    return found


def _bytes(thing: object) -> int:
    """Return the bytes of the arrays that an object has, links included; a bank's truths are the forest's."""
    arrays = [one for name, one in vars(thing).items() if isinstance(one, np.ndarray) and name != "truth"]
    links = [one for one in vars(thing).values() if isinstance(one, Links)]
    return sum(one.nbytes for one in arrays) + sum(_bytes(one) for one in links)


def _readings_row(name: str, ruleset: RuleSet, site: SiteIndex, budget: str) -> Row:
    """Feed rounds of one reading a point; one in 500 crosses its limit."""
    engine = Engine(compile_plan(ruleset, site))
    seconds = 0.0
    for number in range(ROUNDS + WARM_UP):
        messages = _round(site, number)
        _, took_s = _timed(partial(engine.feed, messages))
        seconds += took_s if number >= WARM_UP else 0.0
    rate = ROUNDS * len(site.table) / seconds / 1e6
    return f"rules kernel, {len(site.table):,} points: {name}", f"{rate:.1f} M readings/s", budget


def _range(rates: list[float]) -> str:
    return f"best {max(rates):.1f} M readings/s, {min(rates):.1f} to {max(rates):.1f} M"


class BareLoop:
    """What nobody can do without in numpy: messages joined to columns, hysteresis and an on-delay, nothing else.

    No quality, no late readings, no silence, no rounds, no clearing, nothing said.
    """

    def __init__(self, points: int) -> None:
        self.held = np.zeros(points, np.bool_)
        self.due_ns = np.full(points, np.iinfo(np.int64).max)

    def feed(self, point: NDArray[np.int64], value: NDArray[np.float64], time_ns: NDArray[np.int64]) -> int:
        """Take one reading of each point, in parts that fit the cache; returns how many are raised."""
        raised = 0
        for start in range(0, len(point), MOST_ROWS):
            part = slice(start, start + MOST_ROWS)
            at, now = point[part], value[part]
            held = self.held[at]
            active = (now > T_LIMIT) | (held & (now > T_LIMIT - 5))
            begins = active & ~held
            self.held[at] = active
            due_ns = np.where(begins, time_ns[part] + 5 * NS_PER_S, self.due_ns[at])
            self.due_ns[at] = due_ns
            raised += int(np.count_nonzero(active & (due_ns <= time_ns[part])))
        return raised


def _columns(messages: list[Message]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    readings = [one.readings for one in messages if one.readings is not None]
    return (
        np.concatenate([one.point for one in readings]).astype(np.int64),
        np.concatenate([one.value for one in readings]),
        np.concatenate([one.time_ns for one in readings]),
    )


def _other_rows(site: SiteIndex, index_s: float) -> list[Row]:
    ruleset = _rule(on_delay_s=5)
    plan, compile_s = _timed(lambda: compile_plan(ruleset, site))
    engine = Engine(plan)
    engine.feed(_round(site, 0))
    ticks = [
        Message(kind=MessageKind.TICK, seq=10**9 + at, time_ns=START_NS + at * NS_PER_S // 2)
        for at in range(1, ROUNDS + 1)
    ]
    tick_s = [_timed(lambda tick=tick: engine.feed([tick]))[1] for tick in ticks]  # type: ignore[misc]  # bound early
    mine, keys_s = _timed(lambda: _keys(Identity.of(plan)))
    place = Place(seq=1, alarm_seq=1, epoch=1)
    saves = [_timed(lambda: save(engine, place, mine.fingerprint)) for _ in range(ROUNDS)]
    data, save_s = saves[0][0], [seconds for _, seconds in saves]
    fresh = Engine(compile_plan(ruleset, site))
    _, restore_s = _timed(lambda: restore(fresh, data, mine, mine))
    return [
        ("tick: silence of all points, timers of all alarms", _milliseconds(tick_s), "5 ms "),
        (f"snapshot of 1 M points ({len(data) / 1e6:.0f} MB)", _milliseconds(save_s), "100 ms "),
        ("restart of a rules worker with 1 M points", f"{index_s + compile_s + keys_s + restore_s:.1f} s", "10 / 2 s"),
    ]


def _milliseconds(seconds: list[float]) -> str:
    return f"best {min(seconds) * 1e3:.1f} ms, {min(seconds) * 1e3:.1f} to {max(seconds) * 1e3:.1f} ms"


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
    time_ns = START_NS + number * ROUND_S * NS_PER_S
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


def _rule(
    *,
    limit: float | str = T_LIMIT,
    on_delay_s: float = 0.0,
    off_delay_s: float = 0.0,
    rate: dict[str, Any] | None = None,
    condition: dict[str, Any] | None = None,
) -> RuleSet:
    above = {"above": {**_LIMIT, "limit": limit}}
    rule = {
        "id": "hot",
        "version": "1",
        "labels": _labels("hot"),
        "class": "hazard",
        "level": "warning",
        "condition": condition or (above if rate is None else {"any_of": [above, {"rate": rate}]}),
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
