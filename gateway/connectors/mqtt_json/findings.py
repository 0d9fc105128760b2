"""What can be wrong in an `mqtt_json` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Sequence

from domain.site import Connection, Device, Profile, Registry
from gateway.connectors.contract import Finding
from gateway.connectors.mqtt_json.config import ADDRESS_PATTERN, MqttProfileOptions
from gateway.connectors.reporter import HEARTBEAT_S
from gateway.connectors.silence import check_silence


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check that each device can be told apart by its topic, and that nothing is held back for too long."""
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for at, settings in enumerate(connection.devices):
        path = ("devices", at, "address")
        if not ADDRESS_PATTERN.fullmatch(str(settings.address)):
            mend = "write the part of the topic that names the device, without '/', '+', '#' and spaces"
            found.append(Finding(path, "this can't be one level of a topic", mend))
        profile = registry.profiles.get(settings.profile)
        topic = MqttProfileOptions.model_validate(profile.options).topic if profile else ""
        if (topic, str(settings.address)) in seen:
            found.append(Finding(path, "two devices have the same topic", "give each device its own address"))
        seen.add((topic, str(settings.address)))
    return found + check_silence(registry, devices, heartbeat_s=HEARTBEAT_S, polled=False)


def check_profile(profile: Profile) -> list[Finding]:
    """Nothing to check beyond the models."""
    del profile
    return []
