"""Daily facts and the database: what is known of units, what was issued, and which days a late change touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.audit import canonical
from alerts.cloud_events import DAILY_FACT, FACTS, envelope
from alerts.desk import Desk
from alerts.feeding.daily import Item, Known, RollCalls
from alerts.feeding.days import LocalDays, days_between
from alerts.feeding.downtime import GATEWAY_OFFLINE, RULES_STALLED, known
from alerts.feeding.histories import CHUNK, TELEMETRY, TOLD, begun_ns, load, moment
from alerts.feeding.intervals import Span, union
from alerts.feeding.models import DailyFact, RollCallFacts
from alerts.feeding.plant import UnitPlant
from alerts.schema import Alert, AuditEntry, DailyFactRow, FeedEvent, OutOfService
from backbone import subjects
from domain.alert import AlertEvent
from domain.ids import stable_id

PAGE = 5000
"""Audit entries looked through at once."""


def gather(session: Session, plants: Mapping[str, UnitPlant], day: Span, began_ns: int) -> dict[str, Known]:
    """Return what is known of units about a day, less their roll-calls; nothing was watched before ``began_ns``."""
    everywhere = load(session, day[0], rules=[*GATEWAY_OFFLINE, RULES_STALLED])
    offline = known(everywhere, GATEWAY_OFFLINE)
    stalled = [span for spans in known(everywhere, [RULES_STALLED]).values() for span in spans]
    unwatched = union([(min(0, day[0]), began_ns), *stalled])
    histories = defaultdict(list)
    for history in load(session, day[0], units=plants):
        histories[history.unit].append(history)
    return {
        unit: Known(
            histories=histories[unit],
            plant=plant,
            offline=offline,
            unwatched=unwatched,
            out_of_service=items,
        )
        for (unit, plant), items in zip(plants.items(), _out_of_service(session, plants, day), strict=True)
    }


def _out_of_service(session: Session, units: Iterable[str], day: Span) -> list[list[Item]]:
    """Return what was out of service in each unit."""
    found: dict[str, list[Item]] = defaultdict(list)
    names = list(units)
    query = select(OutOfService).where(OutOfService.unit.in_(names), OutOfService.begun_ns < day[1])
    for entry in session.scalars(query):
        span = (entry.begun_ns, entry.until_ns if entry.ended_ns is None else entry.ended_ns)
        for kind in ("points", "devices", "zones", "gateways"):
            found[entry.unit] += [
                Item(entry=entry.id, item=f"{kind}/{name}", span=span) for name in getattr(entry, kind)
            ]
    return [found[name] for name in names]


def issue(desk: Desk, facts: Sequence[DailyFact]) -> int:
    """Store facts of one day that are new or say something else than before, each with a message; returns how many."""
    if not facts:
        return 0
    query = select(DailyFactRow).where(
        DailyFactRow.day == facts[0].day, DailyFactRow.unit.in_([fact.unit for fact in facts])
    )
    rows = {row.unit: row for row in desk.session.scalars(query)}
    issued = sum(_issue(desk, fact, rows.get(fact.unit)) for fact in facts)
    if issued:
        desk.write(None, "facts_issued", day=facts[0].day, units=issued)
    return issued


def _issue(desk: Desk, fact: DailyFact, row: DailyFactRow | None) -> bool:
    said = fact.model_dump(mode="json", exclude={"revision"})
    digest = stable_id(canonical(said))
    if row is not None and row.digest == digest:
        return False
    revision = 1 if row is None else row.revision + 1
    content = {**said, "revision": revision}
    if row is None:
        row = DailyFactRow(unit=fact.unit, day=fact.day)
        desk.session.add(row)
    row.revision, row.digest, row.content, row.issued_ns = revision, digest, content, desk.now_ns
    row.complete = fact.coverage.roll_calls in (None, 1.0)
    desk.session.add(_message(desk, fact, content))
    return True


def _message(desk: Desk, fact: DailyFact, content: Mapping[str, Any]) -> FeedEvent:
    event_id = stable_id("fact", desk.directory.source, fact.unit, fact.day, content["revision"])
    payload = envelope(
        event_id=event_id,
        source=desk.directory.source,
        event_type="fengsui.fact.daily",
        subject=f"{fact.unit}/{fact.day}",
        time_ns=desk.now_ns,
        schema=DAILY_FACT,
        data=content,
    )
    return FeedEvent(
        id=event_id,
        alert_id="",
        priority=FACTS,
        event="fact",
        subject=subjects.fact(fact.unit, fact.day),
        payload=payload,
        created_ns=desk.now_ns,
    )


def told_roll_calls(
    session: Session, units: Iterable[str], day: date, plants: Mapping[str, UnitPlant]
) -> dict[str, RollCalls]:
    """Return the roll-calls that facts of a day have already, by unit."""
    found = {}
    for unit in units:
        row = session.get(DailyFactRow, (unit, day.isoformat()))
        if row is not None and row.content["roll_calls"] is not None:
            results = RollCallFacts.model_validate(row.content["roll_calls"])
            answered = round(row.content["coverage"]["roll_calls"] * len(plants[unit].duty))
            found[unit] = RollCalls(results=results, answered=answered)
    return found


def touched(session: Session, after: int, days: LocalDays, first: date, last: date) -> tuple[int, dict[date, set[str]]]:
    """Return the last audit entry looked at, and the units by day (``first`` to ``last``) that entries touch."""
    query = select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(PAGE)
    entries = session.scalars(query).all()
    told = [entry for entry in entries if entry.alert_id is not None and entry.action in TOLD]
    alerts = _alerts(session, sorted({entry.alert_id for entry in told if entry.alert_id is not None}))
    found: dict[date, set[str]] = defaultdict(set)
    for entry in told:
        alert = alerts.get(entry.alert_id or "")
        if alert is None:
            continue
        for day in _days(entry, alert, days, last):
            if first <= day <= last:
                found[day].add(alert.unit)
    return (entries[-1].number if entries else after), found


def _days(entry: AuditEntry, alert: Alert, days: LocalDays, last: date) -> set[date]:
    """Return which days an entry can change: that of the alarm, and all since a change of the telemetry."""
    found = {days.day_of(begun_ns(alert))}
    since = days.day_of(moment(entry.at_ns, entry.action, entry.details).at_ns)
    if entry.action in TELEMETRY or entry.action == AlertEvent.CLOSED:
        found |= set(days_between(since, last))
    elif entry.action == AlertEvent.ESCALATED:
        found.add(since)
    return found


def _alerts(session: Session, ids: Sequence[str]) -> dict[str, Alert]:
    found: dict[str, Alert] = {}
    for start in range(0, len(ids), CHUNK):
        for alert in session.scalars(select(Alert).where(Alert.id.in_(ids[start : start + CHUNK]))):
            found[alert.id] = alert
    return found


def without_roll_calls(session: Session, first: date, last: date) -> list[tuple[str, date]]:
    """Return units and days whose facts lack roll-calls that somebody should have been asked for."""
    query = select(DailyFactRow.unit, DailyFactRow.day).where(
        DailyFactRow.day >= first.isoformat(), DailyFactRow.day <= last.isoformat(), ~DailyFactRow.complete
    )
    return [(unit, date.fromisoformat(day)) for unit, day in session.execute(query)]


def last_audit(session: Session) -> int:
    """Return the number of the newest audit entry, 0 for none."""
    return session.scalar(select(func.max(AuditEntry.number))) or 0


def first_audit_ns(session: Session) -> int | None:
    """Return when the record began: the time of the first audit entry, None for an empty one."""
    return session.scalar(select(AuditEntry.at_ns).order_by(AuditEntry.number).limit(1))
