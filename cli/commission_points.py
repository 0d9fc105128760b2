"""The parts of a commissioning report about places, devices and points."""

from __future__ import annotations

from collections.abc import Sequence

from cli.commission_facts import Facts
from cli.commission_paper import Cell, Section, Table, Tone, Words, cell, columns, spoken
from cli.live_points import PointRow
from cli.walk_test_result import local, point_labels
from dashboards.console.devices.device_words import Look
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.wording import floor_text, person_text, span_text
from domain.glossary import label_of
from domain.quantity import symbol
from domain.site import Device, Registry, Zone

_TONES = {Look.CALM: Tone.PLAIN, Look.CAUTION: Tone.WARN, Look.ALARM: Tone.BAD, Look.UNKNOWN: Tone.BAD}


def places_section(facts: Facts) -> Section:
    """Return the units with their buildings and zones."""
    registry = facts.session.registry
    tables = []
    for unit in registry.units.values():
        rows = [_zone_row(registry, zone) for zone in registry.zones.values() if zone.unit.id == unit.id]
        tables.append(
            Table(
                columns(
                    ("建筑", "building", 1.5), ("楼层", "floor", 0.9), ("部位", "zone", 2), ("类型", "kind", 1.3),
                    ("责任人", "responsible", 1.3), ("设备", "devices", 0.7),
                ),
                tuple(rows),
                title=Words(f"{unit.labels.zh}（{unit.id}）", f"{unit.labels.en} ({unit.id})"),
                notes=_manager(registry, unit.safety_manager),
            )
        )  # fmt: skip
    return Section(Words("单位、建筑与部位", "Premises, buildings and zones"), tuple(tables))


def _manager(registry: Registry, person: str | None) -> tuple[Words, ...]:
    if person is None:
        return ()
    zh, en = (person_text(registry, person, ScreenLanguage(language)) for language in ("zh", "en"))
    return (Words(f"消防安全管理人：{zh}", f"safety manager: {en}"),)


def _zone_row(registry: Registry, zone: Zone) -> tuple[Cell, ...]:
    devices = sum(device.zone.key == zone.key for device in registry.devices.values())
    kind = zone.settings.kind
    return (
        cell(zone.building.labels.zh, zone.building.labels.en),
        spoken(lambda one: floor_text(zone.settings.floor, ScreenLanguage(one))),
        cell(zone.settings.labels.zh, zone.settings.labels.en),
        cell(label_of(kind, "zh"), label_of(kind, "en")),
        spoken(lambda one: person_text(registry, zone.settings.responsible, ScreenLanguage(one)) or "—"),
        cell(devices),
    )


def devices_section(facts: Facts) -> Section:
    """Return every device with every point as it was when the report was made."""
    registry = facts.session.registry
    english = {row.point.key: row for row in facts.points_en}
    by_device: dict[str, list[PointRow]] = {}
    for row in facts.points_zh:
        by_device.setdefault(row.device.key, []).append(row)
    order = {key: at for at, key in enumerate(registry.zones)}
    tables = [
        _device_table(facts, device, by_device.get(device.key, ()), english)
        for device in sorted(registry.devices.values(), key=lambda one: order[one.zone.key])
    ]
    away = cell("站点未运行：没有当前值", "the site does not run: there are no present values", Tone.WARN)
    notes = (away,) if facts.away is not None else ()
    return Section(Words("设备与测点", "Devices and points"), tuple(tables), notes=notes)


def _device_table(facts: Facts, device: Device, rows: Sequence[PointRow], english: dict[str, PointRow]) -> Table:
    zone, settings = device.zone, device.settings
    title = Words(f"{settings.labels.zh}（{settings.id}）", f"{settings.labels.en} ({settings.id})")
    places = [
        f"{zone.building.labels.of(one)} {floor_text(zone.settings.floor, ScreenLanguage(one))} "
        f"{zone.settings.labels.of(one)}"
        for one in ("zh", "en")
    ]
    where = f"{device.connection.id} · {settings.address}"
    labels = device.profile.labels
    note = Words(f"{places[0]} · {labels.zh} · 线路 {where}", f"{places[1]} · {labels.en} · line {where}")
    return Table(
        columns(
            ("测点", "point", 2.2), ("编号", "id", 1.5), ("当前值", "value", 1.6), ("质量", "quality", 1.6),
            ("数据龄", "age", 0.9), ("限值", "limits", 1.3),
        ),
        tuple(_point_row(facts, row, english.get(row.point.key, row)) for row in rows),
        title=title,
        notes=(note,),
    )  # fmt: skip


def _point_row(facts: Facts, row: PointRow, english: PointRow) -> tuple[Cell, ...]:
    labels = point_labels(facts.session.registry, row.point)
    tone = _TONES[row.shown.look]
    if facts.away is not None:
        value, quality, tone = cell("—"), cell("未读", "not read", Tone.DIM), Tone.DIM
    else:
        value = cell(row.shown.value, english.shown.value, tone)
        quality = cell(row.shown.detail or "—", english.shown.detail or "—", Tone.BAD if not row.known else Tone.PLAIN)
    age_s = row.shown.age_s if facts.away is None else None
    age = cell("—") if age_s is None else spoken(lambda one: span_text(age_s, ScreenLanguage(one)))
    return (
        cell(labels.zh, labels.en), cell(row.point.name), value, quality, age, cell(_limits(row))
    )  # fmt: skip


def _limits(row: PointRow) -> str:
    """Write the alarm limits of a point; nothing where it has none."""
    low, high = row.point.low, row.point.high
    if low is None and high is None:
        return ""
    unit = symbol(row.point.quantity)
    if low is not None and high is not None:
        return f"{low:g} – {high:g} {unit}".strip()
    return (f"≥ {low:g} {unit}" if low is not None else f"≤ {high:g} {unit}").strip()


def moment(facts: Facts, time_ns: int) -> str:
    """Write a time as the site's people read it, with its zone."""
    written = local(facts.session.registry, time_ns) or ""
    return f"{written.replace('T', ' ')} {facts.session.registry.site.timezone}"
