"""The gateway as a device of its own unit: what it counts about itself are points like all others.

A gateway that has a process is a device too, of kind ``gateway``, called ``<gateway>-itself``. Its points are
born, stored, charted and watched by rules on the same way as a pump's pressure, so that a reading that was dropped
is an alarm and not a line in a log. It stands in ``zone`` of the gateway's file; where nobody says, in the zone of
its first device (assumption: a gateway hangs beside what it reads).
"""

from __future__ import annotations

from domain.site.models import Connection, DeviceSettings, GatewaySettings

PROFILE = PROTOCOL = "gateway_itself"
"""Name of the device profile, and the protocol that no connection of a site has."""


SUFFIX = "-itself"
MOST_ID = 64


def device_id(gateway: str) -> str:
    """Return the id of a gateway's own device: sites may have given the gateway's own id to another device."""
    return gateway[: MOST_ID - len(SUFFIX)] + SUFFIX


def as_device(gateway: GatewaySettings) -> Connection | None:
    """Return the connection with the gateway's own device, None where no zone of its unit is known."""
    zone = gateway.zone or _first_zone(gateway)
    if zone is None:
        return None
    itself = DeviceSettings(
        id=device_id(gateway.gateway),
        profile=PROFILE,
        zone=zone,
        labels=gateway.labels,
        address=gateway.gateway,
        at=gateway.at,
    )
    return Connection(id=PROTOCOL, protocol=PROTOCOL, devices=(itself,))


def _first_zone(gateway: GatewaySettings) -> str | None:
    for connection in gateway.connections:
        for device in connection.devices:
            return device.zone
        for transmitter in connection.transmitters:
            if transmitter.unit == gateway.unit:
                return transmitter.zone
    return None
