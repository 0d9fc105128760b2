"""A small site written on the spot: one unit, one zone, and the gateways and profiles that an experiment asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNIT, GATEWAY = "desk", "gw"
LABELS = {"zh": "试验台", "en": "desk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallSite:
    """What the files say. ``gateways``: connections of each gateway; ``more``: further settings of every gateway."""

    gateways: Mapping[str, Sequence[Mapping[str, Any]]]
    profiles: Sequence[Mapping[str, Any]] = ()
    more: Mapping[str, Any] | None = None
    store: Mapping[str, Any] | None = None

    def write(self, folder: Path) -> None:
        """Write site.yaml, gateways and profiles into ``folder``, over what is there (JSON is YAML, too)."""
        zone = {"id": "room", "kind": "room", "floor": 1, "labels": LABELS}
        building = {"id": "house", "labels": LABELS, "zones": [zone]}
        unit = {"id": UNIT, "labels": LABELS, "buildings": [building]}
        site: dict[str, Any] = {"site": "desk", "labels": LABELS, "units": [unit]}
        if self.store is not None:
            site["store"] = dict(self.store)
        _put(folder / "site.yaml", site)
        for name, connections in self.gateways.items():
            gateway = {"gateway": name, "unit": UNIT, "labels": LABELS, "connections": list(connections)}
            _put(folder / "gateways" / f"{name}.yaml", {**gateway, **(self.more or {})})
        for profile in self.profiles:
            _put(folder / "profiles" / f"{profile['profile']}.yaml", dict(profile))


def one_gateway(
    *connections: Mapping[str, Any],
    profiles: Sequence[Mapping[str, Any]] = (),
    store: Mapping[str, Any] | None = None,
    **more: Any,
) -> SmallSite:
    """Return a site with a single gateway ``gw``."""
    return SmallSite(gateways={GATEWAY: connections}, profiles=profiles, more=more, store=store)


def device(name: str, profile: str, address: int | str, **more: Any) -> dict[str, Any]:
    """Return a device of a connection."""
    return {"id": name, "profile": profile, "zone": "room", "labels": LABELS, "address": address, **more}


def modbus(
    name: str, settings: Mapping[str, Any], devices: Sequence[Mapping[str, Any]], *, period_s: float
) -> dict[str, Any]:
    """Return a Modbus connection; TCP on loopback unless ``settings`` say something else."""
    where = {} if settings.get("transport") == "serial" else {"host": "127.0.0.1"}
    return {
        "id": name, "protocol": "modbus_tcp", "period_s": period_s, "settings": {**where, **settings},
        "devices": list(devices),
    }  # fmt: skip


def sensors(name: str, port: int, devices: Sequence[Mapping[str, Any]], **settings: Any) -> dict[str, Any]:
    """Return a connection to an MQTT broker on loopback."""
    return {
        "id": name, "protocol": "mqtt_json", "settings": {"host": "127.0.0.1", "port": port, **settings},
        "devices": list(devices),
    }  # fmt: skip


def modbus_profile(name: str, points: Sequence[Mapping[str, Any]], **options: Any) -> dict[str, Any]:
    """Return a profile of Modbus points; see `register` and `state`."""
    return _profile(name, "modbus_tcp", points, options)


def sensor_profile(name: str, points: Sequence[Mapping[str, Any]], **options: Any) -> dict[str, Any]:
    """Return a profile of JSON fields; the topic is ``<name>/{address}``."""
    return _profile(name, "mqtt_json", points, {"topic": f"{name}/{{address}}", **options})


def register(name: str, address: int, **read: Any) -> dict[str, Any]:
    """Return a measure at a holding register, u16 unless ``read`` says something else."""
    return {"id": name, "labels": LABELS, "read": {"address": address, **read}}


def state(name: str, address: int, **read: Any) -> dict[str, Any]:
    """Return a state word at a holding register."""
    return {**register(name, address, **read), "kind": "state"}


def field(name: str, *, kind: str = "measure", **read: Any) -> dict[str, Any]:
    """Return a point at a JSON field of the same name."""
    return {"id": name, "labels": LABELS, "kind": kind, "read": {"path": name, **read}}


def _profile(
    name: str, protocol: str, points: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "profile": name, "protocol": protocol, "kind": name, "labels": LABELS, "source": "written for an experiment",
        "points": list(points), "options": dict(options),
    }  # fmt: skip


def _put(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
