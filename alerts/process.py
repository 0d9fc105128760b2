"""The alerts process: intake, timers, couriers, feed and service around one database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts import audit, intake, outbox, shifts
from alerts.accounts.service import AccountsService
from alerts.audit_service import AuditService
from alerts.channels.contract import Aids
from alerts.channels_service import ChannelsService
from alerts.database import Database
from alerts.delivery import Courier
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.feed import publish_feed
from alerts.feeding.consumers import watch_consumers
from alerts.feeding.facts_worker import FactsPolicy, FactsWorker
from alerts.floods.bad_actors import watch_bad_actors
from alerts.floods.service import KpiService
from alerts.foreign_service import ForeignService
from alerts.intake import read_alarms
from alerts.labelled_service import LabelledService
from alerts.links import LEAST_KEY
from alerts.maintenance_service import MaintenanceService, open_windows
from alerts.mine_service import MineService
from alerts.office import Office
from alerts.once import OnceService
from alerts.out_of_service_service import OutOfServiceService, running_entries
from alerts.outbox import RetryPolicy
from alerts.receipts_service import ReceiptsService
from alerts.rules_watch import watch_rules
from alerts.schema import Alert, FeedEvent, Position, SeenTransition, SetAside
from alerts.service import AlertsService
from alerts.shifts_service import ShiftsService
from alerts.silences_service import SilencesService, silences_in_force
from alerts.stats import notification_stats
from alerts.subscriptions import SubscriptionBook
from alerts.subscriptions_service import SubscriptionsService
from alerts.timers import run_timers
from alerts.walk_test_service import WalkTestService, running_tests
from backbone.client import Backbone
from backbone.layout import BIRTHS
from backbone.sparkplug.learning import births, points_of_message
from domain.accounts import UserRole
from domain.cancellation import heed_cancellation
from domain.clock import Clock, SystemClock
from domain.errors import LinkError, RefusedError, StoreError, WireError
from domain.site import Registry

log = logging.getLogger(__name__)

STATUS_KEY = "alerts.main"
STATUS_PERIOD_S = 1.0
STATUS_REST = 20.0
"""Counting rests as many times as long as it took: with a million records it would take a core otherwise."""


async def run(
    registry: Registry,
    backbone: Backbone,
    *,
    database_url: str,
    answer_base_url: str,
    signing_key: bytes,
    stop: asyncio.Event,
    clock: Clock | None = None,
    retry: RetryPolicy | None = None,
    facts: FactsPolicy | None = None,
    first_passwords: Mapping[UserRole, str] | None = None,
    vapid_key: str | None = None,
) -> None:
    """Keep the record until ``stop`` is set; pushes on their way are finished first.

    ``database_url`` is SQLAlchemy's (a SQLite file, or PostgreSQL); ``answer_base_url`` is where people's
    phones reach the answer page; ``signing_key`` signs the links (16 bytes at least, the same at
    every start); ``vapid_key`` signs Web Push (without it, only channels with a key of their own push).
    ``first_passwords`` are those of the first accounts, used where there is none yet. A kill -9 loses nothing:
    what is not committed is read again, what is not settled is sent again.
    """
    if len(signing_key) < LEAST_KEY:
        raise RefusedError(f"the signing key of answer links has {len(signing_key)} bytes; at least {LEAST_KEY}")
    await backbone.ensure_streams()
    directory = Directory(registry)
    directory.learn(await births(backbone))
    office = Office(await Database.open(database_url), directory, clock or SystemClock())
    accounts = AccountsService(office)
    office.aids = Aids(SubscriptionBook(office), vapid_key)
    try:
        await office.change(_prepare)
        couriers = [
            Courier(
                office, channel, answer_base_url=answer_base_url, signing_key=signing_key, retry=retry or RetryPolicy()
            )
            for channel in registry.site.channels
        ]
        await AlertsService(office, signing_key).serve(backbone)
        await MaintenanceService(office, backbone).serve()
        await AuditService(office, backbone).serve()
        await KpiService(office).serve(backbone)
        await SilencesService(office, backbone).serve()
        await ForeignService(office, backbone, registry).serve()
        await LabelledService(office, backbone).serve()
        await OnceService(office, backbone, signing_key).serve()
        await WalkTestService(office, backbone).serve()
        await OutOfServiceService(office, backbone).serve()
        await ShiftsService(office).serve(backbone)
        await MineService(office).serve(backbone)
        await SubscriptionsService(office, signing_key).serve(backbone)
        await ChannelsService(office).serve(backbone)
        await ReceiptsService(office, backbone).serve()
        await accounts.make_first(first_passwords or {})
        await accounts.serve(backbone)
        await _work(office, backbone, registry, couriers, stop, facts=facts or FactsPolicy())
    finally:
        accounts.close()
        await office.database.close()


async def _work(
    office: Office,
    backbone: Backbone,
    registry: Registry,
    couriers: list[Courier],
    stop: asyncio.Event,
    *,
    facts: FactsPolicy,
) -> None:
    """Run all tasks; one that fails ends the process, which starts again from the database."""
    async with asyncio.TaskGroup() as tasks:
        endless = [
            tasks.create_task(read_alarms(office, backbone, intake.FIRE), name="intake-fire"),
            tasks.create_task(read_alarms(office, backbone, intake.MAIN), name="intake"),
            tasks.create_task(run_timers(office), name="timers"),
            tasks.create_task(publish_feed(office, backbone), name="feed"),
            tasks.create_task(watch_consumers(office, backbone, registry), name="feed-readers"),
            tasks.create_task(FactsWorker(office, backbone, registry, facts).run(), name="facts"),
            tasks.create_task(watch_bad_actors(office), name="bad-actors"),
            tasks.create_task(_report(office, backbone), name="status"),
            tasks.create_task(watch_rules(office, backbone, registry), name="rules-watch"),
            tasks.create_task(_learn(office.directory, backbone), name="births"),
        ]
        deliveries = [tasks.create_task(courier.run(), name="courier") for courier in couriers]
        await stop.wait()
        for courier in couriers:
            courier.stop()
        if deliveries:
            await asyncio.wait(deliveries)
        await _end(endless)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: before Python 3.12 `asyncio.wait_for` can swallow a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1.0)


async def _learn(directory: Directory, backbone: Backbone) -> None:
    """Take the names of components that nobody wrote: those of every device's newest birth, then those that come."""
    async for batch in backbone.reader(BIRTHS):
        for birth in batch:
            try:
                directory.learn(points_of_message(birth.subject, birth.data))
            except WireError as error:
                log.warning("birth %d on %s left out: %s", birth.seq, birth.subject, error.reason)
        await asyncio.sleep(0)  # thousands of births at once must not hold up a fire


