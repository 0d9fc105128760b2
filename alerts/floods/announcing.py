"""Floods are told of: audit, feed, and the own alarm ``alarm_flood`` with the first alarm (首警) in its words."""

from __future__ import annotations

from sqlalchemy import select

from alerts.desk import Desk
from alerts.floods import standing
from alerts.floods.messages import publish
from alerts.own_alarms import OwnAlarm, clear_own, raise_own
from alerts.schema import Alert, Flood, FloodScope
from domain.alarm import AlarmClass, EntityKind, Level, Place

RULE = "alarm_flood"
BATCH = 100


def announce(desk: Desk) -> None:
    """Tell of floods that have begun or ended, each once."""
    for flood in desk.session.scalars(select(Flood).where(Flood.untold).order_by(Flood.begun_ns).limit(BATCH)).all():
        flood.untold = False
        publish(desk, standing.facts(desk, flood), first_alert=flood.first_alert)
        if flood.scope is FloodScope.BUILDING:
            continue
        if flood.scope is FloodScope.UNIT or desk.directory.operators.has_many_units(flood.position):
            _alarm(desk, flood)


def flood_alert(desk: Desk, unit: str) -> Alert | None:
    """Return the open own alert of a unit's flood."""
    return desk.open_alert(RULE, unit)


def _alarm(desk: Desk, flood: Flood) -> None:
    """Raise or clear; a flood that began and ended unseen has both."""
    alarm = OwnAlarm(
        rule=RULE,
        alarm_class=AlarmClass.SYSTEM,
        level=Level.NOTICE,
        entity_kind=EntityKind.UNIT,
        entity=flood.unit if flood.scope is FloodScope.UNIT else f"{flood.unit}/{flood.position}",
        place=Place(unit=flood.unit),
    )
    zh, en = _words(desk, flood)
    if flood.ended_ns is None:
        raise_own(desk, alarm, zh=zh, en=en)
    else:
        clear_own(desk, alarm, zh=zh, en=en)


def _words(desk: Desk, flood: Flood) -> tuple[str, str]:
    operators = desk.directory.operators
    settings = operators.settings
    minutes = f"{settings.window_s / 60:g}"
    is_unit = flood.scope is FloodScope.UNIT
    where = operators.place_labels(flood.unit) if is_unit else operators.position_labels(flood.position)
    first = desk.alert(flood.first_alert)
    at = desk.directory.local_time(flood.first_ns)
    if flood.ended_ns is None:
        zh = (
            f"{where.zh}：{minutes} 分钟内报警超过 {settings.flood_above} 条，告警泛滥开始。"
            f"首警（{at}）：{first.text_zh} 非火警通知合并为摘要，火警照常逐条推送。"
        )
        en = (
            f"{where.en}: more than {settings.flood_above} alarms in {minutes} min, a flood begins. "
            f"First alarm ({at}): {first.text_en} "
            "Messages that are not about fire come as digests; fires are pushed one by one as ever."
        )
        return zh, en
    zh = (
        f"{where.zh}：告警泛滥结束，共 {flood.alarms} 条，{minutes} 分钟内最多 {flood.peak} 条。"
        f"首警（{at}）：{first.text_zh}"
    )
    en = (
        f"{where.en}: the flood is over: {flood.alarms} alarms, at most {flood.peak} in {minutes} min. "
        f"First alarm ({at}): {first.text_en}"
    )
    return zh, en
