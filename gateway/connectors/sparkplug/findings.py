"""What can be wrong in a `sparkplug` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.documents import Path
from domain.site import Connection, Device, Profile, Registry, TransmitterSettings
from gateway.connectors.contract import Finding
from gateway.connectors.sparkplug.config import SparkplugRead
from gateway.connectors.sparkplug.protocol import MOST_NAME


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check the addresses of all edges, and the names of their devices."""
    del registry, devices
    found: list[Finding] = []
    for at, _ in enumerate(connection.devices):
        mend = "write an edge under 'transmitters', and its devices under its 'devices'"
        found.append(Finding(("devices", at), "devices of a Sparkplug broker hang on an edge", mend))
    seen: set[str] = set()
    for at, edge in enumerate(connection.transmitters):
        path: Path = ("transmitters", at)
        found += _edge(edge, path)
        if str(edge.address) in seen:
            found.append(Finding((*path, "address"), "two edges have this address", "remove one of the two"))
        seen.add(str(edge.address))
    return found


def check_profile(profile: Profile) -> list[Finding]:
    """Check that no metric is two points."""
    found: list[Finding] = []
    seen: set[str] = set()
    for at, point in enumerate(profile.points):
        metric = SparkplugRead.model_validate(point.read).metric
        if metric in seen:
            path: Path = ("points", at, "read", "metric")
            found.append(Finding(path, "this metric is another point already", "give each point its own metric"))
        if metric is not None:
            seen.add(metric)
    return found


def _edge(edge: TransmitterSettings, path: Path) -> Iterator[Finding]:
    parts = str(edge.address).split("/")
    if len(parts) != 2 or not all(0 < len(part) <= MOST_NAME and not set(part) & set("+#") for part in parts):
        mend = "write group/edge, as 'fengsui unregistered' shows it"
        yield Finding((*path, "address"), "this can't be an edge's address", mend)
    if edge.systems:
        mend = "write what hangs on an edge under 'devices'"
        yield Finding((*path, "systems"), "'systems' are those of transmission devices of GB/T 26875", mend)
    seen: set[str | None] = set()
    for at, device in enumerate(edge.devices):
        if device.name in seen:
            mend = "give each its own name; one may have none, and is the edge itself"
            yield Finding((*path, "devices", at), "two devices have this name", mend)
        seen.add(device.name)
