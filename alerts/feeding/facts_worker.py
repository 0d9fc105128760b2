"""Issues the daily facts: after midnight and a grace, for every unit; again when something late changes them.

| what | when |
|---|---|
| a day is computed for all units | `FactsPolicy.grace_s` after its end; missed days one after the other |
| a day of a unit is computed again | an audit entry since then touches it, or a gateway did not answer yet |
| a day is issued | it was never, or its facts are others than before: with the next revision |

Everything is computed from the record, so a kill at any moment repeats work and no message. A record that is kept
since noon says nothing of the morning: facts begin with the day on which the record began (at the first start with
them at most `FactsPolicy.first_days` back), and the time before counts as not watched.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import delete

from alerts.desk import Desk
from alerts.feeding import facts_store, roll_calls
from alerts.feeding.daily import RollCalls, daily_fact
from alerts.feeding.days import LocalDays
from alerts.feeding.plant import plants
from alerts.office import Office
from alerts.schema import DailyFactRow, FactsProgress
from backbone.client import Backbone
from domain.clock import NS_PER_S
from domain.errors import StoreError
from domain.site import Registry

log = logging.getLogger(__name__)

CHUNK = 50
"""Units in one transaction: it must not hold up a fire that is to be recorded meanwhile."""

ONE = 1
"""Key of the one row of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsPolicy:
    """When facts are computed; all are assumptions.

    ``grace_s``: how long after midnight late events are waited for; late changes are looked for every ``revise_s``.
    ``revised_days``: how far back facts are issued
    again (hazards have 30 days at most to be rectified, docs/feed.md). ``missed_days``: how many days are caught up
    after an outage, and kept in the database. ``asked_days``: how far back gateways are asked again for roll-calls.
    """

    grace_s: float = 1800.0
    look_s: float = 30.0
    revise_s: float = 600.0
    revised_days: int = 35
    missed_days: int = 400
    first_days: int = 7
    asked_days: int = 2


