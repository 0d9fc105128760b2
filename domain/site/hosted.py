"""A transmitter as the gateway that it is: its devices, and the points of its components."""

from __future__ import annotations

from domain import words  # as a module: its labels are those of this package, so either may be imported first
from domain.points import Point, PointKind
from domain.site.labels import Labels
from domain.site.models import Connection, DeviceSettings, GatewaySettings
from domain.site.transmitters import AnalogSettings, ComponentSettings, FacilitySystemSettings, TransmitterSettings

HOLDS_S = 366 * 86_400.0
"""A state that is told when it changes holds until then; whether its transmitter lives is another question."""


def as_gateway(settings: TransmitterSettings, connection: Connection) -> GatewaySettings:
    """Return the node: one connection, the transmitter itself as its first device, then its systems and devices.

    Device profiles are named after the protocol: ``<protocol>_transmitter``, ``<protocol>_system``.
    """
    itself = DeviceSettings(
        id=settings.id,
        profile=f"{connection.protocol}_transmitter",
        zone=settings.zone,
        labels=settings.labels,
        address=settings.address,
        tags=settings.tags,
        at=settings.spot,
    )
    systems = [
        DeviceSettings(
            id=system.id,
            profile=f"{connection.protocol}_system",
            zone=system.zone or settings.zone,
            labels=system.labels,
            address=f"{system.type}-{system.address}",
            tags=settings.tags,
            at=system.spot,
        )
        for system in settings.systems
    ]
    devices = [
        DeviceSettings(
            id=device.id,
            profile=device.profile or f"{connection.protocol}_system",
            zone=device.zone or settings.zone,
            labels=device.labels,
            address=device.name or "",
            tags=device.tags,
            at=device.spot,
        )
        for device in settings.devices
    ]
    inner = Connection(id=connection.id, protocol=connection.protocol, devices=(itself, *systems, *devices))
    return GatewaySettings(gateway=settings.id, unit=settings.unit, labels=settings.labels, connections=(inner,))


def points_of_component(
    transmitter: TransmitterSettings, system: FacilitySystemSettings, component: ComponentSettings
) -> list[Point]:
    """Return the state word of a component, then its analog values."""
    state = Point(
        unit=transmitter.unit,
        gateway=transmitter.id,
        device=system.id,
        name=component.id,
        kind=PointKind.STATE,
        max_silence_s=HOLDS_S,
        label_zh=component.labels.zh,
        label_en=component.labels.en,
        word=words.COMPONENT_STATE,
        zone=component.zone,
    )
    return [state, *(_analog(transmitter, system, component, analog) for analog in component.analogs)]


def analog_id(component: ComponentSettings, analog: AnalogSettings) -> str:
    """Return the point id of an analog value."""
    return analog.id or f"{component.id}-a{analog.type}"


def _analog(
    transmitter: TransmitterSettings,
    system: FacilitySystemSettings,
    component: ComponentSettings,
    analog: AnalogSettings,
) -> Point:
    labels = analog.labels or Labels(zh=component.labels.zh, en=component.labels.en)
    return Point(
        unit=transmitter.unit,
        gateway=transmitter.id,
        device=system.id,
        name=analog_id(component, analog),
        quantity=analog.quantity,
        low=analog.low,
        high=analog.high,
        max_silence_s=analog.max_silence_s,
        label_zh=labels.zh,
        label_en=labels.en,
        zone=component.zone,
    )
