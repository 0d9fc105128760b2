"""What can be wrong in an `http_push` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from domain.site import Connection, Device, Profile, Registry
from gateway.connectors.contract import Finding
from gateway.connectors.http_push.config import HttpPushSettings
from gateway.connectors.http_push.protocol import MOST_ID


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check that each device can be told apart by its address."""
    del registry, devices
    found: list[Finding] = []
    seen: set[str] = set()
    for at, device in enumerate(connection.devices):
        path, address = ("devices", at, "address"), str(device.address)
        if not 0 < len(address) <= MOST_ID:
            mend = f"write the platform's id of the device, at most {MOST_ID} characters"
            found.append(Finding(path, "this can't be a device's id at a platform", mend))
        if address in seen:
            found.append(Finding(path, "two devices have the same address", "give each device its own address"))
        seen.add(address)
    return found


def check_profile(profile: Profile) -> list[Finding]:
    """Nothing to check beyond the models."""
    del profile
    return []


def exposure(connection: str, settings: HttpPushSettings) -> str | None:
    """Return a warning where the token crosses a network in clear: a choice, which `check` can't refuse."""
    if settings.cert_file is not None or settings.host == "localhost" or _is_loopback(settings.host):
        return None
    return (
        f"connection '{connection}' listens on {settings.host} without TLS: its token can be read on the way"
        " → write 'cert_file' and 'key_file', or listen on 127.0.0.1 behind a proxy that has them"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False
