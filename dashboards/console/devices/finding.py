"""Finding a device among a hundred thousand: every word that was written must occur in its names, ids or place.

The texts to look through are made once for a site, a scope and a language, and kept while the devices are the same;
a search goes through them once for all browsers that look for the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.console.texts import Language
from dashboards.console.wording import floor_text
from domain.site import Device, Registry

MOST_SHOWN = 200
MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty means anything. ``zone`` is a zone's kind, ``kind`` a device's."""

    words: str = ""
    unit: str = ""
    kind: str = ""
    zone: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """Read an address."""
        given = {name: query.get(name, "")[:MOST_WORDS] for name in ("unit", "kind", "zone")}
        return cls(words=query.get("q", "")[:MOST_WORDS], **given)

    def query(self) -> dict[str, str]:
        """Return the address's part; empty ones are left out."""
        found = {"q": self.words, "unit": self.unit, "kind": self.kind, "zone": self.zone}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Index:
    """All devices with the text that is searched; ``devices`` is the mapping that it was made of."""

    devices: Mapping[str, Device]
    texts: tuple[tuple[Device, str], ...]

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of devices that there are."""
        return sorted({device.profile.kind for device, _ in self.texts})

    @property
    def zones(self) -> list[str]:
        """Return the kinds of zones that have devices."""
        return sorted({device.zone.settings.kind.value for device, _ in self.texts})


@dataclass(frozen=True, slots=True)
class Found:
    """The first of what was found, and how many there are."""

    devices: Sequence[Device]
    count: int


def index_of(registry: Registry, language: Language) -> Index:
    """Make the texts."""
    texts = tuple((device, " ".join(_words(device, language)).casefold()) for device in registry.devices.values())
    return Index(registry.devices, texts)


def _words(device: Device, language: Language) -> Iterator[str]:
    zone = device.zone
    for labels in (device.settings.labels, zone.settings.labels, zone.building.labels, zone.unit.labels):
        yield labels.zh
        yield labels.en
    yield from (device.key, device.profile.profile, device.profile.kind, device.profile.labels.of(language))
    yield from (device.gateway.gateway, str(device.settings.address), floor_text(zone.settings.floor, language))


def find(index: Index, wanted: Filter, most: int = MOST_SHOWN) -> Found:
    """Return the devices that fit, in the order of the site."""
    words = wanted.words.casefold().split()
    count = 0
    found: list[Device] = []
    for device, text in index.texts:
        if (
            all(word in text for word in words)
            and wanted.unit in ("", device.gateway.unit)
            and wanted.kind in ("", device.profile.kind)
            and wanted.zone in ("", device.zone.settings.kind.value)
        ):
            count += 1
            if count <= most:
                found.append(device)
    return Found(found, count)


def place_of(device: Device, language: Language) -> str:
    """Write where a device is: building, floor, zone."""
    zone = device.zone
    steps = (zone.building.labels.of(language), floor_text(zone.settings.floor, language))
    return " · ".join([*steps, zone.settings.labels.of(language)])
