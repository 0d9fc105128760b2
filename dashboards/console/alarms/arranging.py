"""The list as people see it: one by one, or in a flood by building. Pure; a fire always stands by itself.

| how | what |
|---|---|
| one by one | class, then newest first; what a walk test holds behind; consequences in one group at the end |
| by building | every fire one by one above all groups; then buildings, the gravest class first, then the oldest alarm |

A group that is open has its alarms below it. Groups keep their place while alarms come and go in them, unless a graver
class or an older alarm does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dashboards.console.alarms.filters import building_of
from domain.alarm import AlarmClass
from domain.alert import AlertView

CONSEQUENCES = "consequences"
"""The group of what is suppressed as a mere consequence; no ``unit/building`` has this name: it has no slash."""


@dataclass(frozen=True, slots=True)
class Group:
    """Alarms of one building (``unit/building``), or all consequences; ``fresh`` of them are unacknowledged."""

    id: str
    counts: tuple[tuple[AlarmClass, int], ...]
    fresh: int
    since_ns: int
    is_open: bool

    @property
    def size(self) -> int:
        """Return how many alarms it has."""
        return sum(count for _, count in self.counts)


Entry = AlertView | Group


def arranged(
    alerts: Sequence[AlertView],
    consequences: Sequence[AlertView],
    *,
    pinned: AlertView | None = None,
    by_building: bool = False,
    opened: frozenset[str] = frozenset(),
) -> list[Entry]:
    """Return the entries in their order; ``alerts`` and ``consequences`` are in theirs already.

    ``pinned`` is shown above them and left out; the group of its building counts it all the same.
    """
    entries: list[Entry] = []
    if by_building:
        entries += (alert for alert in alerts if is_fire(alert) and alert is not pinned)
        for group, some in _by_building(alerts, opened):
            entries.append(group)
            entries += (alert for alert in some if alert is not pinned) if group.is_open else ()
    else:
        entries += (alert for alert in alerts if alert is not pinned)
    if consequences:
        group = _group(CONSEQUENCES, consequences, opened)
        entries.append(group)
        entries += consequences if group.is_open else ()
    return entries


def members(alerts: Iterable[AlertView], group: str) -> Iterator[AlertView]:
    """Yield the alarms of a building's group."""
    return (alert for alert in alerts if not is_fire(alert) and building_of(alert) == group)


def is_fire(alert: AlertView) -> bool:
    """Tell whether an alarm is one that no list may hide."""
    return alert.alarm_class is AlarmClass.FIRE


def _by_building(alerts: Iterable[AlertView], opened: frozenset[str]) -> list[tuple[Group, list[AlertView]]]:
    found: dict[str, list[AlertView]] = {}
    for alert in alerts:
        if not is_fire(alert):
            found.setdefault(building_of(alert), []).append(alert)
    groups = [(_group(name, some, opened), some) for name, some in found.items()]
    return sorted(groups, key=lambda one: (one[0].counts[0][0].priority, one[0].since_ns, one[0].id))


def _group(name: str, alerts: Sequence[AlertView], opened: frozenset[str]) -> Group:
    counts = Counter(alert.alarm_class for alert in alerts)
    return Group(
        id=name,
        counts=tuple((one, counts[one]) for one in sorted(counts, key=lambda one: one.priority)),
        fresh=sum(alert.acknowledged_at_ns is None for alert in alerts),
        since_ns=min(alert.raised_at_ns for alert in alerts),
        is_open=name in opened,
    )
