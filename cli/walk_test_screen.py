"""What a walk test shows: how far it is, what was seen last, what is still to be walked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.alerts_tables import plain
from cli.walk_test_result import WORDS, local, marks_json, point_labels, said
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.wording import floor_text
from dashboards.live.walk_log import Sight, Sighting, WalkLog
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S
from domain.site import Labels, Registry
from domain.walk_test import WalkTestView

FRAME_ROWS = 9
BAR = 40

_STYLES = {
    Sight.ALARMED: "green",
    Sight.DEVICE_ALARMED: "yellow",
    Sight.HAND_WORKS: "cyan",
    Sight.HAND_FAILS: "red",
    Sight.CHANGED: "yellow",
    Sight.UNSEEN: "dim",
}
_HEADINGS = Labels(zh="部位 设备 测点 结果 首次时间 内容 规则", en="place device point result first_seen said rule")


def walk_table(registry: Registry, log: WalkLog, language: str, now_ns: int, most: int | None = None) -> RenderableType:
    """Return progress and points: those just seen first, then those still to be walked; all where there is room."""
    rows = list(log.sightings.values())
    if most is not None and len(rows) > most:
        seen = sorted((one for one in rows if one.told_ns), key=lambda one: -one.told_ns)
        left = [one for one in rows if one.sight is Sight.UNSEEN]
        room = min(len(seen), max(most // 2, most - len(left)))
        rows = [*seen[:room], *left[: most - room]]
    table = Table()
    for heading in _HEADINGS.of(language).split():
        table.add_column(heading.replace("_", " "), overflow="fold")
    for one in rows:
        table.add_row(*_cells(registry, one, language))
    hidden = len(log.sightings) - len(rows)
    more = Labels(zh=f"另有 {hidden} 个测点未显示", en=f"{hidden} more points are not shown").of(language)
    return Group(
        headline(registry, log.test, language, now_ns),
        progress_line(log, language),
        bar(log.count(Sight.ALARMED), len(log.sightings)),
        table,
        *([Text(more, "dim")] if hidden else []),
    )


def headline(registry: Registry, test: WalkTestView, language: str, now_ns: int) -> Text:
    """Say whose test it is, of what, and how long it goes on."""
    zone = zone_of(registry.site.timezone)
    until = f"{datetime.fromtimestamp(test.until_ns / NS_PER_S, zone):%H:%M:%S}"
    scope = scope_text(registry, test, language)
    left = max(0, -((now_ns - test.until_ns) // NS_PER_S // 60))
    if not test.is_running:
        zh = f"走动测试已结束：{scope}，由 {test.begun_by} 进行"
        en = f"The walk test of {scope} by {test.begun_by} has ended"
        return plain(en if language == "en" else zh, "bold")
    zh = f"走动测试：{scope}，由 {test.begun_by} 进行，至 {until}（还有 {left} 分钟）。范围内的报警只记录，不推送。"
    en = f"Walk test of {scope} by {test.begun_by} until {until} ({left} min left): alarms are recorded, nobody is told"
    return plain(en if language == "en" else zh, "bold yellow")


def bar(done: int, total: int) -> Text:
    """Draw how far it is."""
    full = BAR * done // total if total else 0
    return Text("█" * full, "green").append("░" * (BAR - full), "dim")


def progress_line(log: WalkLog, language: str) -> Text:
    """Say how many points of how many are done."""
    alarmed, changed, total = log.count(Sight.ALARMED), log.count(Sight.CHANGED), len(log.sightings)
    works, fails = log.count(Sight.HAND_WORKS), log.count(Sight.HAND_FAILS)
    shared = log.count(Sight.DEVICE_ALARMED)
    zh = f"已报警 {alarmed} / {total} 个测点；有变化未报警 {changed}；未见 {log.count(Sight.UNSEEN)}"
    en = f"{alarmed} of {total} points alarmed; {changed} changed without an alarm; {log.count(Sight.UNSEEN)} not seen"
    if shared:
        zh, en = f"{zh}；设备已报警、不能确定测点 {shared}", f"{en}; {shared} whose device alarmed, point not known"
    if works or fails:
        zh, en = f"{zh}；手动正常 {works}，不正常 {fails}", f"{en}; by hand {works} work, {fails} fail"
    return Text(en if language == "en" else zh)


def scope_text(registry: Registry, test: WalkTestView, language: str) -> str:
    """Name the unit, and the zones and devices of the scope."""
    unit = registry.units.get(test.unit)
    zones = [registry.zones.get(f"{test.unit}/{name}") for name in test.zones]
    devices = [registry.devices.get(f"{test.unit}/{name}") for name in test.devices]
    named = [one.settings.labels.of(language) for one in (*zones, *devices) if one is not None]
    whole = unit.labels.of(language) if unit else test.unit
    return f"{whole} · {'、'.join(named) if language == 'zh' else ', '.join(named)}" if named else whole


def sighting_line(registry: Registry, one: Sighting, language: str) -> Text:
    """Return a sighting as one line, for pipes and logs."""
    place, device, point, result, first, what, rule = (str(cell) for cell in _cells(registry, one, language))
    told = " ".join(part for part in (first, place, device, point) if part)
    return plain(f"{told}: {result} {what} {rule}".rstrip(), _STYLES[one.sight])


def sighting_json(registry: Registry, one: Sighting) -> str:
    """Return a sighting as one JSON object."""
    labels = point_labels(registry, one.point)
    return _json(
        event=one.sight.value,
        point=one.point.key,
        label=labels.model_dump(),
        first_seen=local(registry, one.seen_ns),
        value=one.value,
        said={"zh": said(registry, one, "zh"), "en": said(registry, one, "en")},
        rule=one.rule,
        alert=one.alert,
        raised=local(registry, one.raised_ns),
        by_hand=marks_json(registry, one),
    )


def test_json(event: str, log: WalkLog, **more: Any) -> str:
    """Return what became of the test as one JSON object."""
    counts = {sight.value: log.count(sight) for sight in Sight}
    return _json(event=event, test=log.test.model_dump(mode="json"), total=len(log.sightings), **counts, **more)


@dataclass(slots=True)
class News:
    """Finds which points have become more than what was told of them."""

    told: dict[str, tuple[Sight, int]] = field(default_factory=dict)

    def of(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Return the points that were seen, alarmed or were marked since the last time."""
        now = [((one.sight, len(one.marks)), one) for one in sightings]
        new = [(state, one) for state, one in now if state != self.told.get(one.point.key, (Sight.UNSEEN, 0))]
        self.told |= {one.point.key: state for state, one in new}
        return sorted((one for _, one in new), key=lambda one: one.told_ns)


def _cells(registry: Registry, one: Sighting, language: str) -> list[Text]:
    zone = registry.zone_of(one.point)
    device = registry.devices[f"{one.point.unit}/{one.point.device}"]
    floor = floor_text(zone.settings.floor, ScreenLanguage(language))
    first = ""
    if one.seen_ns is not None:
        first = f"{datetime.fromtimestamp(one.seen_ns / NS_PER_S, zone_of(registry.site.timezone)):%H:%M:%S}"
    style = _STYLES[one.sight]
    return [
        plain(f"{zone.building.labels.of(language)} {floor} {zone.settings.labels.of(language)}"),
        plain(device.settings.labels.of(language)),
        plain(point_labels(registry, one.point).of(language)),
        plain(WORDS[one.sight].of(language), style),
        plain(first),
        plain(said(registry, one, language) or _hand(one)),
        plain(one.rule or ""),
    ]


def _hand(one: Sighting) -> str:
    """Write who marked a point that said nothing itself, and what they had to say."""
    return "" if one.hand is None else " ".join(part for part in (one.hand.by, one.hand.remark) if part)


def _json(**content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)
