"""Which device model stands for which profile, and which faults a device can have.

Profiles without a model here are not simulated, and said so: a guess at somebody's register map would
prove nothing about the site.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.documents import nearest
from domain.site import Device, Registry
from simulators.devices.modbus_devices import (
    FirePanel,
    ModbusDevice,
    PowerMeter,
    PressureTransmitter,
    ResidualCurrentBreaker,
)
from simulators.devices.model import DeviceModel
from simulators.devices.mqtt_devices import Camera, MqttDevice, SmokeSensor
from simulators.errors import UnknownNameError
from simulators.faults import MODBUS_FAULTS, MQTT_FAULTS, TRANSMITTER_FAULTS, FaultKind

MODBUS_MODELS: Mapping[str, type[ModbusDevice]] = {
    "fire_panel_modbus": FirePanel,
    "qdy30a_pressure": PressureTransmitter,
    "ddsu666_meter": PowerMeter,
    "residual_current_breaker": ResidualCurrentBreaker,
}
MQTT_MODELS: Mapping[str, type[MqttDevice]] = {
    "wireless_smoke": SmokeSensor,
    "camera_ai": Camera,
}


TRANSMITTER = "transmitter"
"""Kind of the device that stands for a transmitter itself; it has a `Link` instead of a model."""


def make_model(device: Device, *, seed: int = 0) -> DeviceModel | None:
    """Return the device half of a site's device, or None when its profile has no model."""
    profile = device.profile.profile
    kind: type[DeviceModel] | None = MODBUS_MODELS.get(profile) or MQTT_MODELS.get(profile)
    return kind(device.settings.id, device.settings.address, seed=seed) if kind else None


def fault_kinds(device: Device) -> frozenset[FaultKind]:
    """Return the faults that a device can have, by the protocol it speaks."""
    if device.profile.kind == TRANSMITTER:
        return TRANSMITTER_FAULTS
    return MODBUS_FAULTS if device.profile.profile in MODBUS_MODELS else MQTT_FAULTS


def find_device(registry: Registry, name: str) -> Device:
    """Return the device called ``name`` or ``unit/name``; raises `UnknownNameError`."""
    if name in registry.devices:
        return registry.devices[name]
    found = [device for device in registry.devices.values() if device.settings.id == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownNameError("several units have such a device", f"write {' or '.join(item.key for item in found)}")
    raise UnknownNameError("no such device", nearest(name, {item.settings.id for item in registry.devices.values()}))


def find_transmitter(registry: Registry, name: str) -> Device:
    """Return the device of a transmitter called ``name`` or ``unit/name``; raises `UnknownNameError`."""
    named = {one.settings.id for one in registry.transmitters.values()} | set(registry.transmitters)
    if name not in named:
        raise UnknownNameError("no such transmitter", nearest(name, named))
    return find_device(registry, name)
