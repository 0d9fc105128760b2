"""Everything that keeps somebody from being told, in one form, what needs somebody first. Pure.

| kind | covers fires | ends |
|---|---|---|
| silence | when asked to, once a second person has confirmed it | by its time, or a person |
| shelved | when the alert is one | by its time, or a person |
| out of service | never: a fire there is told as ever | by its time, or a person |
| maintenance | when a second person was named | by its time, or a person |
| walk test | those in its scope | by its time, or a person |
| disabled at the panel | the panel reports none behind it | at the panel |
| consequence, digest | only behind a fire | with its cause; with the digest |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alerts.silences_face import SHELF, SilenceState, SilenceView
from dashboards.live.hidden import Hidden, Kind
from dashboards.live.restrictions import Restrictions
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.maintenance import MaintenanceView
from domain.out_of_service import OutOfServiceView
from domain.walk_test import WalkTestView

ON_LAMP = frozenset({Kind.SILENCE, Kind.SHELVED, Kind.OUT_OF_SERVICE, Kind.MAINTENANCE, Kind.DISABLED})
"""What the lamp 屏蔽 counts, as `dashboards.live.lamp_figures` does: a walk test has a banner, a cause or a digest a
row of its own in the list of alarms."""

Source = SilenceView | OutOfServiceView | MaintenanceView | WalkTestView | AlertView | None

SOON_S = 600
"""What ends within this is about to ring again: it is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One of them. Times are ns UTC; ``until_ns`` None: no time ends it. ``since_ns`` of what is planned is ahead.

    ``fires``: it keeps fires back, too. ``waits``: for the second person without whom it does not. ``hides``: open
    alerts that are told to nobody for it. ``group``: what it is about where ``source`` is None.
    """

    kind: Kind
    id: str
    source: Source
    by: str = ""
    second: str = ""
    why: str = ""
    since_ns: int = 0
    until_ns: int | None = None
    planned: bool = False
    fires: bool = False
    waits: bool = False
    hides: tuple[AlertView, ...] = ()
    group: str = ""
    ended_ns: int | None = None
    ended_by: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others: ``silence:abc``."""
        return f"{self.kind}:{self.id}"

    @property
    def is_on_lamp(self) -> bool:
        """Tell whether the lamp 屏蔽 counts it: it is in force, and of those kinds."""
        return self.kind in ON_LAMP and not self.planned and self.ended_ns is None

    def ends_soon(self, now_ns: int) -> bool:
        """Tell whether its time is nearly over."""
        return self.until_ns is not None and self.until_ns - now_ns < SOON_S * NS_PER_S and not self.planned


@dataclass(frozen=True, slots=True)
class Sides:
    """What goes on or is planned, and what has ended."""

    now: tuple[Entry, ...] = ()
    ended: tuple[Entry, ...] = ()
    counts: Mapping[Kind, int] = field(default_factory=dict)


def sides(restrictions: Restrictions, hidden: Hidden, alerts: Mapping[str, AlertView]) -> Sides:
    """Return all entries: those that wait for a second person first, then those that keep fires back, by kind."""
    found = [
        *(_silence(one, hidden) for one in restrictions.silences if not one.id.startswith(SHELF)),
        *_shelved(restrictions, hidden),
        *(_out_of_service(one, hidden) for one in restrictions.out_of_service),
        *(_maintenance(one, hidden) for one in restrictions.maintenance),
        *(_walk_test(one, hidden) for one in restrictions.walk_tests),
        *_groups(hidden, alerts),
    ]
    now = sorted((one for one in found if one.ended_ns is None), key=_order)
    ended = sorted((one for one in found if one.ended_ns is not None), key=lambda one: (-(one.ended_ns or 0), one.id))
    counts = {kind: sum(one.kind is kind for one in now) for kind in Kind}
    return Sides(tuple(now), tuple(ended), counts)


def _order(entry: Entry) -> tuple[bool, bool, int, float, str]:
    until = entry.until_ns if entry.until_ns is not None else float("inf")
    return not entry.waits, not entry.fires, list(Kind).index(entry.kind), until, entry.id