def _prepare(desk: Desk) -> None:
    lost = outbox.recover(desk)
    if lost:
        log.warning("%d pushes were on their way when the process ended; they go again", lost)
    outbox.give_up_orphans(desk)


async def _report(office: Office, backbone: Backbone) -> None:
    """Publish the status document every second; a link that is away is no reason to stop."""
    document: dict[str, Any] = {}
    due_s = 0.0
    while True:
        heed_cancellation()
        try:
            if time.monotonic() >= due_s:
                document, took_s = await office.database.read(_timed_status)
                due_s = time.monotonic() + STATUS_REST * took_s
            await backbone.put_status(STATUS_KEY, {**document, **office.shown, "last_error": office.last_error})
        except (LinkError, RefusedError, StoreError) as error:
            office.fail("status", error)
        await asyncio.sleep(STATUS_PERIOD_S)


def _timed_status(session: Session) -> tuple[dict[str, Any], float]:
    """Return the figures, and what they cost this thread in s, whatever else the machine was doing."""
    begun_s = time.thread_time()
    return _status(session), time.thread_time() - begun_s


def _status(session: Session) -> dict[str, Any]:
    entries, head = audit.head(session)
    waiting = (FeedEvent.published_at_ns.is_(None), FeedEvent.refused.is_(None))
    return {
        "transitions": session.scalar(select(func.count()).select_from(SeenTransition)),
        "set_aside": session.scalar(select(func.count()).select_from(SetAside)),
        "position": {position.lane: position.seq for position in session.scalars(select(Position))},
        "open": session.scalar(select(func.count()).select_from(Alert).where(Alert.closed_at_ns.is_(None))),
        "walk_tests": running_tests(session),
        "out_of_service": running_entries(session),
        **open_windows(session),
        "silences": silences_in_force(session),
        "shift": shifts.told(session),
        "notifications": notification_stats(session).model_dump(),
        "events_waiting": session.scalar(select(func.count()).select_from(FeedEvent).where(*waiting)),
        "events_refused": session.scalar(
            select(func.count()).select_from(FeedEvent).where(FeedEvent.refused.is_not(None))
        ),
        "audit": {"entries": entries, "head": head},
    }
