"""Every 10 s: what stands open, how the processes fare; every 5 min the limits. Asked on the bus, written to the store.

A look that fails is left out: a gap is what "nobody knows" looks like on a board. Nothing is repeated late.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from pydantic import ValidationError

from backbone.client import Backbone
from domain.alert import AlertView
from domain.clock import NS_PER_S, Clock
from domain.errors import FengsuiError, WireError
from domain.site.registry import Registry
from ingest.events_pipeline import pipeline_lines
from ingest.events_standing import limit_lines, standing_lines
from ingest.events_writer import LineStore
from ingest.writer import stopped_within

log = logging.getLogger(__name__)

PERIOD_S = 10.0
LIMITS_EVERY = 30
"""Looks between two writings of the limits."""
OPEN_ALERTS = "svc.alerts.list"
MOST_LISTED = 500
"""Alerts that one reply holds; above it the units are asked one by one."""


class Survey:
    """Looks and writes; run it once."""

    def __init__(self, backbone: Backbone, store: LineStore, registry: Registry, clock: Clock) -> None:
        """Nothing is asked before `run`."""
        self._backbone = backbone
        self._store = store
        self._registry = registry
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop`` is set. Limits that found no store are written at the next look that finds one."""
        since_limits = LIMITS_EVERY
        while not stop.is_set():
            due = since_limits >= LIMITS_EVERY
            stored = await self.look(limits=due)
            since_limits = 1 if due and stored else since_limits + 1
            await stopped_within(stop, PERIOD_S - self._clock.now_ns() / NS_PER_S % PERIOD_S)

    async def look(self, *, limits: bool) -> bool:
        """Look once; tells whether the store took what was seen.

        The alerts' service may be away while the status documents are there, and the other way round.
        """
        lines: list[bytes] = []
        try:
            lines += pipeline_lines(await self._backbone.statuses())
        except FengsuiError as error:
            log.debug("no status documents: %s", error)
        try:
            lines += standing_lines(await self._open_alerts(), self._registry, self._clock.now_ns())
        except FengsuiError as error:
            log.debug("what is open is not known: %s", error)
        if limits:
            lines += limit_lines(self._registry, self._clock.now_ns())
        try:
            refused = await asyncio.to_thread(self._store.write_lines, lines) if lines else {}
        except FengsuiError as error:
            log.debug("figures not stored: %s", error)
            return False
        for reason in list(refused.values())[:1]:
            log.warning("%d lines of our own were refused by the store, the first because: %s", len(refused), reason)
        return True

    async def _open_alerts(self) -> list[AlertView]:
        """Return all that are open; raises LinkError or RefusedError."""
        found = await self._ask({"open": True, "limit": MOST_LISTED})
        if len(found) < MOST_LISTED:
            return list(found)
        more = [await self._ask({"open": True, "limit": MOST_LISTED, "unit": unit}) for unit in self._registry.units]
        return list({alert.id: alert for part in [found, *more] for alert in part}.values())

    async def _ask(self, request: dict[str, object]) -> Sequence[AlertView]:
        reply = await self._backbone.request(OPEN_ALERTS, request)
        try:
            return [AlertView.model_validate(alert) for alert in reply["alerts"]]
        except (ValidationError, KeyError, TypeError) as error:
            raise WireError(f"{OPEN_ALERTS} answered in a form that is not ours") from error
