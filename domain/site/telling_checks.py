"""Checks who is told: people, rosters and escalation policies of ``site.yaml``; and what is odd about them.

What can never work is a problem, and the site is refused. What leaves a hole that something else fills (a gap in a
roster, a class without a policy) is a *warning*: shown by ``fengsui check``, and the site runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time

from domain.clock import NS_PER_S
from domain.documents import Document, Path, nearest
from domain.errors import Problem
from domain.site.duty import DutyChange, Roster
from domain.site.duty_times import Surroundings, local_time, stretches
from domain.site.escalation import MAINTENANCE_FIRM, OPERATOR, ROSTER, STEP_ROLES, SUPERVISORS
from domain.site.findings import Findings
from domain.site.models import Role, SiteSettings
from domain.site.policy_cover import cover

LOOK_AHEAD_S = 28 * 86_400.0
"""How far a roster is looked at for gaps (assumption: rosters are written by the month)."""
MEND_GAP = "add a shift or 'deputies'; until then the safety manager is told, then the supervisors"


def check_telling(doc: Document, site: SiteSettings, findings: Findings) -> None:
    """Note everything that can never work."""
    people = {person.id for person in site.people}
    _check_people(doc, site, people, findings)
    findings.unique(doc, [(("rosters", at, "id"), one.id) for at, one in enumerate(site.rosters)], "roster")
    for at, roster in enumerate(site.rosters):
        _check_roster(doc, ("rosters", at), roster, people, findings)
    for at, unit in enumerate(site.units):
        if unit.maintenance_firm is not None:
            path: Path = ("units", at, "maintenance_firm")
            _check_target(doc, path, unit.maintenance_firm, site, people, findings=findings)
    _check_policies(doc, site, people, findings)


def _check_people(doc: Document, site: SiteSettings, people: Collection[str], findings: Findings) -> None:
    units = {unit.id for unit in site.units}
    for at, person in enumerate(site.people):
        for slot, name in enumerate(person.deputies):
            path: Path = ("people", at, "deputies", slot)
            findings.exists(doc, path, name, people, "person")
            if name == person.id:
                findings.add(doc, path, "nobody is their own deputy", "name another person")
        for slot, name in enumerate(person.units):
            findings.exists(doc, ("people", at, "units", slot), name, units, "unit")


def _check_roster(doc: Document, path: Path, roster: Roster, people: Collection[str], findings: Findings) -> None:
    shifts = {shift.id for shift in roster.shifts}
    findings.unique(doc, [((*path, "shifts", at, "id"), one.id) for at, one in enumerate(roster.shifts)], "shift")
    for at, shift in enumerate(roster.shifts):
        for slot, name in enumerate(shift.people):
            findings.exists(doc, (*path, "shifts", at, "people", slot), name, people, "person")
    for slot, name in enumerate(roster.deputies):
        findings.exists(doc, (*path, "deputies", slot), name, people, "person")
    for at, change in enumerate(roster.changes):
        where: Path = (*path, "changes", at)
        if change.shift is not None:
            findings.exists(doc, (*where, "shift"), change.shift, shifts, "shift")
        if change.replaces is not None:
            findings.exists(doc, (*where, "replaces"), change.replaces, _ever(roster), "person")
        for slot, name in enumerate(change.people):
            findings.exists(doc, (*where, "people", slot), name, people, "person")


def _ever(roster: Roster) -> set[str]:
    """Return everybody whom a roster has at some time."""
    shifts = {name for shift in roster.shifts for name in shift.people}
    return shifts | {name for change in roster.changes for name in change.people}


def _check_policies(doc: Document, site: SiteSettings, people: Collection[str], findings: Findings) -> None:
    """Every step must reach somebody: an alert that climbs to an empty group is owned by nobody."""
    units = [unit.id for unit in site.units]
    named = [(("escalation", at, "id"), policy.id) for at, policy in enumerate(site.escalation) if policy.id]
    findings.unique(doc, [(path, name) for path, name in named if name is not None], "policy")
    for number, policy in enumerate(site.escalation):
        for slot, unit in enumerate(policy.units):
            findings.exists(doc, ("escalation", number, "units", slot), unit, units, "unit")
        for row, step in enumerate(policy.steps):
            for slot, target in enumerate(step.to):
                path: Path = ("escalation", number, "steps", row, "to", slot)
                _check_target(doc, path, target, site, people, findings=findings)
    for number in cover(site.escalation, units).unreachable:
        if not set(site.escalation[number].units) <= set(units):
            continue  # told already
        message = "this policy is never used: those before it fit first"
        findings.add(doc, ("escalation", number), message, "move it up, narrow those before it, or remove it")


def _check_target(
    doc: Document, path: Path, target: str, site: SiteSettings, people: Collection[str], *, findings: Findings
) -> None:
    if target.startswith(ROSTER):
        name, rosters = target.removeprefix(ROSTER), {roster.id for roster in site.rosters}
        if name not in rosters:
            findings.add(doc, path, "no such roster", nearest(target, {f"{ROSTER}{one}" for one in rosters}))
        return
    findings.exists(doc, path, target, {*people, *STEP_ROLES}, "person")
    for word, role in ((SUPERVISORS, Role.SUPERVISOR), (OPERATOR, Role.OPERATOR)):
        if target == word and not any(person.role is role for person in site.people):
            findings.add(doc, path, "nobody has this role", f"add a person with 'role: {role}' to 'people'")
    if target == MAINTENANCE_FIRM and all(unit.maintenance_firm is None for unit in site.units):
        findings.add(doc, path, "no unit has a maintenance firm", "add 'maintenance_firm: <person>' to the unit")


def warnings(doc: Document, site: SiteSettings, known: Surroundings, now_ns: int) -> list[Problem]:
    """Return what is odd about who is told, the next `LOOK_AHEAD_S` of the rosters included."""
    found: list[Problem] = []
    for alarm_class, always in cover(site.escalation, [unit.id for unit in site.units]).gaps.items():
        if not site.escalation:
            break  # all the defaults, by choice
        what = "no policy is" if always else "some cases have no policy"
        message = f"{what} for class {alarm_class}: the default ladder is used"
        mend = f"add a last policy with 'classes: [{alarm_class}]' and no condition, or leave it so"
        found.append(doc.problem(("escalation",), message, mend))
    for at, roster in enumerate(site.rosters):
        found += _gaps(doc, ("rosters", at), roster, known, now_ns)
        for row, change in enumerate(roster.changes):
            if not any(_changes_something(roster, change, day, known) for day in change.dates.days()):
                message = "this change changes nothing: no such shift or person on these days"
                found.append(doc.problem(("rosters", at, "changes", row), message, "correct the dates, or remove it"))
    return found


def _gaps(doc: Document, path: Path, roster: Roster, known: Surroundings, now_ns: int) -> Iterator[Problem]:
    end_ns = now_ns + round(LOOK_AHEAD_S * NS_PER_S)
    gaps = [one for one in stretches(roster, known, now_ns, end_ns) if one.gap]
    if not gaps:
        return
    first, hours = local_time(gaps[0].start_ns, known.zone), sum(one.end_ns - one.start_ns for one in gaps)
    message = (
        f"nobody is on duty for {hours / NS_PER_S / 3600:.0f} h of the next 4 weeks, first on {first:%Y-%m-%d %H:%M}"
    )
    yield doc.problem(path, message, MEND_GAP)


def _changes_something(roster: Roster, change: DutyChange, day: date, known: Surroundings) -> bool:
    """Tell whether a shift that it is about begins on a day, with the person whom it replaces."""
    for shift in roster.shifts:
        begins = datetime.combine(day, time.fromisoformat("00:00" if shift.start == "24:00" else shift.start))
        if change.shift not in (None, shift.id) or shift.begun(begins, known.calendar) != day:
            continue
        before = shift.whose(day)
        for other in roster.changes[: roster.changes.index(change)]:
            before = other.applied(shift.id, day, before)
        if change.replaces is None or change.replaces in before:
            return True
    return False
