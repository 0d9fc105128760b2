"""Carries the outbox to the channels: one courier a channel, a fire lane in each.

The courier claims as many messages as the channel's budget and its own free slots allow, sends them side
by side, and settles each as its answer comes. It wakes when something is queued, when a slot is free,
when a retry is due or when the budget opens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

from alerts import outbox, upkeep
from alerts.channels import FIRE_SLOTS, OTHER_SLOTS, Channel, Outcome, Verdict, open_channel
from alerts.links import make_token
from alerts.office import Office, wait
from alerts.outbox import Job, Plan, RetryPolicy, Slots
from alerts.short_links import short_token
from domain.clock import NS_PER_S
from domain.errors import StoreError
from domain.site import ChannelSettings

log = logging.getLogger(__name__)

RETRY_S = 1.0
LONGEST_SLEEP_S = 5.0
SHORTEST_SLEEP_S = 0.01
UPKEEP_S = 1.0
GATHER_S = 0.02
"""A push takes longer than this to leave; looking at the outbox after each of 200 changes a second would not pay."""


class Courier:
    """Sends the messages of one channel."""

    def __init__(
        self, office: Office, settings: ChannelSettings, *, answer_base_url: str, signing_key: bytes, retry: RetryPolicy
    ) -> None:
        """Prepare; `run` works."""
        self._office = office
        self._settings = settings
        self._answer_base_url = answer_base_url.rstrip("/")
        self._signing_key = signing_key
        self._retry = retry
        self._on_the_way: dict[asyncio.Task[None], bool] = {}
        self._stopping = False
        self._upkept_s = float("-inf")

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the answers that are still out are settled."""
        self._stopping = True
        self._office.bell.ring()

    async def run(self) -> None:
        """Send until `stop`."""
        ear = self._office.bell.ear()
        channel = open_channel(self._settings, self._office.aids)
        try:
            while not self._stopping:
                wake_ns = await self._round(channel)
                await wait(ear, self._sleep_s(wake_ns), gather_s=GATHER_S)
            if self._on_the_way:
                await asyncio.wait(self._on_the_way)
        finally:
            await channel.close()

    async def _round(self, channel: Channel) -> int | None:
        """Start everything that may go now; returns when to look again."""
        try:
            await self._upkeep()
            while (plan := await self._plan()).ready and not self._stopping:
                self._start(channel, await self._claim())
        except StoreError as error:
            self._office.fail(f"channel {self._settings.id}", error)
            return self._office.clock.now_ns() + round(RETRY_S * NS_PER_S)
        return plan.wake_ns

    async def _upkeep(self) -> None:
        """Let held messages go on, a flood become digests, a fire reach others: where that is due.

        Once a second at most: in a storm the bell rings hundreds of times.
        """
        if time.monotonic() - self._upkept_s < UPKEEP_S:
            return
        self._upkept_s = time.monotonic()
        office, settings, retry = self._office, self._settings, self._retry
        if await office.database.read(lambda session: upkeep.wanted(office.desk(session), settings, retry)):
            await office.change(lambda desk: upkeep.work(desk, settings, retry))

    async def _plan(self) -> Plan:
        office, slots = self._office, self._slots()
        return await office.database.read(lambda session: outbox.plan(office.desk(session), self._settings, slots))

    async def _claim(self) -> list[Job]:
        office, slots = self._office, self._slots()
        return await office.database.write(lambda session: outbox.claim(office.desk(session), self._settings, slots))

    def _slots(self) -> Slots:
        fires = sum(self._on_the_way.values())
        return Slots(fire=FIRE_SLOTS - fires, other=OTHER_SLOTS - (len(self._on_the_way) - fires))

    def _start(self, channel: Channel, jobs: list[Job]) -> None:
        for job in jobs:
            task = asyncio.create_task(self._deliver(channel, job), name=f"push-{job.push.key}")
            self._on_the_way[task] = job.push.fire
            task.add_done_callback(self._on_the_way.pop)

    async def _deliver(self, channel: Channel, job: Job) -> None:
        """Send one message and store what came of it, however long the database takes to be there."""
        link = f"{self._answer_base_url}/answer/{make_token(job.claims, self._signing_key)}"
        push = replace(
            job.push,
            body={**job.push.body, "answer_url": link},
            words=replace(job.push.words, link=f"{self._answer_base_url}/answer/{self._short(job)}"),
            callback=f"{self._answer_base_url}/receipts/{self._settings.id}",
        )
        try:
            verdict = await channel.send(push, now_s=self._office.clock.now_ns() // NS_PER_S)
        except Exception as error:  # the process's edge: one message that can't be sent must not stop the others
            log.exception("push %s could not be sent", push.key)
            verdict = Verdict(Outcome.RETRY, f"internal error: {type(error).__name__}")
        if verdict.reason:
            log.warning("channel %s, push %s: %s, %s", self._settings.id, push.key, verdict.outcome, verdict.reason)
        while True:
            try:
                await self._office.change(lambda desk: outbox.settle(desk, job, verdict, self._retry))
            except StoreError as error:
                self._office.fail(f"channel {self._settings.id}", error)
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _short(self, job: Job) -> str:
        return short_token(job.claims.notification, self._signing_key)

    def _sleep_s(self, wake_ns: int | None) -> float | None:
        if wake_ns is None:
            return LONGEST_SLEEP_S
        left_s = (wake_ns - self._office.clock.now_ns()) / NS_PER_S
        return min(max(left_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)
