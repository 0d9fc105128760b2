"""What can be wrong in a `jbf293k` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Sequence

from domain.points import PointKind
from domain.site import Connection, Device, Profile, Registry
from gateway.connectors.contract import Finding
from gateway.connectors.jbf293k.config import Jbf293kRead, Jbf293kSettings

LAST_CONTROLLER = 255


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check controller numbers, and that the system word is told before its silence counts."""
    found: list[Finding] = []
    seen: set[object] = set()
    for at, settings in enumerate(connection.devices):
        path = ("devices", at, "address")
        if not isinstance(settings.address, int) or not 0 <= settings.address <= LAST_CONTROLLER:
            mend = "write the panel's number as it stands on its display, 0 to 255"
            found.append(Finding(path, "a controller's number is 0 to 255", mend))
        elif settings.address in seen:
            found.append(Finding(path, "this controller is there twice", "remove one of the two"))
        seen.add(settings.address)
    heartbeat_s = Jbf293kSettings.model_validate(connection.settings).heartbeat_s
    for device in devices:
        row = registry.points.get(f"{device.key}/state")
        if row is not None and registry.points[row].max_silence_s <= heartbeat_s:
            limit = f"{registry.points[row].max_silence_s:g}"
            message = (
                f"states are repeated every {heartbeat_s:g} s, but {device.key}/state counts as silent after {limit} s"
            )
            found.append(Finding(("settings", "heartbeat_s"), message, f"write less than {limit}"))
    return found


def check_profile(profile: Profile) -> list[Finding]:
    """Check that components are states, each at a place of its own, and that the panel has its system word."""
    found: list[Finding] = []
    seen: set[tuple[int, int]] = set()
    for at, point in enumerate(profile.points):
        place = Jbf293kRead.model_validate(point.read).place
        if place is None:
            continue
        if point.kind is not PointKind.STATE:
            found.append(Finding(("points", at, "kind"), "a component is a state word", "write kind: state"))
        if place in seen:
            mend = "give each component its own loop and point"
            found.append(Finding(("points", at, "read"), f"loop {place[0]} point {place[1]} is there twice", mend))
        seen.add(place)
    if not any(point.id == "state" for point in profile.points):
        mend = "copy the panel's own points from the profile 'jbf293k_panel'"
        found.append(Finding(("points",), "the panel's own word 'state' is missing", mend))
    return found
