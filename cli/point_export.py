"""A site → the rows of a point list: every point with what is in force for it, profile and device put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.point_columns import COLUMNS, READ, REPORT
from cli.sheets import Cell
from domain.points import Point, PointKind
from domain.site import Device, ProfilePoint, Registry
from gateway.connectors import CONNECTORS

Cells = dict[str, Cell]


def point_rows(registry: Registry, *, unit: str | None = None, gateway: str | None = None) -> Iterator[Cells]:
    """Yield a row for each point that is written in the site, by column name, in the site's order.

    ``unit`` and ``gateway`` choose; of hosted nodes the gateway is that which hosts them. Passwords are never in it.
    """
    told: set[str] = set()
    for device in registry.devices.values():
        if device.profile.protocol not in CONNECTORS:
            continue  # a gateway's own device: nobody writes it, and nothing reads it
        node = f"{device.gateway.unit}/{device.gateway.gateway}"
        host = registry.transmitters[node].host if node in registry.transmitters else node
        if (unit is not None and device.gateway.unit != unit) or (
            gateway is not None and host.split("/")[1] != gateway
        ):
            continue
        written = {point.id: point for point in device.profile.points}
        for index in registry.points.of_device(*device.key.split("/")):
            point = registry.points[int(index)]
            own = written.get(point.name)
            cells = _device_cells(device) | _point_cells(point)
            if own is not None:
                cells |= _profile_cells(device, own)
                if device.profile.profile not in told:
                    cells["options"] = _json(device.profile.options)
                    told.add(device.profile.profile)
            yield cells


def table(rows: Iterable[Cells], language: str) -> Iterator[list[Cell]]:
    """Yield the heading and the rows as lists, in the order of the columns."""
    yield [column.heading(language) for column in COLUMNS]
    for row in rows:
        yield [row.get(column.name) for column in COLUMNS]


def line_of(settings: Mapping[str, Any]) -> str:
    """Return where a connection leads by its settings, as a list has it."""
    if "device" in settings:
        return str(settings["device"])
    return ":".join(str(settings[key]) for key in ("host", "port") if key in settings)


def _device_cells(device: Device) -> Cells:
    settings = device.settings
    return {
        "unit": device.gateway.unit,
        "gateway": device.gateway.gateway,
        "connection": device.connection.id,
        "protocol": device.connection.protocol,
        "line": line_of(device.connection.settings),
        "device": settings.id,
        "address": settings.address,
        "parts": "; ".join(f"{name}={address}" for name, address in settings.parts.items()) or None,
        "zone": settings.zone,
        "device_zh": settings.labels.zh,
        "device_en": settings.labels.en,
        "tags": "; ".join(settings.tags) or None,
        "profile": device.profile.profile,
        "device_kind": device.profile.kind,
    }


def _point_cells(point: Point) -> Cells:
    return {
        "point": point.name,
        "kind": point.kind.value,
        "zh": point.label_zh,
        "en": point.label_en,
        "quantity": point.quantity.value,
        "word": point.word or None,
        "low": point.low,
        "high": point.high,
        "floor": point.floor,
        "ceiling": point.ceiling,
        "max_silence_s": point.max_silence_s,
    }


def _profile_cells(device: Device, point: ProfilePoint) -> Cells:
    """Return how a point is read and reported; what has a column of its own is not in ``read_more``."""
    protocol = CONNECTORS[device.profile.protocol]
    read = protocol.read.model_validate(point.read).model_dump(mode="json", exclude_defaults=True)
    cells: Cells = {column: read.pop(key) for column, key in READ.items() if key in read}
    if "bits" in read:
        cells["bits"] = "{}-{}".format(*read.pop("bits"))
    cells["read_more"] = _json(read)
    cells["part"] = point.part
    if "period_s" in protocol.heeds:
        cells["period_s"] = device.period_s(point)
    return cells | _report_cells(device, point)


def _report_cells(device: Device, point: ProfilePoint) -> Cells:
    report = device.report_of(point)
    if point.kind is not PointKind.MEASURE:
        return {"heartbeat_s": report.heartbeat_s}
    cells: Cells = {column: getattr(report, field) for column, field in REPORT.items()}
    cells["on_change"] = None if report.on_change is None else "true" if report.on_change else "false"
    if not report.by_change:
        cells |= {"deadband": None, "deadband_percent": None}  # of the profile, and switched off by the device
    return cells


def _json(value: Mapping[str, Any]) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
