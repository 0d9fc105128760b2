"""The gateway as Prometheus metrics; docs/metrics.md describes each, and a test holds the two together.

Samples are made from a `Snapshot` when somebody asks: nothing is counted for this alone. Labels are ids of the
site's files and reasons of `gateway.losses` and connectors, all of them few; text that devices send is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from gateway.backoff import BreakerState
from gateway.connectors.contract import Health
from gateway.connectors.trips import UnitHealth
from gateway.losses import DAMAGED_FILES, DEAD, DROPPED, Drop, by_reason
from gateway.observing.lanes import Lane, shares
from gateway.observing.snapshot import Snapshot

Key = TypeVar("Key", bound=tuple[str, ...])

PREFIX = "fengsui_gateway_"
UNIT: Final = ("connection", "device_unit")
BREAKER_VALUES = {BreakerState.CLOSED: 0, BreakerState.DOUBT: 1, BreakerState.OPEN: 2}


def exposition(snapshot: Snapshot) -> bytes:
    """Return all metrics as text, from a registry of our own: no library's default collectors are in it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(snapshot))
    return generate_latest(registry)


class _Once:
    """A collector of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        return metrics(self._snapshot)


def metrics(snapshot: Snapshot) -> Iterator[Metric]:
    """Yield every metric, also those without samples now."""
    own = snapshot.process
    yield _gauge("info", "Which gateway this is; always 1", {(snapshot.unit, snapshot.gateway): 1}, "unit", "gateway")
    yield _gauge("up_seconds", "Since the process began", {(): snapshot.age_s})
    yield _gauge("resident_memory_bytes", "Resident memory of the process", {(): own.memory})
    yield _gauge("open_files", "Open file descriptors", {(): own.open_files})
    yield _counter("cpu_seconds", "Processor time used", {(): own.cpu_s})
    yield _counter("clock_steps", "Times that the wall clock was set by a second or more", {(): snapshot.clock.steps})
    yield _gauge("clock_last_step_seconds", "By how much it was set last", {(): snapshot.clock.last_step_s})
    yield from _spool(snapshot)
    yield from _losses(snapshot)
    yield from _uplink(snapshot)
    yield from _connections(snapshot.health)
    yield from _units(snapshot)
    hosted = {(state,): snapshot.hosting.get(state, 0.0) for state in ("known", "up")}
    yield _gauge("hosted_nodes", "Transmitters that this gateway hosts, by state", hosted, "state")


def _spool(snapshot: Snapshot) -> Iterator[Metric]:
    spool = snapshot.spool
    forecast_s = math.nan if spool.forecast_s is None else spool.forecast_s
    yield _gauge("spool_bytes", "Bytes that wait in the spool", {(): spool.size})
    yield _gauge("spool_limit_bytes", "Bytes that the spool may hold", {(): snapshot.limits.most_bytes})
    yield _gauge("spool_used_ratio", "Share of the limit that is taken", {(): snapshot.used_share})
    yield _gauge("spool_batches", "Batches that wait in the spool", {(): spool.batches})
    yield _gauge("spool_event_batches", "Batches of events among them", {(): spool.waiting_events})
    yield _gauge("spool_oldest_seconds", "Age of the oldest reading that waits", {(): snapshot.oldest_s})
    yield _gauge("spool_forecast_seconds", "How long it can stay offline at the rate of now", {(): forecast_s})
    for name, words in (
        ("produced", "Readings that connectors made, since ever"),
        ("accepted", "Readings that the spool took, since ever"),
        ("published", "Readings that the log has, since ever"),
    ):
        yield _counter(f"readings_{name}", words, {(): spool.counters[name]})


def _losses(snapshot: Snapshot) -> Iterator[Metric]:
    counters = snapshot.spool.counters
    dropped = dict.fromkeys(((reason.value,) for reason in Drop), 0) | _by(by_reason(counters, DROPPED))
    yield _counter("readings_dropped", "Readings that are gone for good, by reason, since ever", dropped, "reason")
    letters = _by(by_reason(counters, DEAD))
    yield _counter("dead_letters", "Messages and rows set aside, by reason, since ever", letters, "reason")
    yield _counter("damaged_files", "Spool files set aside as damaged, since ever", {(): counters[DAMAGED_FILES]})


def _uplink(snapshot: Snapshot) -> Iterator[Metric]:
    uplink = snapshot.uplink
    yield _gauge("uplink_up", "1 while there is a session with the log", {(): float(uplink.up)})
    yield _counter("uplink_reconnects", "Times that the link came back", {(): uplink.reconnects})
    yield _gauge("uplink_away_seconds", "How long the link has been away, 0 while it is up", {(): uplink.away_s})
    yield _gauge("uplink_forbidden_subjects", "Subjects that the log refuses to this gateway", {(): uplink.forbidden})
    yield _counter("rows_duplicate", "Rows that the log had already", {(): snapshot.lanes.duplicates})
    late = SummaryMetricFamily(
        f"{PREFIX}delivery_seconds", "From the read to the log's word, a row at a time", labels=["lane"]
    )
    share = GaugeMetricFamily(
        f"{PREFIX}delivery_quantile_seconds", "The same, of the newest 1,024 rows", labels=["lane", "quantile"]
    )
    for lane in Lane:
        times = snapshot.lanes.of[lane]
        late.add_metric([lane.value], times.count, times.total_s)
        for quantile, value in zip(("0.5", "0.99"), times.shares() or (), strict=False):
            share.add_metric([lane.value, quantile], value)
    yield late
    yield share


def _connections(health: Mapping[str, Health]) -> Iterator[Metric]:
    items = health.items()
    yield _gauge(
        "connection_up", "1 while the connection is up", {(name,): float(one.ok) for name, one in items}, "connection"
    )
    yield _gauge("devices_lost", "Devices that are lost", {(n,): len(one.lost) for n, one in items}, "connection")
    polls = {(name,): one.polls for name, one in items}
    yield _counter("polls", "Polls, or messages received where devices speak by themselves", polls, "connection")
    missed = {(name,): one.missed for name, one in items}
    yield _counter("polls_missed", "Slots that passed while the line was busy", missed, "connection")
    errors = {(name, kind): count for name, one in items for kind, count in sorted(one.errors.items())}
    yield _counter("errors", "Errors and odd messages by kind", errors, "connection", "kind")
    busy = {(name,): sum(unit.trips.busy_s for unit in one.units) / one.in_flight for name, one in items if one.units}
    yield _counter("line_busy_seconds", "Time that requests took of the line; its rate is the load", busy, "connection")
    figures = {(name, figure): value for name, one in items for figure, value in sorted(one.figures.items())}
    yield _gauge("connection_figure", "Figures of a connector's own, by name", figures, "connection", "figure")


def _units(snapshot: Snapshot) -> Iterator[Metric]:
    units = {(name, unit.unit): unit for name, one in snapshot.health.items() for unit in one.units}
    trips = SummaryMetricFamily(f"{PREFIX}unit_round_trip_seconds", "Requests that were answered", labels=UNIT)
    share = GaugeMetricFamily(
        f"{PREFIX}unit_round_trip_quantile_seconds", "The same, of the newest 256", labels=[*UNIT, "quantile"]
    )
    for key, unit in units.items():
        trips.add_metric(key, unit.trips.count, unit.trips.total_s)
        for quantile, value in zip(("0.5", "0.99"), shares(unit.trips.newest_s) or (), strict=False):
            share.add_metric([*key, quantile], value)
    yield trips
    yield share
    last = {key: unit.trips.last_s for key, unit in units.items() if unit.trips.count}
    yield _gauge("unit_round_trip_last_seconds", "The last request that was answered", last, *UNIT)
    yield _counter("unit_polls", "Polls of a unit", {key: unit.polls for key, unit in units.items()}, *UNIT)
    yield _counter("unit_polls_missed", "Slots of a unit that passed", _each(units, "missed"), *UNIT)
    yield _counter("unit_breaker_opened", "Times that a unit was given up", _each(units, "breaker_opened"), *UNIT)
    breaker = {key: BREAKER_VALUES[unit.breaker] for key, unit in units.items()}
    yield _gauge("unit_breaker", "0 trusted, 1 in doubt, 2 open: lost", breaker, *UNIT)
    errors = {(*key, kind): count for key, unit in units.items() for kind, count in sorted(unit.errors.items())}
    yield _counter("unit_errors", "Errors of a unit by kind: timeout, exception_2…", errors, *UNIT, "kind")


def _each(units: Mapping[tuple[str, str], UnitHealth], name: str) -> dict[tuple[str, ...], float]:
    return {key: float(getattr(unit, name)) for key, unit in units.items()}


def _by(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(reason,): float(count) for reason, count in sorted(counts.items())}


def _gauge(name: str, words: str, samples: Mapping[Key, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for key, value in samples.items():
        if not math.isnan(value):
            family.add_metric(key, value)
    return family


def _counter(name: str, words: str, samples: Mapping[Key, float], *labels: str) -> Metric:
    family = CounterMetricFamily(PREFIX + name, words, labels=labels)
    for key, value in samples.items():
        family.add_metric(key, value)
    return family
