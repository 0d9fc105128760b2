"""What people ask of a running gateway to find out what is wrong with a line, without a tool on the site.

| command | request | answer |
|---|---|---|
| `frames_tail` | `connection` (may be absent where there is one), `after` (0 at first), `stop` (true: nobody looks any more) | `frames`, `missed`, `connection`; the tap is open for 30 s more |
| `diagnostics` | | `connections`, `lanes`, `process`, `clock`, `uplink`, `spool` |

A frame has `seq`, `time_ns`, `out`, `peer`, `size`, `hex` of its head, and what it says in `zh` and `en`. The words are made
here, for those few that somebody looks at, and never while a frame passes.
"""  # noqa: E501 -- a table row can't be broken

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from backbone.services import NOT_FOUND
from domain.clock import Clock
from domain.errors import RefusedError
from gateway.connectors.contract import Connector, Health, Spelling
from gateway.connectors.tap import Frame, Tap
from gateway.connectors.trips import UnitHealth
from gateway.observing.lanes import Times, shares
from gateway.observing.observer import Observer
from gateway.observing.snapshot import Snapshot

log = logging.getLogger(__name__)

COMMANDS = ("frames_tail", "diagnostics")
MOST_WORDS = 600
MOST_UNITS = 500
"""Polled units in one answer: half a kilobyte each."""


class Taps:
    """The taps of a process, by connection: they outlive the connectors that a new configuration replaces."""

    def __init__(self, clock: Clock) -> None:
        """Have none yet."""
        self._clock = clock
        self._taps: dict[str, Tap] = {}

    def of(self, connection: str) -> Tap:
        """Return a connection's."""
        return self._taps.setdefault(connection, Tap(self._clock))


class Diagnosis:
    """Answers the module's commands."""

    def __init__(self, connectors: Mapping[str, Connector], taps: Taps, observer: Observer) -> None:
        """``connectors`` are those that run now, by connection."""
        self._connectors = connectors
        self._taps = taps
        self._observer = observer

    def takes(self, request: Mapping[str, Any]) -> bool:
        """Tell whether a request is for this."""
        return request.get("command") in COMMANDS

    async def command(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what ``request["command"]`` names; raises RefusedError, ValueError, or StoreError of the spool."""
        if request["command"] == "diagnostics":
            return diagnostics(await self._observer.snapshot())
        return self._tail(request)

    def _tail(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = self._chosen(request.get("connection"))
        after = request.get("after", 0)
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            raise ValueError("'after' is the number of the last frame that was seen → write a whole number, 0 at first")
        tap = self._taps.of(name)
        if request.get("stop") is True:
            tap.close()
            return {"connection": name, "frames": [], "missed": 0}
        if not tap.is_on:
            log.info("somebody looks at the frames of connection %s", name)
        tap.open()
        frames, missed = tap.after(after)
        return {"connection": name, "frames": [self._told(name, one) for one in frames], "missed": missed}

    def _chosen(self, wanted: object) -> str:
        """Return the connection that is meant; raises RefusedError or ValueError."""
        if wanted is None and len(self._connectors) == 1:
            return next(iter(self._connectors))
        if wanted is None:
            raise ValueError(f"name one of the connections {', '.join(sorted(self._connectors))}")
        if wanted not in self._connectors:
            raise RefusedError(f"this gateway has no connection '{str(wanted)[:64]}'", code=NOT_FOUND)
        return str(wanted)

    def _told(self, name: str, frame: Frame) -> dict[str, Any]:
        connector = self._connectors.get(name)
        zh, en = "", ""
        if isinstance(connector, Spelling):
            zh, en = connector.spell(frame.raw, frame.peer, out=frame.out)
        return {
            "seq": frame.seq,
            "time_ns": frame.time_ns,
            "out": frame.out,
            "peer": frame.peer,
            "size": frame.size,
            "hex": frame.raw.hex(),
            "zh": zh[:MOST_WORDS],
            "en": en[:MOST_WORDS],
        }


def diagnostics(snapshot: Snapshot) -> dict[str, Any]:
    """Return how every line, the uplink and the process fare, as JSON; times in s, sizes in bytes."""
    own = snapshot.process
    return {
        "age_s": snapshot.age_s,
        "connections": {name: _connection(one) for name, one in snapshot.health.items()},
        "lanes": {lane.value: _times(snapshot.lanes.of[lane]) for lane in snapshot.lanes.of},
        "process": {"memory": own.memory, "cpu_s": own.cpu_s, "open_files": own.open_files},
        "clock": {"steps": snapshot.clock.steps, "last_step_s": snapshot.clock.last_step_s},
        "uplink": {
            "up": snapshot.uplink.up,
            "reconnects": snapshot.uplink.reconnects,
            "away_s": snapshot.uplink.away_s,
            "forbidden": snapshot.uplink.forbidden,
        },
        "spool": {"size": snapshot.spool.size, "limit": snapshot.limits.most_bytes, "used": snapshot.used_share},
    }


def _connection(health: Health) -> dict[str, Any]:
    return {
        "ok": health.ok,
        "polls": health.polls,
        "missed": health.missed,
        "errors": dict(health.errors),
        "lost": sorted(health.lost),
        "figures": dict(health.figures),
        "in_flight": health.in_flight,
        "busy_s": sum(unit.trips.busy_s for unit in health.units),
        "units": [_unit(one) for one in health.units[:MOST_UNITS]],
        "units_more": max(len(health.units) - MOST_UNITS, 0),
    }


def _unit(unit: UnitHealth) -> dict[str, Any]:
    median_s, p99_s = shares(unit.trips.newest_s) or (None, None)
    return {
        "unit": unit.unit,
        "devices": list(dict.fromkeys(unit.devices)),
        "polls": unit.polls,
        "missed": unit.missed,
        "errors": dict(unit.errors),
        "breaker": unit.breaker.value,
        "breaker_opened": unit.breaker_opened,
        "answers": unit.trips.count,
        "median_s": median_s,
        "p99_s": p99_s,
        "last_s": unit.trips.last_s if unit.trips.count else None,
        "period_s": unit.period_s or None,
    }


def _times(times: Times) -> dict[str, Any]:
    late = times.shares()
    median_s, p99_s = late or (None, None)
    return {"count": times.count, "median_s": median_s, "p99_s": p99_s}
