"""A small site with one of everything that rules can ask about, and logs made at random.

Two gateways of one unit; points with and without limits, long and short silence, state words and measures.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cli.site_files import load_documents
from cli.yaml_documents import parse_document
from domain.clock import NS_PER_MS, NS_PER_S
from domain.documents import Document
from domain.quality import BAD, GOOD, HISTORICAL, STALE
from domain.site import Registry, build_registry
from rules import RuleSet, library_dir, load
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from tests.rules.place_rules import PLACE_RULES
from tests.rules.windows_scene import window_rules

START_NS = 1_800_000_000 * NS_PER_S

POINTS: dict[str, list[dict[str, Any]]] = {
    "fire_panel": [{"id": name, "kind": "state", "max_silence_s": 8} for name in ("state", "l1p01", "l1p02")],
    "camera": [
        {"id": "ebike_count", "kind": "state", "quantity": "count", "max_silence_s": 5},
        {"id": "behaviour", "kind": "state", "max_silence_s": 5},
        {"id": "image", "kind": "event", "max_silence_s": 5},
    ],
    "power_meter": [{"id": "power", "quantity": "W", "max_silence_s": 30}],
    "pressure_transmitter": [{"id": "pressure", "quantity": "kPa", "low": 250.0, "high": 400.0, "max_silence_s": 4}],
    "bare_transmitter": [{"id": "pressure", "quantity": "kPa", "max_silence_s": 4}],
    "smoke_detector": [
        {"id": "smoke", "kind": "state", "max_silence_s": 6},
        {"id": "test", "kind": "state", "max_silence_s": 6},
    ],
}

GATEWAYS: dict[str, list[tuple[str, str, str]]] = {
    "gw-a": [
        ("panel-1", "fire_panel", "exit"),
        ("camera-1", "camera", "exit"),
        ("camera-2", "camera", "exit"),
        ("meter-1", "power_meter", "exit"),
    ],
    "gw-b": [
        ("camera-3", "camera", "lobby"),
        ("pressure-1", "pressure_transmitter", "pump"),
        ("pressure-2", "bare_transmitter", "pump"),
        ("smoke-1", "smoke_detector", "lobby"),
        ("smoke-2", "smoke_detector", "exit"),
    ],
}

WEIGHTS = {
    MessageKind.DATA: 60,
    MessageKind.HEARD: 4,
    MessageKind.BIRTH: 1,
    MessageKind.DEATH: 1,
    MessageKind.DEVICE_DEATH: 1,
    MessageKind.OTHER: 2,
}
"""How often a random log has which message; ticks come by themselves."""

EXTRA_RULES = """
id: pressure_band
version: "1"
labels: {zh: 水压超限, en: Pressure out of band}
class: hazard
level: notice
entity: zone
watches: {kind: [pressure_transmitter, bare_transmitter]}
condition:
  any_of:
    - {below: {limit: 2.6, hysteresis: 0.3, quantity: bar}}
    - {above: {limit: high, hysteresis: 10, quantity: kPa}}
level_when:
  level: critical
  condition:
    all_of:
      - {above: {limit: 300, quantity: kPa}}
      - {tags: [worst], above: {limit: 380, hysteresis: 5, quantity: kPa}}
on_delay_s: 0.5
off_delay_s: 1.5
messages: {zh: "{zone}{floor}", en: "{zone} {floor}"}
---
id: zone_trouble
version: "1"
labels: {zh: 部位异常, en: Zone in trouble}
class: duty
level: warning
entity: zone
condition:
  any_of:
    - {absence: {of: device}, kind: [camera, smoke_detector]}
    - all_of:
        - {kind: smoke_detector, point: smoke, equals: [1, 2]}
        - any_of:
            - {kind: camera, point: behaviour, at_most: 0}
            - {kind: power_meter, point: power, step: {low: 60, high: 600, settle_s: 20, quantity: W}}
