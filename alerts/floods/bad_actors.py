"""Bad actors: alarms that cost people more than they tell. Looked for once a minute, opened and closed as work items.

| kind | opened when | closed when |
|---|---|---|
| chattering | three raises within a minute, in the last day (ISA-18.2, secondary source) | none in the last day |
| stale | active and directed to people for more than 24 h (ISA-18.2, secondary source) | it cleared |
| hog | among the top ten of its position in 7 days, > 5 % of the load, 20 or more [a] | no longer so |
| false_alarms | 3 false alarms or more of one detector in 30 days [a] | fewer in the last 30 days |

[a] assumptions: 5 % is the upper limit of ISA-18.2 for all ten together; a share means little below 20 alarms.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from alerts.desk import Desk
from alerts.floods import loading, measures
from alerts.floods.loading import Slice
from alerts.floods.work_items import Finding, close_item, open_item, seconds
from alerts.kpi_face import DAY_NS
from alerts.office import Office
from alerts.schema import Activation, Alert, WorkItem, WorkItemKind
from domain.alert import Confirmation
from domain.errors import StoreError

log = logging.getLogger(__name__)

LOOK_S = 60.0
CHATTER_NS = DAY_NS
HOG_NS, HOG_SHARE, HOG_LEAST, TOP = 7 * DAY_NS, 0.05, 20, 10
FALSE_NS, FALSE_LEAST = 30 * DAY_NS, 3
MOST = 500
"""Findings of a kind that are taken up in one look; the rest come with a later one."""


async def watch_bad_actors(office: Office) -> None:
    """Look for ever; a database that is away is waited for."""
    while True:
        try:
            await look(office)
        except StoreError as error:
            office.fail("bad actors", error)
        await asyncio.sleep(LOOK_S)


async def look(office: Office) -> None:
    """Find, then open and close; a quiet minute writes nothing."""
    now_ns = office.clock.now_ns()
    positions = office.directory.operators.positions()
    found, opened = await office.database.report(
        lambda session: (list(find(session, now_ns, positions)), _open_subjects(session))
    )
    if {(one.kind, one.subject) for one in found} != opened:
        await office.change(lambda desk: settle(desk, found))


def settle(desk: Desk, found: list[Finding]) -> None:
    """Bring the work items in line with what was found."""
    wanted = {(one.kind, one.subject): one for one in found}
    standing = {(item.kind, item.subject): item for item in desk.session.scalars(_open())}
    for key, item in standing.items():
        if key not in wanted:
            close_item(desk, item)
    for key, finding in wanted.items():
        if key in standing:
            standing[key].seen_ns, standing[key].facts = desk.now_ns, dict(finding.facts)
        else:
            open_item(desk, finding)


def find(session: Session, now_ns: int, positions: tuple[str, ...]) -> Iterator[Finding]:
    """Yield all that is wrong now."""
    yield from _chattering(session, Slice(now_ns - CHATTER_NS, now_ns + 1, positions))
    yield from _stale(session, now_ns)
    for position in positions:
        yield from _hogs(session, Slice(now_ns - HOG_NS, now_ns + 1, (position,)))
    yield from _false_alarms(session, now_ns)


def _chattering(session: Session, part: Slice) -> Iterator[Finding]:
    for (unit, rule, entity), times in list(loading.chatterers(session, part).items())[:MOST]:
        facts = {
            "in_a_minute": measures.most_in(times, measures.MINUTE_NS),
            "in_an_hour": measures.most_in(times, measures.HOUR_NS),
        }
        newest = _newest(session, unit, rule, entity)
        yield Finding(kind=WorkItemKind.CHATTERING, unit=unit, rule=rule, entity=entity, alert_id=newest, facts=facts)


def _stale(session: Session, now_ns: int) -> Iterator[Finding]:
    standing = (Activation.ended_ns.is_(None), Activation.told_ns < now_ns - DAY_NS)
    query = (
        select(Activation).join(Alert, Alert.id == Activation.alert_id).where(*standing, Alert.closed_at_ns.is_(None))
    )
    for one in session.scalars(query.order_by(Activation.told_ns, Activation.number).limit(MOST)):
        facts = {"age_s": seconds(now_ns - (one.told_ns or now_ns))}
        yield Finding(
            kind=WorkItemKind.STALE, unit=one.unit, rule=one.rule, entity=one.entity, alert_id=one.alert_id, facts=facts
        )


def _hogs(session: Session, part: Slice) -> Iterator[Finding]:
    total = session.scalar(select(func.count()).select_from(Activation).where(*part.told())) or 0
    for unit, rule, entity, _, count in loading.busiest(session, part, TOP) if total else ():
        if count >= HOG_LEAST and count > HOG_SHARE * total:
            newest = _newest(session, unit, rule, entity)
            facts = {"count": count, "share": count / total, "days": HOG_NS / DAY_NS}
            yield Finding(kind=WorkItemKind.HOG, unit=unit, rule=rule, entity=entity, alert_id=newest, facts=facts)


def _false_alarms(session: Session, now_ns: int) -> Iterator[Finding]:
    inside = (Alert.confirmed_at_ns > now_ns - FALSE_NS, Alert.confirmed == Confirmation.FALSE)
    query = select(Alert.unit, Alert.entity, func.count(), func.max(Alert.id)).where(*inside)
    grouped = query.group_by(Alert.unit, Alert.entity).having(func.count() >= FALSE_LEAST)
    for unit, entity, count, alert_id in session.execute(grouped.order_by(Alert.unit, Alert.entity).limit(MOST)):
        facts = {"false": count, "days": FALSE_NS / DAY_NS}
        yield Finding(
            kind=WorkItemKind.FALSE_ALARMS, unit=unit, rule=None, entity=entity, alert_id=alert_id, facts=facts
        )


def _newest(session: Session, unit: str, rule: str, entity: str) -> str:
    who = (Activation.unit == unit, Activation.rule == rule, Activation.entity == entity)
    found = session.scalar(select(Activation.alert_id).where(*who).order_by(Activation.number.desc()).limit(1))
    return found or ""


def _open() -> Select[WorkItem]:
    return select(WorkItem).where(WorkItem.closed_ns.is_(None))


def _open_subjects(session: Session) -> set[tuple[WorkItemKind, str]]:
    return {(item.kind, item.subject) for item in session.scalars(_open())}
