"""A host with two transmitters and points that nobody wrote in the site, and logs of its messages made at random.

Births name points before the first data that use them, as gateways do; otherwise everything happens that
can: silence, deaths of transmitters, of their devices and of their host, late, bad and repeated readings.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug import encode_batch, encode_birth, encode_death, with_seq
from backbone.sparkplug.births import Birth
from backbone.sparkplug.learning import metric_of
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S
from domain.documents import Document
from domain.points import Point, PointKind
from domain.quality import BAD, GOOD, HISTORICAL
from domain.quantity import Quantity
from domain.site import Registry, build_registry
from domain.words import COMPONENT_STATE, SYSTEM_OPERATION, SYSTEM_STATE
from rules import RuleSet, load
from tests.rules.rules_scene import START_NS, library, rule_documents

UNIT = "u"
LONG_S = 86_400.0

RULES = """
id: zone_fire
version: "1"
labels: {zh: 部位火警, en: Fire in a zone}
class: hazard
level: warning
entity: zone
condition:
  any_of:
    - {word: gb_component_state, bits: {any: 0x2}}
    - all_of:
        - {kind: camera, point: behaviour, at_least: 2}
        - {word: gb_component_state, bits: {any: 0x4}}
level_when: {level: critical, condition: {word: gb_component_state, bits: {all: 0x6}}}
off_delay_s: 1
messages: {zh: "{zone}", en: "{zone}"}
---
id: hot
version: "1"
labels: {zh: 高温, en: Hot}
class: hazard
level: notice
watches: {zones: [exit, lobby], point: "*-a3"}
condition: {above: {limit: high, hysteresis: 5, quantity: degC}}
level_when: {level: warning, condition: {word: gb_system_state, bits: {any: 0x2}}}
on_delay_s: 1
messages: {zh: "{point}{value}{limit}", en: "{point} {value} {limit}"}
---
id: device_trouble
version: "1"
labels: {zh: 设备异常, en: Device in trouble}
class: duty
level: notice
entity: device
condition:
  any_of:
    - {absence: {of: device}}
    - {word: [gb_component_state, gb_system_state], bits: {any: 0x4}}