stays_while: {kind: camera, point: ebike_count, at_least: 2}
test: {kind: smoke_detector, point: test, at_least: 1}
on_delay_s: 2
messages: {zh: "{zone}", en: "{zone}"}
---
id: panel_quiet
version: "1"
labels: {zh: 面板, en: Panel}
class: linkage
level: notice
watches: {kind: fire_panel, point: "l1p*"}
condition: {bits: {all: 0x3}}
level_when: {level: warning, condition: {point: state, bits: {any: 0x6}}}
test: {point: state, bits: {none: 0x1}}
off_delay_s: 1
messages: {zh: "{device}{point}{value}", en: "{device} {point} {value}"}
---
id: camera_contradicts
version: "1"
labels: {zh: 摄像机自相矛盾, en: Camera contradicts itself}
class: system
level: notice
entity: zone
condition:
  any_of:
    - {kind: camera, expression: "behaviour - ebike_count > 1 or (ebike_count / behaviour >= 1 and not behaviour == 2)"}
    - {kind: fire_panel, expression: "max(l1p01, l1p02) - abs(state) * 2 > -1e1 and min(state, l1p01) < 5"}
level_when: {level: warning, condition: {expression: "ebike_count == behaviour"}}
on_delay_s: 0.4
messages: {zh: "{zone}", en: "{zone}"}
"""


@cache
def registry() -> Registry:
    """Build the site."""
    kinds = {"exit": ("exit", 1), "lobby": ("lobby", 2), "pump": ("pump_room", -1)}
    zones: list[dict[str, Any]] = [
        {"id": zone, "kind": kind, "floor": at, "labels": _label(zone)} for zone, (kind, at) in kinds.items()
    ]
    zones[1]["opening"] = [{"days": ["workday"], "from": "16:02", "to": "02:00"}]
    site = {
        "site": "s",
        "labels": _label("s"),
        "units": [
            {
                "id": "u",
                "labels": _label("u"),
                "opening": [{"from": "08:00", "to": "16:01"}],
                "buildings": [{"id": "b", "labels": _label("b"), "zones": zones}],
            }
        ],
    }
    gateways = [
        {
            "gateway": name,
            "unit": "u",
            "labels": _label(name),
            "connections": [{"id": "c", "protocol": "p", "devices": [_device(*device) for device in devices]}],
        }
        for name, devices in GATEWAYS.items()
    ]
    profiles = [
        {
            "profile": kind,
            "protocol": "p",
            "kind": kind,
            "labels": _label(kind),
            "source": "test",
            "points": [{**point, "labels": _label(point["id"])} for point in points],
        }
        for kind, points in POINTS.items()
    ]
    return build_registry(
        Document("site.yaml", site),
        [Document("gateway.yaml", one) for one in gateways],
        [Document("profile.yaml", one) for one in profiles],
    )


def library() -> tuple[Document, ...]:
    """Read the library's files."""
    return load_documents(library_dir(), root=library_dir().parent, columns=True)


def rule_documents(text: str, folder: str = "rules") -> list[Document]:
    """Parse rules that are written one after the other, ``---`` between them."""
    return [parse_document(part, f"{folder}/{at}.yaml", {}) for at, part in enumerate(text.split("---\n"))]


@cache
def ruleset() -> RuleSet:
    """Load the library and a few rules that it has no like of."""
    return load(library(), further_rules(), registry=registry())


def further_rules() -> list[Document]:
    """Return the rules beside the library."""
    return rule_documents(f"{EXTRA_RULES}---\n{PLACE_RULES}---\n{window_rules()}")


@cache
def site_index() -> SiteIndex:
    """Index the site."""
    return SiteIndex(registry())


def random_log(seed: int, length: int) -> list[Message]:
    """Make a log: data that repeats points, comes late, is bad or historical; births, deaths, gaps, ticks."""
    rng = random.Random(seed)
    site = site_index()
    messages: list[Message] = []
    time_ns, next_tick_ns = START_NS, START_NS + NS_PER_S
    quiet = dict.fromkeys(range(len(site.gateways)), 0)
    while len(messages) < length:
        time_ns += round(
            rng.choice([0.0, 0.05, 0.1, 0.2, 0.2, 0.3] if rng.random() < 0.97 else [1.0, 3.0, 20.0, -5.0]) * NS_PER_S
        )
        while time_ns >= next_tick_ns and rng.random() < 0.97:
            messages.append(Message(kind=MessageKind.TICK, seq=len(messages) + 1, time_ns=next_tick_ns))
            next_tick_ns += NS_PER_S
        next_tick_ns = max(next_tick_ns, time_ns - 5 * NS_PER_S)
        gateway = rng.randrange(len(site.gateways))
        if rng.random() < 0.01:
            quiet[gateway] = rng.randrange(20, 200)
        if quiet[gateway] > 0 and rng.random() < 0.97:
            quiet[gateway] -= 1
            continue
        messages.append(_message(rng, site, gateway, len(messages) + 1, time_ns))
        if rng.random() < 0.03:  # sent again, perhaps after others: a second copy in the log
            messages.append(replace(rng.choice(messages[-4:]), seq=len(messages) + 1, time_ns=time_ns))
    return messages


