"""Which open alerts something would keep back if it began now, as the alerts service decides it. Pure.

A silence is told here in the words of a form: one place, a class, a rule, and matchers as Alertmanager writes them. One
that is not to cover fires says so itself, so that it is never refused for a fire that happens to be open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dashboards.console.places import Place, PlaceKind
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.matchers import Matcher, read_matchers


def in_places(alerts: Iterable[AlertView], chosen: Collection[Place], points: Collection[str] = ()) -> list[AlertView]:
    """Return the alerts in places that would be out of service; of points, when some of one device are named."""
    return [alert for alert in alerts if any(_is_in(alert, place, points) for place in chosen)]


def in_maintenance(
    alerts: Iterable[AlertView], chosen: Collection[Place], rules: Collection[str], *, fires: bool
) -> list[AlertView]:
    """Return the alerts in a window's scope: duties only where their rule is named, fires as they are asked for."""
    return [
        alert
        for alert in in_places(alerts, chosen)
        if (not rules or alert.rule in rules)
        and (alert.alarm_class is not AlarmClass.DUTY or alert.rule in rules)
        and (fires or alert.alarm_class is not AlarmClass.FIRE)
    ]


def silence_matchers(
    place: Place | None, alarm_class: str, rule: str, written: str, *, fire: bool
) -> tuple[Matcher, ...]:
    """Return the matchers of a form, none where it says nothing; raises ValueError for matchers that are none."""
    found: list[Matcher] = []
    if place is not None:
        found.append(_equal("unit", place.unit))
        if place.kind is not PlaceKind.UNIT:
            found.append(_equal(place.kind.value, place.name))
    if alarm_class:
        found.append(_equal("class", alarm_class))
    if rule.strip():
        found.append(_equal("alertname", rule.strip()))
    if written.strip():
        found += read_matchers(written)
    if found and not fire and alarm_class != AlarmClass.FIRE:
        found.append(_equal("class", AlarmClass.FIRE.value, is_equal=False))
    return tuple(found)


def _equal(name: str, value: str, *, is_equal: bool = True) -> Matcher:
    return Matcher(name=name, value=value, is_regex=False, is_equal=is_equal)


def _is_in(alert: AlertView, place: Place, points: Collection[str]) -> bool:
    if alert.place.unit != place.unit:
        return False
    match place.kind:
        case PlaceKind.UNIT:
            return True
        case PlaceKind.ZONE:
            return alert.place.zone == place.name
        case PlaceKind.DEVICE:
            return alert.place.device == place.name and (not points or alert.place.point in points)
        case PlaceKind.GATEWAY:
            return alert.place.gateway == place.name
