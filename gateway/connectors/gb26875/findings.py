"""What can be wrong in a `gb26875` part of a site beyond the shape of each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from domain.documents import Path, nearest
from domain.site import Connection, Device, Profile, Registry
from domain.site.transmitters import AUTO, TransmitterSettings
from gateway.connectors.contract import Finding
from gateway.connectors.gb26875.access_device import PROFILE as ACCESS_PROFILE
from gateway.connectors.gb26875.config import Gb26875Settings
from gateway.connectors.gb26875.profile import DeviceProfile, address_bytes, component_bytes
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD

ACCESS_ADDRESS = "access"


def check_connection(connection: Connection, registry: Registry, devices: Sequence[Device]) -> list[Finding]:
    """Check addresses, device profiles and components of all transmitters, the access server, who may be set."""
    del devices
    settings = Gb26875Settings.model_validate(connection.settings)
    found = [
        *_own_devices(connection),
        *_clocks(connection, settings),
        *_port(connection, registry, settings),
        *_strangers(connection, settings),
    ]
    seen: dict[tuple[bytes, str | None], TransmitterSettings] = {}
    for at, transmitter in enumerate(connection.transmitters):
        path: Path = ("transmitters", at)
        if transmitter.devices:
            mend = "write what hangs on a transmitter under 'systems'"
            found.append(Finding((*path, "devices"), "'devices' are those of Sparkplug edges", mend))
        profile = _profile(transmitter)
        if profile is None:
            mend = nearest(transmitter.profile, (AUTO, *PROFILES))
            found.append(Finding((*path, "profile"), "no such device profile", mend))
            continue
        found += _address(transmitter, profile, path, seen)
        found += _components(transmitter, profile, path)
    return found


def exposure(connection: Connection, settings: Gb26875Settings) -> str | None:
    """Return a warning where anybody may use a registered address: a choice, which `check` can't refuse."""
    away = settings.host != "localhost" and not _is_loopback(settings.host)
    if not away or settings.allow or all(one.peer is not None for one in connection.transmitters):
        return None
    return (
        f"connection '{connection.id}' listens on {settings.host} and believes everybody who uses a registered address"
        " → write 'allow', or 'peer' for each transmitter"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def check_profile(profile: Profile) -> list[Finding]:
    """Nothing to check beyond the models: what frames carry is fixed by the standard."""
    del profile
    return []


def _profile(transmitter: TransmitterSettings) -> DeviceProfile | None:
    return STANDARD if transmitter.profile == AUTO else PROFILES.get(transmitter.profile)


def _own_devices(connection: Connection) -> Iterator[Finding]:
    """Yield what is wrong with the devices that are no transmitters: one may be there, the server itself."""
    for at, device in enumerate(connection.devices):
        if device.profile != ACCESS_PROFILE:
            mend = f"write it under 'transmitters', or give it the profile {ACCESS_PROFILE}"
            yield Finding(("devices", at, "profile"), "a device of this connection is the access server itself", mend)
        elif at:
            yield Finding(("devices", at, "profile"), "a connection has one access server", "remove this one")
        elif device.address != ACCESS_ADDRESS:
            mend = f"write 'address: {ACCESS_ADDRESS}'"
            yield Finding(("devices", at, "address"), "the access server has no address of its own", mend)


def _clocks(connection: Connection, settings: Gb26875Settings) -> Iterator[Finding]:
    """Yield who is named in ``set_clocks`` and is no transmitter here."""
    if isinstance(settings.set_clocks, bool):
        return
    known = {f"{one.unit}/{one.id}": None for one in connection.transmitters}
    for at, key in enumerate(settings.set_clocks):
        if key not in known:
            mend = nearest(key, known)
            yield Finding(("settings", "set_clocks", at), "no such transmitter on this connection", mend)


def _strangers(connection: Connection, settings: Gb26875Settings) -> Iterator[Finding]:
    """Yield that strangers are confirmed while nothing could tell of a fire in their frames."""
    if settings.confirm_strangers and not any(one.profile == ACCESS_PROFILE for one in connection.devices):
        message = "a stranger's fire would be confirmed and told to nobody: the access server is no device here"
        mend = f"add a device with the profile {ACCESS_PROFILE} and 'address: {ACCESS_ADDRESS}', or write false"
        yield Finding(("settings", "confirm_strangers"), message, mend)


def _port(connection: Connection, registry: Registry, settings: Gb26875Settings) -> Iterator[Finding]:
    """Yield a port that another connection of the same gateway listens on."""
    mine = next((one for one in registry.gateways.values() if connection in one.connections), None)
    for other in mine.connections if mine is not None and settings.port else ():
        if other is connection:
            return
        if other.protocol == connection.protocol and other.settings.get("port") == settings.port:
            yield Finding(
                ("settings", "port"),
                f"connection '{other.id}' listens on this port",
                "write another port, or join them",
            )


def _address(
    transmitter: TransmitterSettings,
    profile: DeviceProfile,
    path: Path,
    seen: dict[tuple[bytes, str | None], TransmitterSettings],
) -> Iterator[Finding]:
    """Yield what is wrong with an address: its form, or that another transmitter has it."""
    try:
        raw = address_bytes(transmitter.address, profile)
    except ValueError as error:
        yield _finding((*path, "address"), error)
        return
    other = seen.setdefault((raw, transmitter.peer), transmitter)
    if other is not transmitter:
        message = f"{other.unit}/{other.id} has this address"
        yield Finding((*path, "address"), message, "give each its own address, or tell them apart by 'peer'")


def _components(transmitter: TransmitterSettings, profile: DeviceProfile, path: Path) -> Iterator[Finding]:
    """Yield systems that are the same, and components whose address is no address or another's."""
    systems: set[tuple[int, int]] = set()
    for s, system in enumerate(transmitter.systems):
        where: Path = (*path, "systems", s)
        if (system.type, system.address) in systems:
            mend = "give each system its own address, or join their components"
            yield Finding((*where, "address"), "two systems have this type and address", mend)
        systems.add((system.type, system.address))
        taken: dict[tuple[bytes, int | None], str] = {}
        for c, component in enumerate(system.components):
            try:
                raw = component_bytes(component.at, profile)
            except ValueError as error:
                yield _finding((*where, "components", c, "at"), error)
                continue
            other = taken.setdefault((raw, component.type), component.id)
            if other != component.id:
                mend = "give each its own address; the type tells two apart only where both have one"
                yield Finding((*where, "components", c, "at"), f"component '{other}' has this address", mend)


def _finding(path: Path, error: ValueError) -> Finding:
    """Return a finding from an error of ours: 'what is wrong → what to write'."""
    message, _, mend = str(error).partition(" → ")
    return Finding(path, message, mend or "write it as the device's own papers do")
