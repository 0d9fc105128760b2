"""The hotel of the console's tests: one gateway, a pressure transmitter, a fire panel, and one hostile label."""

from __future__ import annotations

from typing import Any

from domain.documents import Document
from domain.site import Registry, build_registry

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
"""What a device or an installer could write. On every screen it must stay text."""


PHONE_SECRET = "what the phone signs with"  # noqa: S105  # of a loopback server


def labels(zh: str, en: str) -> dict[str, str]:
    """Return labels as a site file writes them."""
    return {"zh": zh, "en": en}


def premises(*, phone_url: str = "http://127.0.0.1:9/push") -> Registry:
    """Return the registry; nobody answers at the phone's address unless one is given."""
    site = Document("site.yaml", _site(phone_url))
    return build_registry(site, [Document("gw-east.yaml", _GATEWAY)], [Document("p.yaml", one) for one in _PROFILES])


def files() -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Return what the files of a site folder would say: the site, its gateway, its profiles."""
    return _site("http://127.0.0.1:9/push"), _GATEWAY, _PROFILES


def _site(phone_url: str) -> dict[str, Any]:
    zones = [
        {"id": "exit", "kind": "exit", "floor": 1, "labels": labels("安全出口", "exit"), "responsible": "p-chen"},
        {"id": "pump", "kind": "pump_room", "floor": -1, "labels": labels("消防泵房", "fire pump room")},
    ]
    building = {"id": "east", "labels": labels("东楼", "East building"), "zones": zones}
    unit = {"id": "hotel", "labels": labels("闽江大酒店", "Minjiang Hotel"), "buildings": [building]}
    return {
        "site": "test",
        "labels": labels("闽江大酒店", "Minjiang Hotel"),
        "units": [unit],
        "people": [
            {"id": "p-chen", "role": "unit_staff", "labels": labels("陈师傅", "Mr Chen"), "channels": ["phone"]},
            {"id": "s-wang", "role": "supervisor", "labels": labels("王参谋", "Officer Wang"), "channels": ["phone"]},
        ],
        "channels": [{"id": "phone", "kind": "webhook", "url": phone_url, "secret": PHONE_SECRET}],
        "escalation": [
            {
                "classes": ["fire", "hazard"],
                "steps": [{"after_s": 0, "to": ["responsible"]}, {"after_s": 300, "to": ["supervisors"]}],
            }
        ],
    }


_GATEWAY: dict[str, Any] = {
    "gateway": "gw-east",
    "unit": "hotel",
    "labels": labels("东楼网关", "East gateway"),
    "connections": [
        {
            "id": "line",
            "protocol": "modbus_tcp",
            "devices": [
                {"id": "panel", "profile": "panel", "zone": "exit", "address": 1, "labels": labels(HOSTILE, HOSTILE)},
                {
                    "id": "pressure",
                    "profile": "pressure",
                    "zone": "pump",
                    "address": 2,
                    "labels": labels("喷淋泵压力", "Sprinkler pump"),
                },
            ],
        }
    ],
}

_PROFILES: list[dict[str, Any]] = [
    {
        "profile": "pressure",
        "protocol": "modbus_tcp",
        "kind": "pressure_transmitter",
        "labels": labels("压力", "Pressure"),
        "source": "test",
        "max_silence_s": 10,
        "points": [
            {
                "id": "pressure",
                "quantity": "kPa",
                "labels": labels("压力", "Pressure"),
                "low": 250,
                "high": 1200,
            },
            {"id": "battery", "quantity": "percent", "labels": labels("电池", "Battery")},
        ],
    },
    {
        "profile": "panel",
        "protocol": "modbus_tcp",
        "kind": "fire_panel",
        "labels": labels("控制器", "Panel"),
        "source": "test",
        "max_silence_s": 10,
        "points": [
            {"id": "state", "kind": "state", "labels": labels("系统状态", "System state")},
            {"id": "l1p01", "kind": "state", "labels": labels("1回路1号", "Loop 1 point 1")},
        ],
    },
]
