"""The e-bike rule against simulated homes: how many charges it finds, how late, and what it takes for one.

The rule is the library's, the engine is production's; a message a minute carries all meters of the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cli.rule_files import load_ruleset
from domain.alarm import Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.quality import GOOD
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.fixture_world import UNIT, World, WorldDevice, WorldPoint, WorldZone
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from simulators.homes import Home, Mix, Session, simulate

RULE = "ebike_charging_by_signature"
START_NS = 1_800_000_000 * NS_PER_S
AFTERWARDS = 15
"""Minutes after a charge in which an alarm is still about it."""
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What came of a mix of homes; ``delays`` are minutes from the plug to the alarm, of the charges found."""

    mix: Mix
    homes: int
    days: int
    sessions: int
    found: int
    false: int
    delays: tuple[int, ...]

    @property
    def recall(self) -> float:
        """Share of the charges that raised an alarm before they were over."""
        return self.found / self.sessions if self.sessions else 0.0

    @property
    def false_a_month(self) -> float:
        """Alarms about something else, for a home and 30 days."""
        return self.false / self.homes / self.days * MONTH_DAYS

    @property
    def minutes(self) -> tuple[float, float]:
        """Median and 90th percentile of the delays."""
        return tuple(np.percentile(self.delays, [50, 90]).round().tolist()) if self.delays else (0.0, 0.0)


def try_homes(
    mix: Mix, *, homes: int, days: int, seed: int, advance: Callable[[float], object] = lambda _days: None
) -> TrialResult:
    """Simulate homes, every second one with a bike, and run the rule over their meters."""
    lived = [
        simulate(np.random.default_rng((seed, number)), days=days, mix=mix, has_bike=number % 2 == 0)
        for number in range(homes)
    ]
    spans = _alarms(lived, advance)
    found = false = 0
    delays: list[int] = []
    for home, alarms in zip(lived, spans, strict=True):
        hits = [_first(alarms, session) for session in home.sessions]
        found += sum(at is not None for at in hits)
        delays += [
            max(at - session.begin, 0) for at, session in zip(hits, home.sessions, strict=True) if at is not None
        ]
        false += sum(not any(_meets(alarm, session) for session in home.sessions) for alarm in alarms)
    sessions = sum(len(home.sessions) for home in lived)
    return TrialResult(
        mix=mix, homes=homes, days=days, sessions=sessions, found=found, false=false, delays=tuple(delays)
    )


def _first(alarms: list[tuple[int, int]], session: Session) -> int | None:
    return next((alarm[0] for alarm in alarms if _meets(alarm, session)), None)


def _meets(alarm: tuple[int, int], session: Session) -> bool:
    return alarm[0] <= session.end + AFTERWARDS and alarm[1] >= session.begin


def _alarms(homes: list[Home], advance: Callable[[float], object]) -> list[list[tuple[int, int]]]:
    """Return the begin and end [min] of each alarm of each home."""
    minutes = len(homes[0].power)
    site = SiteIndex(_world(len(homes)).registry("homes"))
    points = np.array([site.table.index(f"{UNIT}/m{at}/power") for at in range(len(homes))], np.int32)
    engine = Engine(compile_plan(load_ruleset().only([RULE]), site))
    spans: list[list[tuple[int, int]]] = [[] for _ in homes]
    for transition in _run(engine, points, np.stack([home.power for home in homes], axis=1), advance):
        own = spans[int(transition.entity.split("/")[1][1:])]
        minute = round((transition.event_time_ns - START_NS) / NS_PER_S / 60)
        if transition.kind is TransitionKind.RAISED:
            own.append((minute, minutes))
        elif transition.kind is TransitionKind.CLEARED:
            own[-1] = (own[-1][0], minute)
    return spans


def _run(
    engine: Engine, points: np.ndarray, power: np.ndarray, advance: Callable[[float], object]
) -> Iterator[Transition]:
    order = np.argsort(points)
    quality = np.full(len(points), GOOD, np.uint16)
    for minute, values in enumerate(power):
        now_ns = START_NS + minute * 60 * NS_PER_S
        times = np.full(len(points), now_ns, np.int64)
        readings = Readings(points[order], times, values[order], quality)
        data = Message(kind=MessageKind.DATA, seq=minute + 1, time_ns=now_ns, gateway=0, readings=readings)
        yield from engine.feed([data])
        if minute % 1440 == 0:
            advance(1)


def _world(homes: int) -> World:
    meter = (WorldPoint.model_validate({"id": "power", "quantity": "W", "max_silence_s": 3600}),)
    devices = tuple(
        WorldDevice(id=f"m{at}", kind="power_meter", zone="home", tags=("dwelling",), points=meter)
        for at in range(homes)
    )
    return World(zones=(WorldZone(id="home"),), devices=devices)
