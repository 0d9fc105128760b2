"""Finding a device among a hundred thousand: every word that was written must occur in its names, ids or place.

The texts to look through are made once for a site, a scope and a language, and kept while the devices are the same;
a search goes through them once for all browsers that look for the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.console.texts import Language
from dashboards.console.wording import floor_text
from domain.site import Device, Profile, Registry, Zone

MOST_SHOWN = 200
MOST_WORDS = 100
MADE_AT_ONCE = 5_000
"""Devices whose texts are made in some tens of milliseconds."""


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


class IndexInMaking:
    """An index of many devices is made beside everything else: a second of work must not hold up a hundred pages."""

    def __init__(self, registry: Registry, language: Language) -> None:
        """Make it at once where it is small, in a thread where it is not."""
        self.index: Index | None = None
        self._task: asyncio.Task[None] | None = None
        if len(registry.devices) <= MADE_AT_ONCE:
            self.index = index_of(registry, language)
        else:
            self._task = asyncio.create_task(self._make(registry, language), name="device-index")

    async def _make(self, registry: Registry, language: Language) -> None:
        self.index = await asyncio.to_thread(index_of, registry, language)


@dataclass(frozen=True, slots=True)
class Found:
    """The first of what was found, and how many there are."""

    devices: Sequence[Device]
    count: int


def index_of(registry: Registry, language: Language) -> Index:
    """Make the texts; what many devices share, their place and their profile, is written once."""
    places = {key: _folded(_place_words(zone, language)) for key, zone in registry.zones.items()}
    kinds = {name: _folded(_profile_words(profile, language)) for name, profile in registry.profiles.items()}
    texts = []
    for device in registry.devices.values():
        settings = device.settings
        own = f"{settings.labels.zh} {settings.labels.en} {device.key} {device.gateway.gateway} {settings.address}"
        place, kind = places.get(device.zone.key, ""), kinds.get(device.profile.profile, "")
        texts.append((device, f"{own.casefold()} {place} {kind}"))
    return Index(registry.devices, tuple(texts))


def _folded(words: Iterable[str]) -> str:
    return " ".join(words).casefold()


def _place_words(zone: Zone, language: Language) -> Iterator[str]:
    for labels in (zone.settings.labels, zone.building.labels, zone.unit.labels):
        yield labels.zh
        yield labels.en
    yield floor_text(zone.settings.floor, language)


def _profile_words(profile: Profile, language: Language) -> Iterator[str]:
    yield from (profile.profile, profile.kind, profile.labels.of(language))


def find(index: Index, wanted: Filter, most: int = MOST_SHOWN) -> Found:
    """Return the devices that fit, in the order of the site; each condition goes through what the one before left."""
    left: Sequence[tuple[Device, str]] = index.texts
    if wanted.unit:
        left = [one for one in left if one[0].gateway.unit == wanted.unit]
    for word in wanted.words.casefold().split():
        left = [one for one in left if word in one[1]]
    if wanted.kind:
        left = [one for one in left if one[0].profile.kind == wanted.kind]
    if wanted.zone:
        left = [one for one in left if one[0].zone.settings.kind.value == wanted.zone]
    return Found([device for device, _ in left[:most]], len(left))


def place_of(device: Device, language: Language) -> str:
    """Write where a device is: building, floor, zone."""
    zone = device.zone
    steps = (zone.building.labels.of(language), floor_text(zone.settings.floor, language))
    return " · ".join([*steps, zone.settings.labels.of(language)])
