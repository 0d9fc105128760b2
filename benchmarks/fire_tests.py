"""Recorded home fires through simulated detectors and the library's rules: when would somebody have been told?

The recordings (NIST, home smoke alarm tests; thanks to them, without warranty) stand beside the project in
``shared/data/nist_fire_exp`` or where ``FENGSUI_FIRE_TESTS`` says. A test's *activation window* goes from the first to
the last of its recorded alarms. Each place with a smoke meter and a thermocouple at the ceiling gets one detector
(`simulators.fire_detector`); its readings go through the engine with the rules that a site has by default.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cli.site_files import load_documents
from domain.alarm import TransitionKind
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.quality import GOOD
from domain.site import Registry, build_registry
from rules import library_dir, load
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.inputs import Message, MessageKind, Readings
from rules.site_index import SiteIndex
from simulators.fire_detector import Activations, Told, read_activations, recorded_detectors

RULES = ("smoke_alarm", "heat_rising", "heat_fixed")
START_NS = 1_800_000_000 * NS_PER_S
POINTS = ("smoke", "temperature")

Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """One test: recorded activations, and when each rule raised first [s]."""

    test: str
    recorded: Activations
    raised: dict[str, float]

    @property
    def first_s(self) -> float:
        """When the first alarm of all came; infinity for never."""
        return min(self.raised.values(), default=float("inf"))

    @property
    def within(self) -> bool:
        """Whether that lies in the recorded activation window."""
        return self.recorded.first() <= self.first_s <= self.recorded.last()


def folder() -> Path | None:
    """Return where the recordings are, None when they are not."""
    here = os.environ.get("FENGSUI_FIRE_TESTS")
    places = [Path(here)] if here else [root / "shared/data/nist_fire_exp" for root in Path(__file__).resolve().parents]
    return next((place for place in places if place.is_dir()), None)


def results(data: Path) -> Iterator[Result]:
    """Replay every test that has recorded activations."""
    for test, recorded in read_activations(data / "NIST_Smoke_Alarms_Activation_Times.csv").items():
        told = dict(recorded_detectors(data / f"NIST_Smoke_Alarms_{test}.csv"))
        yield Result(test, recorded, _raised(told))


def rows() -> list[Row]:
    """Return one row a test: `(test, ours, recorded)`."""
    data = folder()
    if data is None:
        return [("recorded home fires", "no recordings here", "set FENGSUI_FIRE_TESTS to their folder")]
    return [_row(one) for one in results(data)]


def _row(result: Result) -> Row:
    ours = ", ".join(f"{rule} {at:.0f} s" for rule, at in sorted(result.raised.items(), key=lambda one: one[1]))
    told = result.recorded
    photo = told.first("Pho")
    window = f"{told.first():.0f} to {told.last():.0f} s (first photoelectric one {photo:.0f} s)"
    return (f"fire {result.test}", ours, f"{window}: {'within' if result.within else 'OUTSIDE'}")


def _raised(told: dict[str, list[Told]]) -> dict[str, float]:
    """Run the rules over all detectors of a test; returns when each rule raised first."""
    site = SiteIndex(_registry(sorted(told)))
    engine = Engine(compile_plan(load(load_documents(library_dir(), root=library_dir().parent)).only(RULES), site))
    found: dict[str, float] = {}
    for said in engine.feed(_messages(told, site)):
        if said.kind is TransitionKind.RAISED:
            found.setdefault(said.rule, (said.log_time_ns - START_NS) / NS_PER_S)
    return found


def _messages(told: dict[str, list[Told]], site: SiteIndex) -> list[Message]:
    """Return each report as a message when it was made, and a tick a second."""
    events: list[tuple[int, int, str, Told | None]] = [
        (START_NS + round(one.time_s * NS_PER_S), 0, place, one) for place, reports in told.items() for one in reports
    ]
    end_s = max(one.time_s for reports in told.values() for one in reports)
    events += [(START_NS + second * NS_PER_S, 1, "", None) for second in range(round(end_s) + 1)]
    events.sort(key=lambda event: event[:3])
    found: list[Message] = []
    for time_ns, _, place, one in events:
        facts: dict[str, Any] = {"seq": len(found) + 1, "time_ns": time_ns}
        if one is None:
            found.append(Message(kind=MessageKind.TICK, **facts))
            continue
        points = [site.table.index(f"u/d{place}/{name}") for name in POINTS]
        columns = (np.array(points, np.int32), np.full(2, time_ns), np.array([float(one.smoke), one.temperature]))
        readings = Readings(*columns, np.full(2, GOOD, np.uint16))
        found.append(Message(kind=MessageKind.DATA, gateway=0, readings=readings, **facts))
    return found


def _registry(places: list[str]) -> Registry:
    """Build a home with a detector at each place."""
    zone = {"id": "z", "kind": "room", "floor": 1, "labels": _labels("z")}
    unit = {"id": "u", "labels": _labels("u"), "buildings": [{"id": "b", "labels": _labels("b"), "zones": [zone]}]}
    devices = [{"id": f"d{at}", "profile": "p", "zone": "z", "labels": _labels(at), "address": at} for at in places]
    profile = {
        "profile": "p",
        "protocol": "x",
        "kind": "smoke_detector",
        "labels": _labels("p"),
        "source": "simulated",
        "points": [
            {"id": "smoke", "kind": "state", "labels": _labels("smoke"), "max_silence_s": 60},
            {"id": "temperature", "quantity": "degC", "labels": _labels("temperature"), "max_silence_s": 60},
        ],
    }
    line = {"id": "c", "protocol": "x", "devices": devices}
    gateway = {"gateway": "g", "unit": "u", "labels": _labels("g"), "connections": [line]}
    return build_registry(
        Document("site.yaml", {"site": "home", "labels": _labels("home"), "units": [unit]}),
        [Document("g.yaml", gateway)],
        [Document("p.yaml", profile)],
    )


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
