"""Alerts that Prometheus and its like post to us become alarms of the rule ``prometheus``, one for each set of labels.

| what is posted | becomes |
|---|---|
| label ``class``: supervisory, fault, hazard, duty, system | the class; anything else, fire and linkage too: system |
| label ``severity``: critical, page, emergency / warning, none at all / any other | critical / warning / notice |
| labels ``unit``, ``zone``, ``device`` that the site has | the place; no such unit: the first in the scope |
| all labels, ``summary`` or ``description`` | the text; labels and annotations are kept as they came |
| ``endsAt`` that is over; not posted again for 5 min, or until the ``endsAt`` it gave | cleared |

Nobody outside can raise a fire: who may reach the API could page a fire brigade otherwise. What clears stays open until
a person has answered, as every alert does here. The same labels are the same alert of a unit, however often they are
posted. For whoever has a scope, a unit outside is one that the site does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import own_alarms
from alerts.desk import Desk
from alerts.foreign_face import MOST_OPEN, RESOLVE_S, ForeignPost
from alerts.labels import FOREIGN_RULE
from alerts.own_alarms import OwnAlarm
from alerts.schema import Alert, ForeignAlert
from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.alert_labels import fingerprint
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import Registry

CLASSES = {
    one.value: one
    for one in (AlarmClass.SUPERVISORY, AlarmClass.FAULT, AlarmClass.HAZARD, AlarmClass.DUTY, AlarmClass.SYSTEM)
}
LEVELS = {
    "critical": Level.CRITICAL,
    "page": Level.CRITICAL,
    "emergency": Level.CRITICAL,
    "warning": Level.WARNING,
    "": Level.WARNING,
}
BATCH = 100
MOST_SAID = 600
"""Characters of the text."""


@dataclass(frozen=True, slots=True)
class Places:
    """The places that labels may name: those of a site within ``units`` (None: everywhere)."""

    registry: Registry
    units: Collection[str] | None = None

    def unit(self, named: str) -> str:
        """Return the unit of that name, or the first; raises RefusedError where there is none at all."""
        known = [unit for unit in self.registry.units if self.units is None or unit in self.units]
        if not known:
            raise RefusedError("范围内没有单位 / no unit of this site is within the scope")
        return named if named in known else known[0]


def take(desk: Desk, post: ForeignPost, places: Places, *, by: str) -> None:
    """Take one posted alert; raises RefusedError with the reason."""
    labels = {name: value for name, value in post.labels.items() if value}
    if not labels:
        raise RefusedError("所有标签都为空 / every label is empty")
    starts_ns = post.starts_ns if post.starts_ns is not None else desk.now_ns
    if post.ends_ns is not None and post.ends_ns < starts_ns:
        raise RefusedError("结束早于开始 / it ends before it begins")
    ends_ns = post.ends_ns if post.ends_ns is not None else desk.now_ns + round(RESOLVE_S * NS_PER_S)
    alarm = _alarm(places, labels)
    if ends_ns <= desk.now_ns:
        _resolve(desk, alarm, labels)
        return
    if not own_alarms.stands(desk, alarm):
        _check_room(desk)
        zh, en = _texts(labels, post.annotations)
        own_alarms.raise_own(desk, alarm, zh=zh, en=en)
    _keep(desk, alarm, labels, post, (starts_ns, ends_ns), by=by)


def end_silent(desk: Desk) -> None:
    """Clear those whose end has come without their being posted again; at most a batch."""
    due = select(ForeignAlert).where(ForeignAlert.resolved_ns.is_(None), ForeignAlert.ends_ns <= desk.now_ns)
    for foreign in desk.session.scalars(due.limit(BATCH)).all():
        alert = desk.session.get(Alert, foreign.alert_id)
        if alert is not None:
            _clear(desk, _alarm_of(alert), foreign.labels)
        foreign.resolved_ns = desk.now_ns


def next_end(session: Session) -> int | None:
    """Return when the next one ends by itself."""
    return session.scalar(select(func.min(ForeignAlert.ends_ns)).where(ForeignAlert.resolved_ns.is_(None)))


def _alarm(places: Places, labels: Mapping[str, str]) -> OwnAlarm:
    registry, unit = places.registry, places.unit(labels.get("unit", ""))
    zone = registry.zones.get(f"{unit}/{labels.get('zone')}")
    device = registry.devices.get(f"{unit}/{labels.get('device')}")
    place = Place(
        unit=unit,
        building=zone.building.id if zone else None,
        floor=zone.settings.floor if zone else None,
        zone=zone.settings.id if zone else None,
        zone_kind=zone.settings.kind.value if zone else None,
        device=labels["device"] if device else None,
    )
    return OwnAlarm(
        rule=FOREIGN_RULE,
        alarm_class=CLASSES.get(labels.get("class", "").lower(), AlarmClass.SYSTEM),
        level=LEVELS.get(labels.get("severity", "").lower(), Level.NOTICE),
        entity_kind=EntityKind.UNIT,
        entity=f"{unit}/{fingerprint(labels)}",
        place=place,
    )


def _alarm_of(alert: Alert) -> OwnAlarm:
    return OwnAlarm(
        rule=alert.rule,
        alarm_class=alert.alarm_class,
        level=alert.level,
        entity_kind=alert.entity_kind,
        entity=alert.entity,
        place=alert.place,
    )


def _check_room(desk: Desk) -> None:
    standing = select(func.count()).select_from(ForeignAlert).where(ForeignAlert.resolved_ns.is_(None))
    if (desk.session.scalar(standing) or 0) >= MOST_OPEN:
        raise RefusedError(f"外部告警已达上限 {MOST_OPEN} / {MOST_OPEN} foreign alerts stand already")


def _keep(
    desk: Desk, alarm: OwnAlarm, labels: dict[str, str], post: ForeignPost, span: tuple[int, int], *, by: str
) -> None:
    alert = desk.open_alert(alarm.rule, alarm.entity)
    if alert is None:
        return
    known = desk.session.get(ForeignAlert, alert.id)
    kept = known or ForeignAlert(alert_id=alert.id, fingerprint=fingerprint(labels), labels=labels)
    starts_ns, ends_ns = span
    kept.annotations, kept.generator_url = dict(post.annotations), post.generator_url
    kept.starts_ns = starts_ns if known is None or known.resolved_ns is not None else min(known.starts_ns, starts_ns)
    kept.ends_ns, kept.updated_ns, kept.resolved_ns = ends_ns, desk.now_ns, None
    if known is None:
        desk.session.add(kept)
        desk.write(alert, "foreign", actor=by, labels=labels, generator_url=post.generator_url)


def _resolve(desk: Desk, alarm: OwnAlarm, labels: Mapping[str, str]) -> None:
    alert = desk.open_alert(alarm.rule, alarm.entity)
    foreign = desk.session.get(ForeignAlert, alert.id) if alert is not None else None
    _clear(desk, alarm, labels)
    if foreign is not None and foreign.resolved_ns is None:
        foreign.resolved_ns = foreign.updated_ns = foreign.ends_ns = desk.now_ns


def _clear(desk: Desk, alarm: OwnAlarm, labels: Mapping[str, str]) -> None:
    name = labels.get("alertname", "?")
    own_alarms.clear_own(desk, alarm, zh=f"外部告警 {name} 已恢复", en=f"Foreign alert {name} is over")


def _texts(labels: Mapping[str, str], annotations: Mapping[str, str]) -> tuple[str, str]:
    name = labels.get("alertname", "?")
    said = annotations.get("summary") or annotations.get("description") or ""
    zh, en = annotations.get("summary_zh") or said, annotations.get("summary_en") or said
    rest = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != "alertname")
    return f"外部告警 {name}：{zh}（{rest}）"[:MOST_SAID], f"Foreign alert {name}: {en} ({rest})"[:MOST_SAID]
