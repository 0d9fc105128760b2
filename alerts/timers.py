"""Runs the timers of ladders, walk tests, floods and digests when they are due."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import escalation, out_of_service, record_timers, walk_test_end
from alerts.desk import Desk
from alerts.floods import announcing, digests, standing
from alerts.office import Office, wait
from alerts.schema import Alert
from domain.clock import NS_PER_S
from domain.errors import StoreError

BATCH = 100
LONGEST_SLEEP_S = 1.0
"""At most: wall clocks are set back and forth, so a far timer is looked at again and again."""
RETRY_S = 1.0
GATHER_S = 0.05
"""Timers are seconds apart; what begins at once has run with its cause."""


async def run_timers(office: Office) -> None:
    """Escalate for ever, fire first."""
    ear = office.bell.ear()
    while True:
        try:
            next_ns = await office.database.read(_next_timer)
            left_s = (next_ns - office.clock.now_ns()) / NS_PER_S if next_ns is not None else None
            if left_s is not None and left_s <= 0:
                await office.change(escalate)
                continue
        except StoreError as error:
            office.fail("timers", error)
            await asyncio.sleep(RETRY_S)
            continue
        await wait(ear, min(left_s, LONGEST_SLEEP_S) if left_s is not None else None, gather_s=GATHER_S)


def _next_timer(session: Session) -> int | None:
    ladders = session.scalar(select(func.min(Alert.next_escalation_ns)))
    tests = walk_test_end.next_end(session)
    services = out_of_service.next_end(session)
    record = record_timers.next_due(session)
    floods = (standing.next_time(session), digests.next_time(session))
    return min(
        (time_ns for time_ns in (ladders, tests, services, record, *floods) if time_ns is not None), default=None
    )


def escalate(desk: Desk) -> None:
    """Run the timers that are due, at most a batch; a walk test whose time is up ends first, then floods.

    A flood is told of before its first digest, which is about it.
    """
    walk_test_end.end_overdue(desk)
    out_of_service.end_overdue(desk)
    record_timers.run_due(desk)
    standing.end_overdue(desk)
    announcing.announce(desk)
    digests.send_due(desk)
    for alert in escalation.due(desk.session, desk.now_ns, BATCH):
        escalation.settle(desk, alert)
