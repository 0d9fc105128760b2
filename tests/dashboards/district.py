"""A district of the console's tests: premises whose panels call in through one access server."""

from __future__ import annotations

from typing import Any

from domain.documents import Document
from domain.site import Registry, build_registry
from tests.dashboards.premises import labels

HOST = "hotel/gw-access"
STREETS = ("八一七路", "五四路", "东街口", "台江路", "仓前路")


WITHOUT_PLACE = 50
"""Every such unit of a district with places has none."""


def district(transmitters: int = 12, each: int = 4, *, is_placed: bool = False) -> Registry:
    """Return the registry: ``each`` transmitters to a unit, the first unit called ``hotel``; profiles as shipped.

    ``is_placed``: units have an area and, but for every fiftieth, a location.
    """
    units = sorted({unit_of(n, each) for n in range(transmitters)}, key=lambda unit: (unit != "hotel", unit))
    site: dict[str, Any] = {
        "site": "district",
        "labels": labels("鼓楼区演示", "Gulou district"),
        "units": [_unit(unit, n) | (_place(n) if is_placed else {}) for n, unit in enumerate(units)],
        "people": [
            {"id": "p-chen", "role": "unit_staff", "labels": labels("陈师傅", "Mr Chen"), "channels": ["phone"]},
        ],
        "channels": [{"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push"}],
    }
    gateway = {
        "gateway": "gw-access",
        "unit": "hotel",
        "labels": labels("接入网关", "Access gateway"),
        "connections": [
            {
                "id": "access",
                "protocol": "gb26875",
                "transmitters": [_transmitter(n, each) for n in range(transmitters)],
            }
        ],
    }
    return build_registry(Document("site.yaml", site), [Document("gw.yaml", gateway)], _PROFILES)


def unit_of(number: int, each: int = 4) -> str:
    """Return the unit of a transmitter."""
    return "hotel" if number < each else f"u{number // each:04d}"


def _place(number: int) -> dict[str, Any]:
    """Return where a unit is: in rows of a hundred, some 200 m apart, none quite in its row."""
    row, column = divmod(number, 100)
    place: dict[str, Any] = {"area": f"area-{row // 10 * 4 + column // 25}"}
    if (number + 1) % WITHOUT_PLACE:
        off = number * 7919 % 1000 / 500_000
        place["location"] = {"lat": round(26 + row * 0.002 + off, 5), "lon": round(119.2 + column * 0.0022 - off, 5)}
    return place


def _unit(unit: str, number: int) -> dict[str, Any]:
    street = STREETS[number % len(STREETS)]
    zones = [
        {"id": "control", "kind": "control_room", "floor": 1, "labels": labels("消防控制室", "fire control room")},
        {
            "id": "corridor",
            "kind": "corridor",
            "floor": 3,
            "labels": labels("客房走廊", "guest corridor"),
            "responsible": "p-chen",
        },
    ]
    building = {"id": "east", "labels": labels("东楼", "East building"), "zones": zones}
    name = (
        labels("闽江大酒店", "Minjiang Hotel")
        if unit == "hotel"
        else labels(f"{street}{number}号商场", f"Mall {number}")
    )
    return {"id": unit, "labels": name, "buildings": [building]}


def _transmitter(number: int, each: int) -> dict[str, Any]:
    component = {
        "id": "smoke-1",
        "at": "10-2",
        "type": 40,
        "zone": "corridor",
        "labels": labels("三楼走廊烟感", "Corridor smoke detector"),
    }
    system = {
        "id": f"fas-{number}",
        "type": 1,
        "labels": labels("火灾报警系统", "Fire alarm system"),
        "components": [component],
    }
    return {
        "id": f"utd-{number}",
        "unit": unit_of(number, each),
        "address": 1000 + number,
        "zone": "control",
        "labels": labels(f"{number}号传输装置", f"Transmitter {number}"),
        "systems": [system],
    }


def _profile(name: str, kind: str, points: list[dict[str, Any]]) -> Document:
    values = {
        "profile": name,
        "protocol": "gb26875",
        "kind": kind,
        "labels": labels(kind, kind),
        "source": "GB/T 26875.3-2011",
        "max_silence_s": 31_622_400,
    }
    return Document(f"{name}.yaml", values | {"points": points})


_PROFILES = [
    _profile(
        "gb26875_transmitter",
        "transmitter",
        [
            {
                "id": "state",
                "kind": "state",
                "word": "gb_transmitter_state",
                "labels": labels("装置运行状态", "Running state"),
            },
            {
                "id": "operation",
                "kind": "event",
                "word": "gb_transmitter_operation",
                "labels": labels("操作信息", "Operation"),
            },
            {"id": "roll_call", "kind": "state", "word": "roll_call", "labels": labels("查岗结果", "Roll-call result")},
            {"id": "clock_error", "quantity": "s", "labels": labels("时钟误差", "Clock error")},
        ],
    ),
    _profile(
        "gb26875_system",
        "facility_system",
        [
            {"id": "state", "kind": "state", "word": "gb_system_state", "labels": labels("系统状态", "System state")},
            {
                "id": "operation",
                "kind": "event",
                "word": "gb_system_operation",
                "labels": labels("操作信息", "Operation"),
            },
        ],
    ),
]
