"""What a browser keeps for whoever sits there: theme, size of the text, how loud each class sounds, map or tiles. Pure.

It stands in a cookie of the page, so that it is known before anything is drawn; it is no secret and says nothing of a
person. Whatever cannot be read counts as not said. A fire is never silent: below `FIRE_LEAST` is `FIRE_LEAST`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from domain.alarm import AlarmClass

PREFERENCES_COOKIE = "fengsui_desk"
MOST_COOKIE = 500
SIZES = (90, 100, 115, 130)
"""Text sizes, per cent."""

LOUDEST = 100
FIRE_LEAST = 30
"""Volume below which a fire does not go, per cent (assumption: heard at a desk)."""

VOLUMES: Mapping[AlarmClass, int] = MappingProxyType(
    {
        AlarmClass.FIRE: 80,
        AlarmClass.LINKAGE: 70,
        AlarmClass.SUPERVISORY: 50,
        AlarmClass.FAULT: 50,
        AlarmClass.HAZARD: 40,
        AlarmClass.DUTY: 40,
        AlarmClass.SYSTEM: 40,
    }
)
"""How loud each class is until somebody says otherwise, per cent; 0 is silent. Assumptions."""


class Theme(StrEnum):
    """How bright the screen is."""

    DAY = "day"
    NIGHT = "night"


class OverviewForm(StrEnum):
    """How the overview shows premises."""

    TILES = "tiles"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Preferences:
    """One browser's. ``size`` is one of `SIZES`; ``volumes`` has every class, 0 to 100."""

    theme: Theme = Theme.DAY
    size: int = 100
    volumes: Mapping[AlarmClass, int] = field(default_factory=lambda: VOLUMES)
    overview: OverviewForm = OverviewForm.TILES

    @classmethod
    def read(cls, cookie: str) -> Preferences:
        """Read a cookie's value; what is missing or senseless is as it is at first."""
        said = dict(parse_qsl(cookie[:MOST_COOKIE]))
        theme = Theme(said["theme"]) if said.get("theme") in set(Theme) else Theme.DAY
        size = _whole(said.get("size"), 100)
        overview = OverviewForm(said["overview"]) if said.get("overview") in set(OverviewForm) else OverviewForm.TILES
        found = cls(theme, size if size in SIZES else 100, overview=overview)
        for one in AlarmClass:
            found = found.louder(one, _whole(said.get(one.value), VOLUMES[one]))
        return found

    def louder(self, alarm_class: AlarmClass, volume: int) -> Preferences:
        """Return the same with another volume of a class."""
        least = FIRE_LEAST if alarm_class is AlarmClass.FIRE else 0
        volumes = {**self.volumes, alarm_class: max(least, min(LOUDEST, volume))}
        return replace(self, volumes=MappingProxyType(volumes))

    def written(self) -> str:
        """Return what goes into the cookie: letters, digits, ``=`` and ``&`` only."""
        volumes = {one.value: volume for one, volume in self.volumes.items()}
        return urlencode({"theme": self.theme.value, "size": self.size, "overview": self.overview.value, **volumes})


def _whole(said: str | None, otherwise: int) -> int:
    return int(said) if said is not None and said.isascii() and said.isdecimal() and len(said) <= 3 else otherwise