def _message(rng: random.Random, site: SiteIndex, gateway: int, seq: int, time_ns: int) -> Message:
    kind = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    devices = [at for at in range(len(site.devices)) if site.gateway_of[at] == gateway]
    device = rng.choice(devices)
    return Message(
        kind=kind,
        seq=seq,
        time_ns=time_ns,
        gateway=-1 if kind is MessageKind.OTHER else gateway,
        device=device if kind is MessageKind.DEVICE_DEATH else -1,
        session=rng.choice([-1, 0, 1]) if kind in (MessageKind.BIRTH, MessageKind.DEATH) else -1,
        readings=_readings(rng, site, device, time_ns) if kind is MessageKind.DATA else None,
    )


def _readings(rng: random.Random, site: SiteIndex, device: int, time_ns: int) -> Readings:
    points = [at for at in range(len(site.table)) if site.device_of[at] == device]
    rows = points if rng.random() < 0.6 else rng.choices(points, k=rng.randrange(1, 8))
    offset = rng.choice([-2000, -700, 700, 2000]) if rng.random() < 0.05 else 0
    if rng.random() < 0.006:  # a clock that is wrong: seven minutes, three days, ten years
        offset = rng.choice([400_000, 400_000, 259_200_000, -259_200_000, -315_360_000_000])
    times = [time_ns + (offset + rng.choice([0, 0, at, -at])) * NS_PER_MS for at in range(len(rows))]
    usual = rng.choice([GOOD, GOOD, GOOD | HISTORICAL])
    return Readings(
        point=np.array(rows, np.int32),
        time_ns=np.array(times, np.int64),
        value=np.array([_value(rng, site.table[row].name) for row in rows]),
        quality=np.array([rng.choices([usual, BAD, STALE], [30, 1, 1])[0] for _ in rows], np.uint16),
        text={row: f"http://{seqish}" for row in range(len(rows)) if (seqish := rng.randrange(60)) < 5},
    )


def _value(rng: random.Random, name: str) -> float:
    if rng.random() < 0.01:
        return rng.choice([float("nan"), float("inf"), -float("inf")])
    if name == "power":
        return rng.choice([50.0, 55.0, 200.0, 210.0, 1500.0])
    if name == "pressure":
        return rng.choice([200.0, 255.0, 262.0, 300.0, 385.0, 395.0, 405.0])
    if name in ("state", "l1p01", "l1p02"):
        return float(rng.choice([1, 1, 1, 0, 3, 5, 7, 8, 0x101]))
    return float(rng.choice([0, 0, 1, 2, 3]))


def cut(messages: Sequence[Message], seed: int, chance: float = 0.2) -> list[list[Message]]:
    """Cut a log at random, on average after one in ``1 / chance`` messages."""
    rng = random.Random(seed)
    parts: list[list[Message]] = [[]]
    for message in messages:
        parts[-1].append(message)
        if rng.random() < chance:
            parts.append([])
    return parts


def write_rules(folder: Path, text: str) -> list[Path]:
    """Write rules that stand one after the other into files of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for at, part in enumerate(text.split("---\n")):
        paths.append(folder / f"rule{at}.yaml")
        paths[-1].write_text(part, encoding="utf-8")
    return paths


def _label(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _device(name: str, kind: str, zone: str) -> dict[str, Any]:
    tags = ["worst"] if name == "pressure-2" else []
    return {"id": name, "profile": kind, "zone": zone, "labels": _label(name), "address": name, "tags": tags}
