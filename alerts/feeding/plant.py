"""What a unit consists of, as the site says: devices, gateways, duty transmitters, and who stands behind whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.site import Registry
from domain.site.itself import PROFILE


@dataclass(slots=True)
class UnitPlant:
    """Keys are ``unit/id``.

    ``devices`` tells of each device the gateways whose absence hides it; ``hosts`` of each transmitter its host;
    ``duty`` of each transmitter on duty the ``(host, connection)`` that is asked about its roll-calls.
    """

    devices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gateways: list[str] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    duty: dict[str, tuple[str, str]] = field(default_factory=dict)


def plants(registry: Registry) -> Mapping[str, UnitPlant]:
    """Return the plant of every unit; gateways' own devices are left out."""
    found: dict[str, UnitPlant] = defaultdict(UnitPlant)
    for unit in registry.units:
        found[unit]  # a unit without devices has facts too
    for key in registry.gateways:
        found[key.partition("/")[0]].gateways.append(key)
    for key, transmitter in registry.transmitters.items():
        plant = found[transmitter.settings.unit]
        plant.hosts[key] = transmitter.host
        if transmitter.settings.duty:
            plant.duty[key] = (transmitter.host, transmitter.connection)
    for key, device in registry.devices.items():
        if device.profile.profile == PROFILE:
            continue
        unit = key.partition("/")[0]
        gateway = f"{unit}/{device.gateway.gateway}"
        host = registry.transmitters[gateway].host if gateway in registry.transmitters else None
        found[unit].devices[key] = (gateway,) if host is None else (gateway, host)
    return dict(found)
