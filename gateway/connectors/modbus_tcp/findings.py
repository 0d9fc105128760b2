"""What can be wrong in a `modbus_tcp` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from domain.site import Connection, Device, Profile, Registry
from gateway.connectors.contract import Finding
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions, ModbusTcpSettings, unit_and_shift
from gateway.connectors.modbus_tcp.plan import Layout, grouped, plan_blocks
from gateway.connectors.modbus_tcp.planner import Cost
from gateway.connectors.modbus_tcp.reads import ModbusRead
from gateway.connectors.silence import check_silence

_ANY_COST = Cost(1.0, 1.0)


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check unit ids, and that every point is read and reported before its silence counts."""
    found: list[Finding] = []
    seen: set[tuple[str, tuple[tuple[int, int], ...]]] = set()
    for at, device in enumerate(devices):
        wrong = _wrong_addresses(at, device)
        found += wrong
        if wrong:
            continue
        settings = device.settings
        places = tuple(unit_and_shift(one) for one in (settings.address, *settings.parts.values()))
        if (settings.profile, places) in seen:
            mend = "give each device its own unit id, or remove one of the two"
            found.append(Finding(("devices", at, "address"), "this unit id is used twice with this profile", mend))
        seen.add((settings.profile, places))
    heartbeat_s = ModbusTcpSettings.model_validate(connection.settings).heartbeat_s
    return found + check_silence(registry, devices, heartbeat_s=heartbeat_s)


def _wrong_addresses(at: int, device: Device) -> list[Finding]:
    """Check the unit id of a device and those of its parts, and that every shift stays inside the tables."""
    settings, found = device.settings, []
    named = [(("address",), settings.address), *((("parts", name), one) for name, one in settings.parts.items())]
    for path, address in named:
        try:
            unit_and_shift(address)
        except ValueError as error:
            mend = "write the unit id of the device as a number, 1 to 247 on a serial line"
            found.append(Finding(("devices", at, *path), str(error), mend))
    if found:
        return found
    try:
        for parts in grouped([device]).values():
            Layout.of(parts)
    except ValidationError:
        mend = "write a smaller number behind the plus, or leave it out"
        found.append(Finding(("devices", at, "address"), "the shift leads past register 65535", mend))
    return found


def check_profile(profile: Profile) -> list[Finding]:
    """Check that each value fits into one request of the size that the device allows."""
    options = ModbusProfileOptions.model_validate(profile.options)
    found = []
    for at, point in enumerate(profile.points):
        read = ModbusRead.model_validate(point.read)
        try:
            plan_blocks([read], _ANY_COST, options)
        except ValueError as error:
            mend = "raise options.max_registers, move the registers closer together, or correct options.bad"
            found.append(Finding(("points", at, "read"), str(error), mend))
    return found
