"""Which units the first level shows: all, those of an area, of a part of the map, or whose names have some words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dashboards.console.alarms.filters import NO_AREA
from dashboards.console.overview.words import PATH, address
from dashboards.console.preferences import OverviewForm
from dashboards.live.geography import Box
from dashboards.live.summary import Summary
from domain.site import Registry, UnitSettings

NO_PLACE = "-"
"""What an address calls the units without a location."""

MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for. ``part``: a `Box`, or `NO_PLACE`; ``view``: tiles or map, else as the browser keeps."""

    area: str = ""
    words: str = ""
    part: str = ""
    page: int = 0
    view: str = ""
    wall: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Wanted:
        """Read a query; what is senseless counts as not said."""
        part = query.get("in", "")
        view = query.get("view", "")
        return cls(
            area=query.get("area", "")[:MOST_WORDS],
            words=query.get("q", "").strip()[:MOST_WORDS],
            part=part if part == NO_PLACE or Box.read(part) else "",
            page=_number(query.get("page", "")),
            view=view if view in set(OverviewForm) else "",
            wall=query.get("wall", ""),
        )

    def path(self, *, part: str = "", view: str = "", words: str = "", page: int = 0) -> str:
        """Return another address within the same area; ``wall`` stays."""
        query = {"area": self.area, "q": words, "in": part, "view": view, "wall": self.wall}
        return address(PATH, **query, page=str(page) if page > 0 else "")

    def turned(self, page: int) -> str:
        """Return the address of another page of the same units."""
        return self.path(part=self.part, view=self.view, words=self.words, page=page)

    def whole(self) -> Wanted:
        """Return the same without page: what names the units."""
        return replace(self, page=0, view="", wall="")

    def of(self, registry: Registry, summary: Summary) -> Iterator[str]:
        """Yield the units in the order of the overview."""
        sought, box = self.words.casefold(), Box.read(self.part)
        for unit in summary.order:
            settings = registry.units[unit]
            if self._is_within(settings, box) and (not sought or _is_called(settings, sought)):
                yield unit

    def has(self, settings: UnitSettings) -> bool:
        """Tell whether a unit lies in the area and the part, whatever it is called."""
        return self._is_within(settings, Box.read(self.part))

    def _is_within(self, settings: UnitSettings, box: Box | None) -> bool:
        if self.area and (settings.area or NO_AREA) != self.area:
            return False
        place = settings.location
        if self.part == NO_PLACE:
            return place is None
        return box is None or (place is not None and box.has(place))


def _is_called(settings: UnitSettings, sought: str) -> bool:
    return any(sought in name.casefold() for name in (settings.id, settings.labels.zh, settings.labels.en))


def _number(words: str) -> int:
    return min(int(words), 100_000) if words.isascii() and words.isdigit() and len(words) < 7 else 0
