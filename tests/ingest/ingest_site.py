"""A small site for the tests of ingest: pressure transmitters, a camera, everything in one zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.batch import ReadingBatch
from domain.documents import Document
from domain.site.build import build_registry
from domain.site.registry import Registry

START_NS = 1_800_000_000_000_000_000
"""2027-01-15T08:00:00Z."""
SECOND_NS = 1_000_000_000

UNIT, GATEWAY = "hotel", "gw-east"


def labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def site(devices: int = 4, store: dict[str, Any] | None = None) -> Registry:
    """Return a registry of ``devices`` transmitters (pressure, level) and one camera (ebike_count, image)."""
    zone = {"id": "east-b1-pump", "kind": "pump_room", "floor": -1, "labels": labels("泵房")}
    building = {"id": "east", "labels": labels("东楼"), "zones": [zone]}
    document = {
        "site": "demo",
        "labels": labels("demo"),
        "units": [{"id": UNIT, "labels": labels("闽江大酒店"), "buildings": [building]}],
        "store": store or {"kind": "duckdb"},
    }
    lines = [
        {
            "id": f"pressure-{n}",
            "profile": "transmitter",
            "zone": "east-b1-pump",
            "labels": labels("压力"),
            "address": n,
        }
        for n in range(1, devices + 1)
    ]
    camera = {
        "id": "camera-1",
        "profile": "camera",
        "zone": "east-b1-pump",
        "labels": labels("摄像机"),
        "address": "c1",
    }
    gateway = {
        "gateway": GATEWAY,
        "unit": UNIT,
        "labels": labels("网关"),
        "connections": [
            {"id": "line", "protocol": "modbus_tcp", "devices": lines},
            {"id": "cameras", "protocol": "mqtt_json", "devices": [camera]},
        ],
    }
    return build_registry(
        Document("site.yaml", document), [Document("gateways/gw-east.yaml", gateway)], [_transmitter(), _camera()]
    )


def _transmitter() -> Document:
    points: list[dict[str, Any]] = [
        {"id": "pressure", "quantity": "kPa", "labels": labels("压力"), "low": 250, "high": 1200},
        {"id": "level", "quantity": "m", "labels": labels("液位")},
    ]
    return _profile("transmitter", "pressure_transmitter", "modbus_tcp", points)


def _camera() -> Document:
    points = [
        {"id": "ebike_count", "kind": "state", "quantity": "count", "labels": labels("数量")},
        {"id": "image", "kind": "event", "labels": labels("图片")},
    ]
    return _profile("camera", "camera", "mqtt_json", points)


def _profile(name: str, kind: str, protocol: str, points: list[dict[str, Any]]) -> Document:
    data = {
        "profile": name,
        "protocol": protocol,
        "kind": kind,
        "labels": labels(name),
        "source": "test",
        "points": points,
    }
    return Document(f"profiles/{name}.yaml", data)


def readings(
    registry: Registry,
    keys: Sequence[str],
    seconds: Sequence[float],
    values: Sequence[float],
    *,
    quality: Sequence[int] | None = None,
    text: dict[int, str] | None = None,
) -> ReadingBatch:
    """Return readings of points (``device/point``) at seconds after `START_NS`."""
    points = [registry.points.index(f"{UNIT}/{key}") for key in keys]
    times = [START_NS + round(second * 1000) * 1_000_000 for second in seconds]
    return ReadingBatch.build(registry.points, times, points, values, quality, text=text)


def load(registry: Registry, seconds: int, start_s: int = 0) -> ReadingBatch:
    """Return one reading of every point for each of ``seconds``; values tell point and second."""
    count = len(registry.points)
    second = np.repeat(np.arange(start_s, start_s + seconds), count)
    point = np.tile(np.arange(count), seconds)
    return ReadingBatch.build(registry.points, START_NS + second * SECOND_NS, point, second + point / 1000)
