"""Whom a step of a ladder means at a moment: from words, rosters and ids to people with channels.

| target | who |
|---|---|
| a person's id | that person |
| ``responsible`` | the person responsible for the zone |
| ``safety_manager``, ``maintenance_firm`` | the unit's |
| ``supervisors``, ``operator`` | everybody of that role whose ``units`` have the unit in them, or who has none |
| ``roster:<id>`` | who is on duty; in a gap its deputies, then the safety manager, then the supervisors |

Then for each person, until somebody is reached:

1. Who is absent, or has no channel, is stood in for by the first of their deputies who is neither.
2. Quiet hours hold for everything but fires and what is critical. In them the first deputy who is there and has no
   quiet hours now is told instead; without one the message waits for the end of the quiet hours. The ladder does not
   wait: its other steps come at their times.
3. Who is no person of the site (any more) is nobody. A step that reaches nobody makes way for the next one at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from domain.alarm import Place
from domain.site import Person, Registry, Role
from domain.site.duty import deputies_of, on_duty, standing_in
from domain.site.duty_times import local_time, utc_ns
from domain.site.escalation import MAINTENANCE_FIRM, OPERATOR, RESPONSIBLE, ROSTER, SAFETY_MANAGER, SUPERVISORS
from domain.site.hours import minutes

_GROUPS: Mapping[str, Role] = {SUPERVISORS: Role.SUPERVISOR, OPERATOR: Role.OPERATOR}


@dataclass(slots=True)
class Reach:
    """Who is told now, and who later (ns UTC).

    ``instead`` says who stands in for whom; ``gone`` are ids that the site does not have, ``away`` those who are
    absent or without a channel and have nobody, ``gaps`` rosters with nobody on duty.
    """

    people: dict[str, Person] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def anybody(self) -> bool:
        """Tell whether the step reaches somebody, if only in the morning."""
        return bool(self.people or self.later)

    def words(self) -> dict[str, Any]:
        """Return what the audit has to know besides who was told."""
        found = {"later": sorted(self.later), "instead": self.instead, "gone": self.gone, "away": self.away}
        return {name: value for name, value in {**found, "gaps": self.gaps}.items() if value}


@dataclass(frozen=True, slots=True)
class Asker:
    """Answers for one place at one moment; ``urgent``: quiet hours do not count."""

    registry: Registry
    zone: tzinfo
    place: Place
    now_ns: int
    urgent: bool

    def reach(self, targets: list[str] | tuple[str, ...]) -> Reach:
        """Return who ``targets`` are: each person once."""
        found = Reach()
        for target in targets:
            self._take(target, found)
        return found

    def _take(self, target: str, found: Reach) -> None:
        if target.startswith(ROSTER):
            self._take_roster(target.removeprefix(ROSTER), found)
        elif target == MAINTENANCE_FIRM:
            unit = self.registry.units.get(self.place.unit)
            if unit is not None and unit.maintenance_firm not in (None, MAINTENANCE_FIRM):
                self._take(str(unit.maintenance_firm), found)
        else:
            for name in self._names(target):
                self._person(name, found)

    def _take_roster(self, name: str, found: Reach) -> None:
        """Take who is on duty; where that is nobody who can be reached, whoever comes next."""
        roster = next((one for one in self.registry.site.rosters if one.id == name), None)
        if roster is None:
            found.gone.append(f"{ROSTER}{name}")
            return
        people, local = self.registry.people, self._local()
        duties = on_duty(roster, people, local, self.registry.calendar)
        for duty in duties:
            if duty.instead_of is not None:
                found.instead[duty.person] = duty.instead_of
        if self._any([duty.person for duty in duties], found):
            return
        found.gaps.append(name)
        deputies = [duty.person for duty in deputies_of(roster, people, local)]
        for names in (deputies, self._names(SAFETY_MANAGER), self._names(SUPERVISORS)):
            if self._any(names, found):
                return

    def _any(self, names: list[str], found: Reach) -> bool:
        """Take people; tells whether any of them is reached."""
        reached = [self._person(name, found) for name in names]  # all of them, not up to the first
        return any(reached)

    def _names(self, target: str) -> list[str]:
        unit = self.registry.units.get(self.place.unit)
        if target == RESPONSIBLE:
            zone = self.registry.zones.get(f"{self.place.unit}/{self.place.zone}")
            return [zone.settings.responsible] if zone and zone.settings.responsible else []
        if target == SAFETY_MANAGER:
            return [unit.safety_manager] if unit and unit.safety_manager else []
        if target in _GROUPS:
            members = (one for one in self.registry.people.values() if one.role is _GROUPS[target])
            return [one.id for one in members if not one.units or self.place.unit in one.units]
        return [target]

    def _person(self, name: str, found: Reach) -> bool:
        """Take one person, or who stands in; tells whether somebody is reached, now or later."""
        if name not in self.registry.people:
            found.gone.append(name)
            return False
        there = list(self._reachable(name))
        awake = next((one for one in there if self._quiet_until(one) is None), None)
        if awake is not None:
            found.people[awake.id] = awake
            found.later.pop(awake.id, None)
            if awake.id != name:
                found.instead[awake.id] = name
        elif there:
            found.later[there[0].id] = self._quiet_until(there[0]) or self.now_ns
        else:
            found.away.append(name)
        return bool(there)

    def _reachable(self, name: str) -> Iterator[Person]:
        """Yield who is there for a person and has a channel of the site, best first."""
        channels = {channel.id for channel in self.registry.site.channels}
        for one in standing_in(name, self.registry.people, self._local()):
            if not channels.isdisjoint(self.registry.people[one].channels):
                yield self.registry.people[one]

    def _quiet_until(self, person: Person) -> int | None:
        """Return when the person's quiet hours of now end, ns UTC; None when it is not quiet."""
        local = self._local()
        if self.urgent or person.quiet is None or not person.quiet.covers(local, self.registry.calendar):
            return None
        ends = minutes(person.quiet.end)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        today = midnight + timedelta(minutes=ends)
        end = today if today > local.replace(tzinfo=None) else midnight + timedelta(days=1, minutes=ends)
        return max(utc_ns(end, self.zone), self.now_ns + 1)

    def _local(self) -> datetime:
        return local_time(self.now_ns, self.zone)
