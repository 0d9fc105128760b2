"""Which operator position a unit's alarms are directed to, and what people call the places of a flood."""

from __future__ import annotations

from domain.site import Labels, SiteSettings
from domain.site.operators import WHOLE_SITE


class Operators:
    """The site, asked by unit and building."""

    def __init__(self, site: SiteSettings) -> None:
        """Wrap what ``site.yaml`` says."""
        self.settings = site.operators
        self._of = {unit: position.id for position in self.settings.positions for unit in position.units}
        self._units = {unit.id: unit for unit in site.units}
        self._labels = {position.id: position.labels for position in self.settings.positions}
        self._labels.setdefault(WHOLE_SITE, site.labels)

    def position(self, unit: str) -> str:
        """Return the position of a unit; that of the whole site where none names it."""
        return self._of.get(unit, WHOLE_SITE)

    def has_many_units(self, position: str) -> bool:
        """Tell whether a flood of a position is more than one of its unit."""
        return sum(self.position(unit) == position for unit in self._units) > 1

    def positions(self) -> tuple[str, ...]:
        """Return all positions, that of the whole site first."""
        return (WHOLE_SITE, *(name for name in self._labels if name != WHOLE_SITE))

    def units_of(self, position: str) -> frozenset[str]:
        """Return the units of a position."""
        return frozenset(unit for unit in self._units if self.position(unit) == position)

    def has_unit(self, unit: str) -> bool:
        """Tell whether the site has a unit."""
        return unit in self._units

    def position_labels(self, position: str) -> Labels:
        """Return what people call a position."""
        return self._labels.get(position) or Labels(zh=position, en=position)

    def place_labels(self, unit: str, building: str | None = None) -> Labels:
        """Return what people call a unit, or a building of it."""
        known = self._units.get(unit)
        if known is None:
            name = "/".join(step for step in (unit, building) if step)
            return Labels(zh=name, en=name)
        found = next((one.labels for one in known.buildings if one.id == building), None)
        if building is None:
            return known.labels
        last = found or Labels(zh=building, en=building)
        return Labels(zh=f"{known.labels.zh} {last.zh}", en=f"{known.labels.en}, {last.en}")
