"""What sounds, and what somebody muted. Pure.

| act | what it does | what it does not |
|---|---|---|
| mute | silences, at this desk, what sounds now: all of it, or one class | acknowledges nothing, tells nobody |
| acknowledge | somebody takes the alarm on; it no longer sounds anywhere | |
| volume 0 | a class never sounds at this desk (not for a fire) | hides nothing |

An alarm that comes after a mute sounds: what is muted are alarms, not classes. Of several classes the highest is heard:
a fire is never mixed with a fault. What nobody is to be told of does not sound: consequences of another alarm, what is
shelved, what a walk test holds. Nor does what says that a point is disabled: that is a lamp (屏蔽), not an alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from dashboards.live.lamps import is_disabling, is_folded
from domain.alarm import AlarmClass
from domain.alert import AlertView

Wanting = Mapping[AlarmClass, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Sound:
    """A class with alarms that want to be heard: how many, how many of them are muted here, and how loud (per cent)."""

    alarm_class: AlarmClass
    count: int
    muted: int
    volume: int

    @property
    def sounds(self) -> bool:
        """Tell whether it would be heard, were no higher class there."""
        return self.muted < self.count and self.volume > 0

    @property
    def is_muted(self) -> bool:
        """Tell whether somebody muted all of it."""
        return self.muted == self.count


def wanting(alerts: Iterable[AlertView]) -> Wanting:
    """Return the ids of the alarms that want to be heard, by class."""
    found: dict[AlarmClass, set[str]] = {}
    for alert in alerts:
        quiet = alert.held or alert.shelved_until_ns is not None or is_folded(alert) or is_disabling(alert)
        if alert.acknowledged_at_ns is None and not quiet:
            found.setdefault(alert.alarm_class, set()).add(alert.id)
    return {one: frozenset(found[one]) for one in AlarmClass if one in found}


def sounds(wanted: Wanting, muted: AbstractSet[str], volumes: Mapping[AlarmClass, int]) -> list[Sound]:
    """Return every class that wants to be heard, highest first."""
    return [Sound(one, len(ids), len(ids & muted), volumes.get(one, 0)) for one, ids in wanted.items()]


def heard(found: Iterable[Sound]) -> Sound | None:
    """Return the class that is heard."""
    return next((sound for sound in found if sound.sounds), None)
