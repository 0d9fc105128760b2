"""Which escalation policies can ever fit, and which alerts none fits.

First match wins, so a policy behind others that take everything is never used, and people believe that it is. Every
case is tried: class, level and kind of zone as they are, units by the policies that name them, and time as *atoms*:
the stretches of a day in which no condition changes, on each day of the week, as a working day or a day off after a
working day or a day off, in a place that is open, is closed, or has no opening hours. The atoms of a policy are bits
of one number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product

from domain.alarm import AlarmClass, Level
from domain.site.escalation import EscalationPolicy, When
from domain.site.hours import DaysKnown, Span, minutes
from domain.site.zone_kinds import ZoneKind

_MONDAY = date(2024, 1, 8)
_OPENINGS: tuple[tuple[Span, ...] | None, ...] = ((Span(),), (), None)
_LEVELS = tuple(Level)
_KINDS: tuple[ZoneKind | None, ...] = (*ZoneKind, None)

Cell = tuple[AlarmClass, Level, ZoneKind | None]


@dataclass(frozen=True, slots=True)
class Cover:
    """``unreachable``: numbers of policies that never fit. ``gaps``: class → whether it is without policy always."""

    unreachable: tuple[int, ...]
    gaps: dict[AlarmClass, bool]


def cover(policies: Sequence[EscalationPolicy], units: Sequence[str]) -> Cover:
    """Try all cases of a site with these units."""
    masks, full = _masks(policies)
    reached: set[int] = set()
    left_of: dict[AlarmClass, list[int]] = defaultdict(list)
    for members in _groups(policies, units):
        left = dict.fromkeys(product(AlarmClass, _LEVELS, _KINDS), full)
        for number in members:
            for cell in _cells(policies[number]):
                if left[cell] & masks[number]:
                    reached.add(number)
                left[cell] &= ~masks[number]
        for (alarm_class, _, _), rest in left.items():
            left_of[alarm_class].append(rest)
    return Cover(
        unreachable=tuple(number for number in range(len(policies)) if number not in reached),
        gaps={one: all(rest == full for rest in left) for one, left in left_of.items() if any(left)},
    )


def _groups(policies: Sequence[EscalationPolicy], units: Sequence[str]) -> set[tuple[int, ...]]:
    """Return the different lists of policies that are asked for a unit."""
    return {
        tuple(number for number, policy in enumerate(policies) if not policy.units or unit in policy.units)
        for unit in units
    }


def _cells(policy: EscalationPolicy) -> Iterator[Cell]:
    return product(policy.classes or AlarmClass, policy.levels or _LEVELS, policy.zone_kinds or _KINDS)


def _masks(policies: Sequence[EscalationPolicy]) -> tuple[list[int], int]:
    """Return each policy's atoms, and all of them."""
    atoms = list(_atoms([policy.when for policy in policies if policy.when is not None]))
    full = (1 << len(atoms)) - 1
    known: dict[When, int] = {}
    for policy in policies:
        if policy.when is not None and policy.when not in known:
            known[policy.when] = _mask(policy.when, atoms)
    return [full if policy.when is None else known[policy.when] for policy in policies], full


Atom = tuple[datetime, tuple[Span, ...] | None, DaysKnown]


def _mask(when: When, atoms: Sequence[Atom]) -> int:
    return sum(1 << at for at, atom in enumerate(atoms) if when.holds(*atom))


def _atoms(whens: Sequence[When]) -> Iterator[Atom]:
    """Yield moments that stand for all others, with opening hours and a calendar."""
    spans = [*whens, *(span for opening in _OPENINGS for span in opening or ())]
    times = sorted({0, *(minutes(clock) % (24 * 60) for span in spans for clock in (span.start, span.end))})
    for weekday, off, was_off in product(range(7), (False, True), (False, True)):
        today = _MONDAY + timedelta(days=weekday)
        days = {today: off, today - timedelta(days=1): was_off}
        calendar = DaysKnown(
            frozenset(day for day, is_off in days.items() if is_off),
            frozenset(day for day, is_off in days.items() if not is_off),
        )
        for at, opening in product(times, _OPENINGS):
            yield datetime.combine(today, time(at // 60, at % 60)), opening, calendar
