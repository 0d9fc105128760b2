"""Which open alarms somebody wants to see: read from the address, written back to it, asked of each alarm.

Pure. What an address says and we don't know (a class with a typing error) is no filter: on this page too much is safer
than too little. How many alarms a filter hides is said on the page (`dashboards.console.alarms.filter_bar`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlencode

from dashboards.console.texts import Language
from dashboards.console.wording import place_text
from dashboards.live.lamps import is_disabling
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.site import Registry

MOST_TEXT = 100
MOST_NAMED = 130
"""Characters of ``unit/building``: two ids and a slash."""
MOST_RULES = 600
NO_AREA = "-"
"""What an address calls the units that have none; no area can be called so by chance, and nothing breaks if one is."""


class Standing(StrEnum):
    """What can be asked of an open alarm's facts."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    UNCONFIRMED = "unconfirmed"
    CLEARED = "cleared"
    UNKNOWN = "unknown"
    THERE = "there"
    SHELVED = "shelved"
    UNOWNED = "unowned"


class Disabled(StrEnum):
    """Whether alarms that say that something is disabled (屏蔽) are wanted: they have a lamp of their own."""

    NO = "no"
    ONLY = "only"


_STANDS: Mapping[Standing, Callable[[AlertView], bool]] = {
    Standing.UNACKNOWLEDGED: lambda alert: alert.acknowledged_at_ns is None,
    Standing.ACKNOWLEDGED: lambda alert: alert.acknowledged_at_ns is not None,
    Standing.UNCONFIRMED: lambda alert: alert.confirmed is None,
    Standing.CLEARED: lambda alert: not alert.active and not alert.data_unknown,
    Standing.UNKNOWN: lambda alert: alert.data_unknown,
    Standing.THERE: lambda alert: alert.active or alert.data_unknown,
    Standing.SHELVED: lambda alert: alert.shelved_until_ns is not None,
    Standing.UNOWNED: lambda alert: alert.owner is None,
}

PARTS = ("class", "area", "unit", "building", "zone", "rule", "state", "disabled", "text")
"""Names in the address, in the order of the chips."""


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """What is wanted; nothing said: everything. ``building`` is ``unit/building``, or a building's id in any unit.

    ``zone`` is ``unit/zone``: alarms of the place itself, which no device there has, as of an e-bike at an exit.
    ``rule``: one or more, with commas between them.
    """

    classes: frozenset[AlarmClass] = frozenset()
    area: str = ""
    unit: str = ""
    building: str = ""
    zone: str = ""
    rule: str = ""
    state: Standing | None = None
    disabled: Disabled | None = None
    text: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> AlarmFilter:
        """Read an address's query."""
        known = {one.value: one for one in AlarmClass}
        named = (query.get("class") or "").split(",")
        state, disabled = query.get("state", ""), query.get("disabled", "")
        return cls(
            classes=frozenset(known[name] for name in named if name in known),
            area=query.get("area", "")[:MOST_NAMED],
            unit=query.get("unit", "")[:MOST_NAMED],
            building=query.get("building", "")[:MOST_NAMED],
            zone=query.get("zone", "")[:MOST_NAMED],
            rule=query.get("rule", "")[:MOST_RULES],
            state=Standing(state) if state in set(Standing) else None,
            disabled=Disabled(disabled) if disabled in set(Disabled) else None,
            text=query.get("text", "").strip()[:MOST_TEXT],
        )

    @property
    def is_on(self) -> bool:
        """Tell whether it may hide anything."""
        return self != AlarmFilter()

    def query(self) -> dict[str, str]:
        """Return what an address says of it."""
        classes = ",".join(one.value for one in AlarmClass if one in self.classes)
        said = (
            classes,
            self.area,
            self.unit,
            self.building,
            self.zone,
            self.rule,
            self.state or "",
            self.disabled or "",
        )
        return {name: str(value) for name, value in zip(PARTS, (*said, self.text), strict=True) if value}

    def without(self, part: str, value: str = "") -> AlarmFilter:
        """Return it with one part less: of the classes ``value`` only, if it is given."""
        if part == "class":
            left = {one for one in self.classes if value and one.value != value}
            return replace(self, classes=frozenset(left))
        return AlarmFilter.read({name: value for name, value in self.query().items() if name != part})

    def toggled(self, alarm_class: AlarmClass) -> AlarmFilter:
        """Return it with a class more, or less."""
        return replace(self, classes=self.classes ^ {alarm_class})

    def matcher(self, registry: Registry) -> Callable[[AlertView], bool]:
        """Return what tells whether an alarm is wanted."""
        asks = list(self._asks(registry))
        return lambda alert: all(ask(alert) for ask in asks)

    def _asks(self, registry: Registry) -> Iterator[Callable[[AlertView], bool]]:
        if self.classes:
            yield lambda alert: alert.alarm_class in self.classes
        if self.area:
            within = {unit for unit, settings in registry.units.items() if (settings.area or NO_AREA) == self.area}
            yield lambda alert: alert.place.unit in within
        if self.unit:
            yield lambda alert: alert.place.unit == self.unit
        if self.building:
            yield lambda alert: self.building in (building_of(alert), alert.place.building)
        if self.zone:
            yield lambda alert: alert.place.device is None and f"{alert.place.unit}/{alert.place.zone}" == self.zone
        if self.rule:
            rules = frozenset(self.rule.split(","))
            yield lambda alert: alert.rule in rules
        if self.state is not None:
            yield _STANDS[self.state]
        if self.disabled is not None:
            yield lambda alert: is_disabling(alert) is (self.disabled is Disabled.ONLY)
        if self.text:
            sought = self.text.casefold()
            yield lambda alert: any(sought in words.casefold() for words in _words(registry, alert))


def building_of(alert: AlertView) -> str:
    """Return ``unit/building`` of an alarm; the building is empty where it has none."""
    return f"{alert.place.unit}/{alert.place.building or ''}"


def address(path: str, query: Mapping[str, str]) -> str:
    """Return an address of ours."""
    return f"{path}?{urlencode(query)}" if query else path


def _words(registry: Registry, alert: AlertView) -> Iterator[str]:
    yield alert.text_zh
    yield alert.text_en
    for language in Language:
        yield place_text(registry, alert.place, language)
