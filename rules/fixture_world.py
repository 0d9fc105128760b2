"""The little premises of a rule test: zones and devices as a test file writes them → `Registry`.

It goes through the same documents and checks as a real site: a unit ``u`` with one building ``b``,
one gateway ``gw``, one profile for each device. Transmitters are hosted by ``gw`` and share a profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from domain.documents import Document
from domain.ids import Token
from domain.points import PointKind
from domain.quantity import Quantity
from domain.site import Labels, Registry, ZoneKind, build_registry
from domain.site.hours import Span
from domain.site.labels import Settings

UNIT, BUILDING, GATEWAY = "u", "b", "gw"
DAY_S = 86_400.0


def _labels(value: Any) -> Any:
    """Let a test write one label for both languages."""
    return {"zh": value, "en": value} if isinstance(value, str) else value


ShortLabels = Annotated[Labels, BeforeValidator(_labels)]


class WorldPoint(Settings):
    """A point; most tests need only its id."""

    id: Token
    kind: PointKind = PointKind.MEASURE
    quantity: Quantity = Quantity.NONE
    word: Token | None = None
    labels: ShortLabels | None = None
    low: float | None = None
    high: float | None = None
    max_silence_s: float = 60.0


class WorldZone(Settings):
    """A zone of the building."""

    id: Token
    kind: ZoneKind = ZoneKind.ROOM
    floor: int = 1
    labels: ShortLabels | None = None
    opening: tuple[Span, ...] | None = None


class WorldDevice(Settings):
    """A device with its points."""

    id: Token
    kind: Token
    zone: Token
    labels: ShortLabels | None = None
    tags: tuple[Token, ...] = ()
    points: tuple[WorldPoint, ...] = Field(min_length=1)


class WorldTransmitter(Settings):
    """A transmitter: a gateway that ``gw`` hosts, and the device that stands for itself."""

    id: Token
    zone: Token
    labels: ShortLabels | None = None


class World(Settings):
    """Where a rule is tried."""

    building: ShortLabels = Labels(zh="东楼", en="East building")
    gateway: ShortLabels = Labels(zh="东楼网关", en="East gateway")
    zones: tuple[WorldZone, ...] = Field(min_length=1)
    devices: tuple[WorldDevice, ...] = ()
    transmitters: tuple[WorldTransmitter, ...] = ()
    transmitter_points: tuple[WorldPoint, ...] = Field(
        default=(WorldPoint(id="state", kind=PointKind.STATE, max_silence_s=DAY_S),), min_length=1
    )

    def registry(self, file: str) -> Registry:
        """Build the registry; raises `ConfigurationError` for wrong references."""
        site = Document(file, {"site": "test", "labels": _labels("test"), "units": [self._unit()]})
        gateway = {
            "gateway": GATEWAY,
            "unit": UNIT,
            "labels": self.gateway.model_dump(),
            "connections": [
                {
                    "id": "line",
                    "protocol": "none",
                    "devices": [_device(one) for one in self.devices],
                    "transmitters": [_transmitter(at, one) for at, one in enumerate(self.transmitters)],
                }
            ],
        }
        profiles = [_profile(file, one.id, one.kind, one.points) for one in self.devices]
        profiles.append(_profile(file, "none_transmitter", "transmitter", self.transmitter_points))
        return build_registry(site, [Document(file, gateway)], profiles)

    def _unit(self) -> dict[str, Any]:
        zones = [
            {
                "id": zone.id,
                "kind": zone.kind.value,
                "floor": zone.floor,
                "labels": _named(zone),
                "opening": None if zone.opening is None else [_written(span) for span in zone.opening],
            }
            for zone in self.zones
        ]
        building = {"id": BUILDING, "labels": self.building.model_dump(), "zones": zones}
        return {"id": UNIT, "labels": {"zh": "测试单位", "en": "Test premises"}, "buildings": [building]}


def _named(thing: WorldPoint | WorldZone | WorldDevice | WorldTransmitter) -> dict[str, str]:
    labels = thing.labels or Labels(zh=thing.id, en=thing.id)
    return labels.model_dump()


def _written(span: Span) -> dict[str, Any]:
    return span.model_dump(mode="json", by_alias=True)


def _device(device: WorldDevice) -> dict[str, Any]:
    return {
        "id": device.id,
        "profile": device.id,
        "zone": device.zone,
        "labels": _named(device),
        "address": device.id,
        "tags": list(device.tags),
    }


def _transmitter(at: int, transmitter: WorldTransmitter) -> dict[str, Any]:
    labels = _named(transmitter)
    return {"id": transmitter.id, "unit": UNIT, "address": at + 1, "zone": transmitter.zone, "labels": labels}


def _profile(file: str, name: str, kind: str, points: Sequence[WorldPoint]) -> Document:
    described = [
        {
            "id": point.id,
            "kind": point.kind.value,
            "quantity": point.quantity.value,
            "word": point.word,
            "labels": _named(point),
            "low": point.low,
            "high": point.high,
            "max_silence_s": point.max_silence_s,
        }
        for point in points
    ]
    profile = {
        "profile": name,
        "protocol": "none",
        "kind": kind,
        "labels": {"zh": name, "en": name},
        "source": "test",
        "points": described,
    }
    return Document(file, profile)