def _silence(one: SilenceView, hidden: Hidden) -> Entry:
    over = one.state is SilenceState.EXPIRED
    return Entry(
        kind=Kind.SILENCE,
        id=one.id,
        source=one,
        by=one.created_by,
        second=one.second_by or "",
        why=one.comment,
        since_ns=one.starts_ns,
        until_ns=one.ends_ns,
        planned=one.state is SilenceState.PENDING,
        fires=one.fire and one.second_by is not None,
        waits=one.fire and one.second_by is None and not over,
        hides=hidden.get((Kind.SILENCE, one.id), ()),
        ended_ns=one.ends_ns if over else None,
    )


def _shelved(restrictions: Restrictions, hidden: Hidden) -> Iterator[Entry]:
    """Yield what people shelved one by one; a reason that only looks like a silence's is a person's."""
    known = {one.id for one in restrictions.silences}
    since = {one.id.removeprefix(SHELF): one.starts_ns for one in restrictions.silences if one.id.startswith(SHELF)}
    for (kind, name), alerts in hidden.items():
        if kind is Kind.SHELVED or (kind is Kind.SILENCE and name not in known):
            for alert in alerts:
                yield Entry(
                    kind=Kind.SHELVED,
                    id=alert.id,
                    source=alert,
                    by=alert.shelved_by or "",
                    second=alert.shelved_with or "",
                    why=alert.shelve_reason or "",
                    since_ns=since.get(alert.id, 0),
                    until_ns=alert.shelved_until_ns,
                    fires=alert.alarm_class is AlarmClass.FIRE,
                    hides=(alert,),
                )


def _out_of_service(one: OutOfServiceView, hidden: Hidden) -> Entry:
    return Entry(
        kind=Kind.OUT_OF_SERVICE,
        id=one.id,
        source=one,
        by=one.begun_by,
        why=one.reason,
        since_ns=one.begun_ns,
        until_ns=one.until_ns,
        hides=hidden.get((Kind.OUT_OF_SERVICE, one.id), ()),
        ended_ns=one.ended_ns,
        ended_by=one.ended_by or "",
    )


def _maintenance(one: MaintenanceView, hidden: Hidden) -> Entry:
    return Entry(
        kind=Kind.MAINTENANCE,
        id=one.id,
        source=one,
        by=one.planned_by,
        second=one.second_by or "",
        why=one.reason,
        since_ns=one.from_ns,
        until_ns=one.until_ns,
        planned=one.started_ns is None and one.ended_ns is None,
        fires=one.second_by is not None,
        hides=hidden.get((Kind.MAINTENANCE, one.id), ()),
        ended_ns=one.ended_ns,
        ended_by=one.ended_by or "",
    )


def _walk_test(one: WalkTestView, hidden: Hidden) -> Entry:
    return Entry(
        kind=Kind.WALK_TEST,
        id=one.id,
        source=one,
        by=one.begun_by,
        why=one.note,
        since_ns=one.begun_ns,
        until_ns=one.until_ns,
        fires=True,
        hides=hidden.get((Kind.WALK_TEST, one.id), ()),
        ended_ns=one.ended_ns,
        ended_by=one.ended_by or "",
    )


def _groups(hidden: Hidden, alerts: Mapping[str, AlertView]) -> Iterator[Entry]:
    """Yield what no person began: disabled at a panel (one by one), consequences of a cause, told by a digest."""
    for (kind, name), kept in hidden.items():
        if kind not in (Kind.DISABLED, Kind.CAUSE, Kind.DIGEST):
            continue
        cause = kept[0] if kind is Kind.DISABLED else alerts.get(name) if kind is Kind.CAUSE else None
        since_ns = cause.raised_at_ns if cause is not None else min(one.raised_at_ns for one in kept)
        yield Entry(
            kind=kind,
            id=name,
            source=cause,
            since_ns=since_ns,
            fires=kind is not Kind.DISABLED and any(one.alarm_class is AlarmClass.FIRE for one in kept),
            hides=kept,
            group=name,
        )