messages: {zh: "{device}", en: "{device}"}
"""

PROFILES: dict[str, list[dict[str, Any]]] = {
    "camera": [{"id": "behaviour", "kind": "state", "max_silence_s": 8}],
    "p_transmitter": [
        {"id": "state", "kind": "state", "word": "gb_transmitter_state", "max_silence_s": 60},
        {"id": "operation", "kind": "event", "word": "gb_transmitter_operation", "max_silence_s": LONG_S},
        {"id": "roll_call", "kind": "state", "word": "roll_call", "max_silence_s": LONG_S},
    ],
    "p_system": [{"id": "state", "kind": "state", "word": "gb_system_state", "max_silence_s": 30}],
}

KINDS = {"camera": "camera", "p_transmitter": "transmitter", "p_system": "facility_system"}


def _learned(gateway: str, device: str, name: str, **more: Any) -> Point:
    facts: dict[str, Any] = {"kind": PointKind.STATE, "max_silence_s": LONG_S, **more}
    return Point(unit=UNIT, gateway=gateway, device=device, name=name, label_zh=f"点{name}", label_en=name, **facts)


LEARNED = (
    _learned("t1", "fas", "c40-1-1", word=COMPONENT_STATE, max_silence_s=20.0),
    _learned("t1", "fas", "c40-1-3", word=COMPONENT_STATE, max_silence_s=20.0),
    _learned("t1", "fas", "c40-1-4", word=COMPONENT_STATE, max_silence_s=20.0),
    _learned("t1", "fas", "c40-1-2", word=COMPONENT_STATE, zone="lobby"),
    _learned("t1", "fas", "c40-1-2-a3", kind=PointKind.MEASURE, quantity=Quantity.CELSIUS, high=60.0, zone="exit"),
    _learned("t1", "t1", "s1-1", word=SYSTEM_STATE),
    _learned("t1", "t1", "s1-1-c40-2-2", word=COMPONENT_STATE, max_silence_s=12.0),
    _learned("t1", "t1", "s1-1-c40-2-3", word=COMPONENT_STATE, max_silence_s=12.0),
    _learned("t1", "t1", "s1-1-op", word=SYSTEM_OPERATION, kind=PointKind.EVENT),
    _learned("t2", "t2", "s12-1", word=SYSTEM_STATE),
    _learned("t2", "t2", "s12-1-c1-1", word=COMPONENT_STATE, max_silence_s=12.0),
    _learned("t2", "t2", "s12-1-c1-2", word=COMPONENT_STATE, max_silence_s=12.0),
    _learned("t2", "t2", "s13-1", word=SYSTEM_STATE),
    _learned("t2", "t2", "s13-1-c2-2", word=COMPONENT_STATE, max_silence_s=12.0),
    _learned("host", "cam", "c1", word=COMPONENT_STATE, max_silence_s=9.0),
    _learned("host", "cam", "c2", word=COMPONENT_STATE),
)


@cache
def registry() -> Registry:
    """Build the site as somebody wrote it."""
    zones = [{"id": zone, "kind": zone, "floor": 1, "labels": _label(zone)} for zone in ("exit", "lobby", "roof")]
    site = {
        "site": "s",
        "labels": _label("s"),
        "units": [
            {"id": UNIT, "labels": _label("u"), "buildings": [{"id": "b", "labels": _label("b"), "zones": zones}]}
        ],
    }
    smoke = {"id": "smoke-1", "at": "10-2", "type": 40, "zone": "exit", "labels": _label("smoke-1")}
    fas = {"id": "fas", "type": 1, "zone": "lobby", "labels": _label("fas"), "components": [smoke]}
    transmitters = [
        {"id": "t1", "unit": UNIT, "address": 1, "zone": "roof", "labels": _label("t1"), "systems": [fas]},
        {"id": "t2", "unit": UNIT, "address": 2, "zone": "exit", "labels": _label("t2")},
    ]
    camera = {"id": "cam", "profile": "camera", "zone": "lobby", "labels": _label("cam"), "address": 1}
    gateway = {
        "gateway": "host",
        "unit": UNIT,
        "labels": _label("host"),
        "connections": [{"id": "c", "protocol": "p", "devices": [camera], "transmitters": transmitters}],
    }
    profiles = [
        {
            "profile": name,
            "protocol": "p",
            "kind": KINDS[name],
            "labels": _label(name),
            "source": "test",
            "points": [{**point, "labels": _label(point["id"])} for point in points],
        }
        for name, points in PROFILES.items()
    ]
    documents = [Document("profile.yaml", profile) for profile in profiles]
    return build_registry(Document("site.yaml", site), [Document("gateway.yaml", gateway)], documents)


@cache
def ruleset() -> RuleSet:
    """Load the library and a few rules that look across devices and zones."""
    return load(library(), rule_documents(RULES), registry=registry())


def birth(points: list[Point], time_ns: int) -> bytes:
    """Return the DBIRTH that lists some points."""
    return encode_birth(Birth(metrics=tuple(map(metric_of, points)), seq=0, time_ns=time_ns))


@dataclass
class Story:
    """A log that is being made up; ``seed`` decides everything."""

    seed: int
    partition: int = 0
    messages: list[LogMessage] = field(default_factory=list)
    time_ns: int = START_NS

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._table = registry().grown(LEARNED).points
        self._known = {point.key for point in registry().points}
        self._unborn = list(LEARNED)
        self._rng.shuffle(self._unborn)
        self._quiet = dict.fromkeys(("host", "t1", "t2"), 0)
        self._next_tick_ns = self.time_ns + NS_PER_S

    def tell(self, length: int) -> list[LogMessage]:
        """Make a log of about this length."""
        rng = self._rng
        while len(self.messages) < length:
            seconds = rng.choice([0.0, 0.1, 0.2, 0.4]) if rng.random() < 0.99 else rng.choice([1.0, 4.0, 30.0])
            self.time_ns += round(seconds * NS_PER_S)
            while self.time_ns >= self._next_tick_ns:
                self._say(subjects.tick(self.partition), b"0", self._next_tick_ns)
                self._next_tick_ns += NS_PER_S
            gateway = rng.choice(["host", "t1", "t1", "t2"])
            if rng.random() < 0.006:
                self._quiet[gateway] = rng.randrange(20, 60 if gateway == "host" else 900)
            if self._quiet[gateway] > 0:
                self._quiet[gateway] -= 1
                continue
            self._something(gateway)
        return self.messages

    def _something(self, gateway: str) -> None:
        rng = self._rng
        match rng.choices(["data", "born", "ndata", "nbirth", "ndeath", "ddeath"], [60, 4, 3, 2, 1, 2])[0]:
            case "data":
                self._data(gateway, self._device(gateway))
            case "born" if self._unborn:
                point = self._unborn.pop()
                self._known.add(point.key)
                self._birth(point.gateway, point.device)
                if rng.random() < 0.7:
                    self._data(point.gateway, point.device)
            case "ndata" | "born":
                self._node("NDATA", gateway, b"")
            case "nbirth":
                self._node("NBIRTH", gateway, encode_birth(Birth(metrics=(), seq=0, time_ns=self.time_ns, bd_seq=1)))
            case "ndeath":
                self._node("NDEATH", gateway, encode_death(rng.choice([1, 1, 0]), self.time_ns))
            case _:
                self._told("DDEATH", gateway, self._device(gateway), b"")

    def _device(self, gateway: str) -> str:
        return self._rng.choice({"host": ["cam"], "t1": ["t1", "fas", "fas"], "t2": ["t2"]}[gateway])

    def _here(self, device: str) -> list[int]:
        return [at for at, point in enumerate(self._table) if point.device == device and point.key in self._known]

    def _birth(self, gateway: str, device: str) -> None:
        points = [self._table[at] for at in self._here(device)]
        self._told("DBIRTH", gateway, device, birth(points, self.time_ns))

    def _data(self, gateway: str, device: str) -> None:
        rng, here = self._rng, self._here(device)
        rows = here if rng.random() < 0.4 else rng.choices(here, k=rng.randrange(1, 5))
        shift = rng.choice([-2000, 700, 400_000]) if rng.random() < 0.04 else 0
        times = [self.time_ns + (shift + rng.choice([0, at])) * NS_PER_MS for at in range(len(rows))]
        usual = rng.choice([GOOD, GOOD, GOOD | HISTORICAL])
        batch = ReadingBatch.build(
            self._table,
            times,
            rows,
            [self._value(self._table[at]) for at in rows],
            [rng.choices([usual, BAD], [25, 1])[0] for _ in rows],
            text={row: f"words {rng.randrange(9)}" for row in range(len(rows)) if rng.random() < 0.2},
        )
        self._told("DDATA", gateway, device, with_seq(encode_batch(batch, self.time_ns), 0))

    def _value(self, point: Point) -> float:
        if point.quantity is Quantity.CELSIUS:
            return self._rng.choice([20.0, 57.0, 61.0, 70.0])
        if point.name == "roll_call":
            return float(self._rng.choice([0, 1, 2, 3, 4]))
        return float(self._rng.choice([1, 1, 1, 0, 3, 5, 7, 9, 0x21, 0x101]))

    def _told(self, kind: str, gateway: str, device: str, payload: bytes) -> None:
        self._say(f"tel.{self.partition}.{UNIT}.{kind}.{gateway}.{device}", payload, self.time_ns)

    def _node(self, kind: str, gateway: str, payload: bytes) -> None:
        self._say(subjects.telemetry(UNIT, kind, gateway), payload, self.time_ns)

    def _say(self, subject: str, payload: bytes, time_ns: int) -> None:
        self.messages.append(LogMessage(subject=subject, data=payload, seq=len(self.messages) + 1, time_ns=time_ns))


def _label(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
