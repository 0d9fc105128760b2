"""Devices and gateways of a day: who was silent, who was away, and what nobody could know.

A rule's alarm says it of an entity: `DEVICE_SILENT` of a device, `GATEWAY_OFFLINE` of a gateway or transmitter. While
the gateway of a device is away, or nobody watched, the device is unknown: neither up nor down. What stands behind a
transmitter is hidden by the absence of its host, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from alerts.feeding.histories import History
from alerts.feeding.intervals import Span, clip, minutes, total_ns, union, without
from alerts.feeding.models import DeviceFacts, DisabledFacts, GatewayFacts
from alerts.feeding.plant import UnitPlant

DEVICE_SILENT = "device_silent"
GATEWAY_OFFLINE = ("gateway_offline", "transmitter_offline")
SHIELDED = ("component_shielded", "panel_shielded", "system_shielded")
"""Rules of the library (`fengsui rules list`) whose alarms say it."""

RULES_STALLED = "rules_stalled"
"""Own alarm (`alerts.rules_watch`): while it stands nobody watches."""

Spans = Mapping[str, Sequence[Span]]


def known(histories: Iterable[History], rules: Iterable[str]) -> dict[str, list[Span]]:
    """Return by entity when alarms of the rules stood, less the time in which that was not known."""
    names, found = set(rules), defaultdict[str, list[Span]](list)
    for one in histories:
        if one.rule in names:
            found[one.entity] += without(one.active(), one.unknown())
    return {entity: union(spans) for entity, spans in found.items()}


def unknown(histories: Iterable[History], rules: Iterable[str]) -> dict[str, list[Span]]:
    """Return by entity when nothing was known about alarms of the rules."""
    names, found = set(rules), defaultdict[str, list[Span]](list)
    for one in histories:
        if one.rule in names:
            found[one.entity] += one.unknown()
    return {entity: union(spans) for entity, spans in found.items()}


def away(plant: UnitPlant, offline: Spans, unwatched: Sequence[Span]) -> dict[str, list[Span]]:
    """Return of each gateway when it was offline: a transmitter's own absence only while its host was there."""
    found = {}
    for gateway in plant.gateways:
        hidden = [*offline.get(plant.hosts.get(gateway, ""), ()), *unwatched]
        found[gateway] = without(offline.get(gateway, ()), hidden)
    return found


def gateway_facts(
    plant: UnitPlant, offline: Spans, unwatched: Sequence[Span], day: Span
) -> tuple[GatewayFacts, float | None]:
    """Return the facts of a unit's gateways, and which share of their time was online and watched."""
    gone = {gateway: clip(spans, day) for gateway, spans in away(plant, offline, unwatched).items()}
    missing = 0
    for gateway in plant.gateways:
        hidden = [*offline.get(plant.hosts.get(gateway, ""), ()), *unwatched]
        missing += total_ns(clip([*offline.get(gateway, ()), *hidden], day))
    facts = GatewayFacts(
        count=len(plant.gateways),
        offline=sum(bool(spans) for spans in gone.values()),
        offline_minutes=round(sum(minutes(spans) for spans in gone.values()), 2),
    )
    return facts, share(missing, len(plant.gateways), day)


def device_facts(
    plant: UnitPlant, histories: Sequence[History], offline: Spans, unwatched: Sequence[Span], day: Span
) -> tuple[DeviceFacts, float | None]:
    """Return the facts of a unit's devices, and for which share of their time there were data."""
    silent, doubtful = known(histories, [DEVICE_SILENT]), unknown(histories, [DEVICE_SILENT])
    down_minutes, unknown_minutes, count, missing = 0.0, 0.0, 0, 0
    for device, gateways in plant.devices.items():
        hidden = clip(
            [*unwatched, *doubtful.get(device, ()), *(span for one in gateways for span in offline.get(one, ()))], day
        )
        down = without(clip(silent.get(device, ()), day), hidden)
        count += bool(down)
        down_minutes += minutes(down)
        unknown_minutes += minutes(hidden)
        missing += total_ns([*down, *hidden])
    facts = DeviceFacts(
        count=len(plant.devices),
        silent=count,
        downtime_minutes=round(down_minutes, 2),
        unknown_minutes=round(unknown_minutes, 2),
    )
    return facts, share(missing, len(plant.devices), day)


def disabled_facts(histories: Sequence[History], day: Span) -> DisabledFacts:
    """Return the facts of points that a panel reports as disabled; what is not known is not counted."""
    spans = {entity: clip(spans, day) for entity, spans in known(histories, SHIELDED).items()}
    return DisabledFacts(
        points=sum(bool(one) for one in spans.values()),
        at_end=sum(bool(one) and one[-1][1] == day[1] for one in spans.values()),
        point_minutes=round(sum(minutes(one) for one in spans.values()), 2),
    )


def share(missing_ns: int, count: int, day: Span) -> float | None:
    """Return which share of the time of ``count`` things is not missing, None for none of them."""
    return round(1 - missing_ns / (count * (day[1] - day[0])), 6) if count else None