class FactsWorker:
    """Computes and issues; run it once."""

    def __init__(
        self, office: Office, backbone: Backbone, registry: Registry, policy: FactsPolicy | None = None
    ) -> None:
        """Take the site as it is; `run` works."""
        self._office = office
        self._backbone = backbone
        self._policy = policy or FactsPolicy()
        self._days = LocalDays(registry.site.timezone)
        self._plants = plants(registry)
        self._revised_at_s: float | None = None

    async def run(self) -> None:
        """Work for ever; a database that is away is waited for, and no mistake in figures stops the alarms beside."""
        while True:
            try:
                await self.catch_up()
                await self._revise_in_time()
            except StoreError as error:
                self._office.fail("facts", error)
            except Exception as error:
                log.exception("facts could not be computed; tried again")
                self._office.fail("facts", error)
            await asyncio.sleep(self._policy.look_s)

    async def catch_up(self) -> int:
        """Compute every day that is over and not computed yet; returns how many messages were written."""
        issued = 0
        while (day := await self._next_finished()) is not None:
            issued += await self._compute(day, self._plants, ask=True)
            oldest = (day - timedelta(days=self._policy.missed_days)).isoformat()
            await self._office.change(lambda desk, day=day, oldest=oldest: _advance(desk, day, oldest))  # type: ignore[misc]  # bound now
        return issued

    async def revise(self) -> int:
        """Compute again what late changes touch; returns how many messages were written."""
        progress = await self._progress()
        last = date.fromisoformat(progress.next_day) - timedelta(days=1)
        began = self._days.day_of(progress.began_ns)
        first = max(last - timedelta(days=self._policy.revised_days), began)
        units: dict[date, set[str]] = defaultdict(set)
        after = progress.audit_number
        while True:
            start = after
            after, found = await self._office.database.read(
                lambda session, start=start: facts_store.touched(session, start, self._days, first, last)  # type: ignore[misc]  # bound now
            )
            for day, names in found.items():
                units[day] |= names
            if after == start:
                break
        issued = 0
        for day in sorted(units):
            issued += await self._compute(day, units[day], ask=False)
        issued += await self._ask_again(max(last - timedelta(days=self._policy.asked_days - 1), began), last)
        await self._office.change(lambda desk: _looked(desk, after))
        return issued

    async def _revise_in_time(self) -> None:
        now_s = self._office.clock.now_ns() / NS_PER_S
        if self._revised_at_s is None or not 0 <= now_s - self._revised_at_s < self._policy.revise_s:
            await self.revise()
            self._revised_at_s = now_s

    async def _ask_again(self, first: date, last: date) -> int:
        """Ask gateways that did not answer about the newest days."""
        missing = await self._office.database.read(lambda session: facts_store.without_roll_calls(session, first, last))
        units: dict[date, set[str]] = defaultdict(set)
        for unit, day in missing:
            units[day].add(unit)
        issued = 0
        for day, names in sorted(units.items()):
            issued += await self._compute(day, names, ask=True)
        return issued

    async def _next_finished(self) -> date | None:
        """Return the next day to be computed, None while it is not over."""
        progress = await self._progress()
        day = date.fromisoformat(progress.next_day)
        ready_ns = self._days.span(day)[1] + round(self._policy.grace_s * NS_PER_S)
        return day if ready_ns <= self._office.clock.now_ns() else None

    async def _progress(self) -> FactsProgress:
        """Return how far facts are; made at the first start, and mended when the clock went far away and came back."""
        today = self._days.day_of(self._office.clock.now_ns())
        earliest = today - timedelta(days=self._policy.missed_days)
        first = today - timedelta(days=self._policy.first_days)

        def work(desk: Desk) -> FactsProgress:
            found = desk.session.get(FactsProgress, ONE)
            if found is None:
                began_ns = facts_store.first_audit_ns(desk.session) or desk.now_ns
                found = FactsProgress(
                    id=ONE,
                    began_ns=began_ns,
                    next_day=max(self._days.day_of(began_ns), first).isoformat(),
                    audit_number=facts_store.last_audit(desk.session),
                )
                desk.session.add(found)
            next_day = date.fromisoformat(found.next_day)
            if not earliest <= next_day <= today:
                found.next_day = min(max(next_day, earliest), today).isoformat()
            return found

        known = await self._office.database.read(lambda session: session.get(FactsProgress, ONE))
        if known is not None and earliest.isoformat() <= known.next_day <= today.isoformat():
            return known
        return await self._office.change(work)

    async def _compute(self, day: date, units: Iterable[str], *, ask: bool) -> int:
        """Compute and issue a day of some units, a few at a time; returns how many messages were written."""
        issued = 0
        names = [unit for unit in units if unit in self._plants]
        silent: set[str] = set()
        for start in range(0, len(names), CHUNK):
            issued += await self._compute_few(day, names[start : start + CHUNK], silent if ask else None)
        if issued:
            log.info("facts of %s: %d of %d units issued", day, issued, len(names))
        return issued

    async def _compute_few(self, day: date, units: list[str], silent: set[str] | None) -> int:
        """As `_compute`; roll-calls are asked for where ``silent`` is given: hosts that do not answer join it."""
        few = {unit: self._plants[unit] for unit in units}
        began_ns = (await self._progress()).began_ns
        read = self._office.database.read
        told = await read(lambda session: facts_store.told_roll_calls(session, units, day, few))
        calls = {**told, **(await self._ask(day, units, told, silent) if silent is not None else {})}
        known = await read(lambda session: facts_store.gather(session, few, self._days.span(day), began_ns))
        facts = await asyncio.to_thread(
            lambda: [
                daily_fact(unit, day, self._days, replace(known[unit], roll_calls=calls.get(unit, RollCalls())))
                for unit in units
            ]
        )
        return await self._office.change(lambda desk: facts_store.issue(desk, facts))

    async def _ask(
        self, day: date, units: list[str], told: Mapping[str, RollCalls], silent: set[str]
    ) -> dict[str, RollCalls]:
        """Ask for roll-calls; an answer that is less complete than what is known already is not taken."""
        found = {}
        for unit in units:
            plant = self._plants[unit]
            if plant.duty:
                answer = await roll_calls.ask(self._backbone, unit, plant, self._days.span(day), silent)
                if unit not in told or answer.answered >= told[unit].answered:
                    found[unit] = answer
        return found


def _advance(desk: Desk, day: date, oldest: str) -> None:
    """Go on to the day after ``day``; facts before ``oldest`` have been issued and are no longer kept."""
    desk.session.execute(delete(DailyFactRow).where(DailyFactRow.day < oldest))
    progress = desk.session.get_one(FactsProgress, ONE)
    progress.next_day = (day + timedelta(days=1)).isoformat()


def _looked(desk: Desk, number: int) -> None:
    desk.session.get_one(FactsProgress, ONE).audit_number = number
