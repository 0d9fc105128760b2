"""A made-up site of many gateways, for measurements, and the processes that work on it.

``python -m benchmarks.big_site PROCESS FOLDER`` runs one real process (rules, ingest or alerts) on it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from backbone.credentials import SERVICE, Credentials
from domain.documents import Document
from domain.site import Registry, build_registry

GATEWAYS = 25
DEVICES = 40
POINTS = 50
PANELS = 8
"""25 gateways of 25 units, 40 devices of 50 measures each: 50,000 points; and eight panels a gateway."""


def registry(store: dict[str, Any] | None = None) -> Registry:
    """Return the site, checked like any other."""
    numbers = range(GATEWAYS)
    site = {
        "site": "bench",
        "labels": _labels("bench"),
        "units": [_unit(number) for number in numbers],
        "store": store or {"kind": "duckdb"},
    }
    return build_registry(
        Document("site.yaml", site),
        [Document(f"gw{number}.yaml", _gateway(number)) for number in numbers],
        [Document("analog.yaml", _analog()), Document("panel.yaml", _panel())],
    )


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _unit(number: int) -> dict[str, Any]:
    zone = {"id": "room", "kind": "room", "floor": 1, "labels": _labels("room")}
    return {
        "id": f"unit{number}",
        "labels": _labels(f"unit {number}"),
        "buildings": [{"id": "main", "labels": _labels("main"), "zones": [zone]}],
    }


def _gateway(number: int) -> dict[str, Any]:
    devices = [_device(f"dev{n}", "analog", n + 1) for n in range(DEVICES)]
    connection = {
        "id": "line",
        "protocol": "modbus_tcp",
        "settings": {"host": "127.0.0.1", "port": 502},
        "devices": [*devices, *(_device(f"panel{n}", "panel", 200 + n) for n in range(PANELS))],
    }
    return {
        "gateway": f"gw{number}",
        "unit": f"unit{number}",
        "labels": _labels(f"gw {number}"),
        "connections": [connection],
    }


def _device(name: str, profile: str, address: int) -> dict[str, Any]:
    return {"id": name, "profile": profile, "zone": "room", "labels": _labels(name), "address": address}


def _analog() -> dict[str, Any]:
    points = [
        {"id": f"p{n}", "labels": _labels(f"p{n}"), "quantity": "kPa", "low": 250, "high": 1200} for n in range(POINTS)
    ]
    return _profile("analog", "pressure_transmitter", points)


def _panel() -> dict[str, Any]:
    return _profile("panel", "fire_panel", [{"id": "state", "labels": _labels("state"), "kind": "state"}])


def _profile(name: str, kind: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "profile": name,
        "protocol": "modbus_tcp",
        "kind": kind,
        "labels": _labels(name),
        "source": "made up for measurements",
        "max_silence_s": 86_400,
        "points": points,
    }


async def connect(folder: Path, name: str) -> Backbone:
    """Join the server whose files are below ``folder``."""
    ports = json.loads((folder / "nats" / "ports.json").read_text())
    users = json.loads((folder / "nats" / "users.json").read_text())
    url = f"nats://127.0.0.1:{ports['client']}"
    return await Backbone.connect(url, credentials=Credentials(SERVICE, users[SERVICE]), name=name)


async def run_process(name: str, folder: Path) -> None:
    """Run one real process until it is terminated."""
    stop = asyncio.Event()
    site = registry()
    async with await connect(folder, name) as backbone:
        if name == "ingest":
            from ingest import process as ingest_process

            await ingest_process.run(site, backbone, data_dir=folder / "ingest", stop=stop)
        elif name == "rules":
            from cli.rule_files import load_ruleset
            from rules import process as rules_process

            await rules_process.run(site, backbone, load_ruleset(site), stop=stop)
        else:
            from alerts import process as alerts_process

            await alerts_process.run(
                site,
                backbone,
                database_url=f"sqlite:///{folder / 'alerts.db'}",
                answer_base_url="http://127.0.0.1:1",
                signing_key=b"only for a benchmark",
                stop=stop,
            )


if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    asyncio.run(run_process(sys.argv[1], Path(sys.argv[2])))
