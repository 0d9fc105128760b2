"""What can be wrong in a `modbus_tcp` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from domain.site import Connection, Device, Profile, Registry
from gateway.connectors.contract import Finding
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions, ModbusTcpSettings, unit_and_shift
from gateway.connectors.modbus_tcp.plan import Layout, plan_blocks
from gateway.connectors.modbus_tcp.planner import Cost
from gateway.connectors.modbus_tcp.reads import ModbusRead

_ANY_COST = Cost(1.0, 1.0)


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check unit ids, and that states are reported before their silence counts."""
    found: list[Finding] = []
    seen: set[tuple[str, tuple[int, int]]] = set()
    for at, settings in enumerate(connection.devices):
        try:
            address = unit_and_shift(settings.address)
            Layout.of(devices[at : at + 1])
        except ValidationError:
            mend = "write a smaller number behind the plus, or leave it out"
            found.append(Finding(("devices", at, "address"), "the shift leads past register 65535", mend))
            continue
        except ValueError as error:
            mend = "write the unit id of the device as a number, 1 to 247 on a serial line"
            found.append(Finding(("devices", at, "address"), str(error), mend))
            continue
        if (settings.profile, address) in seen:
            mend = "give each device its own unit id, or remove one of the two"
            found.append(Finding(("devices", at, "address"), "this unit id is used twice with this profile", mend))
        seen.add((settings.profile, address))
    heartbeat_s = ModbusTcpSettings.model_validate(connection.settings).heartbeat_s
    points = [registry.points[int(row)] for one in devices for row in registry.points.of_device(*one.key.split("/"))]
    shortest = min((point for point in points if point.is_event_lane), key=lambda p: p.max_silence_s, default=None)
    if shortest is not None and shortest.max_silence_s <= heartbeat_s:
        limit = f"{shortest.max_silence_s:g}"
        message = f"states are repeated every {heartbeat_s:g} s, but {shortest.key} counts as silent after {limit} s"
        found.append(Finding(("settings", "heartbeat_s"), message, f"write less than {limit}"))
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
