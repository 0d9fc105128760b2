"""Looks after all lines and transmitters by one sweep: time-outs, offline times, inspections, clocks.

| what | when | source |
|---|---|---|
| half frame given up, silent line cut | `PeerLimits` | assumption |
| transmitter offline | no frame for ``offline_s``, or line gone for ``reconnect_s`` | practice: 60 s to 3 min |
| inspection (巡检): type 81 | within a minute of coming, then every ``inspection_s`` | GB 50440-2007: ≤ 2 h |
| clock set, type 90 | off by more than ``clock_limit_s``; hourly at most; where allowed | GB 50440-2007: ≤ 5 s |

A transmitter that answers no inspection but sends frames is alive: many know only uploads. It is shown, not cut.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from domain.clock import Clock
from domain.errors import RefusedError
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.config import Gb26875Settings
from gateway.connectors.gb26875.directory import Directory
from gateway.connectors.gb26875.exchange import Exchange
from gateway.connectors.gb26875.limits import Cut
from gateway.connectors.gb26875.line import Peers
from gateway.connectors.gb26875.objects import TransmitterTime, decode_unit
from gateway.connectors.gb26875.roll_calls import Sent
from gateway.connectors.gb26875.session import Session

SLOWEST_STEP_S = 1.0
FIRST_INSPECTION_S = 60.0
"""A transmitter that came is inspected within this time, at a random moment: after an outage all come at once."""

CLOCK_AGAIN_S = 3600.0
"""A clock that runs wrong is set once an hour at most: one that can't be set must not be written to for ever."""

AT_ONCE = 100
"""Transmitters that are asked by the sweep at one time; assumption."""

READ_STATE, READ_TIME = 81, 88


class Keeper:
    """Runs the sweep; ``came`` and ``gone`` tell whoever needs to know of a transmitter's line."""

    def __init__(
        self,
        settings: Gb26875Settings,
        directory: Directory,
        peers: Peers,
        hosting: Hosting,
        *,
        exchange: Exchange,
        clock: Clock,
        now: Callable[[], datetime],
        line_changed: Callable[[str, bool], None],
    ) -> None:
        """``line_changed`` hears key and state of each transmitter that comes or goes; ``now`` is local time."""
        self._settings = settings
        self._directory = directory
        self._peers = peers
        self._hosting = hosting
        self._exchange = exchange
        self._clock = clock
        self._now = now
        self._line_changed = line_changed
        self._loop = asyncio.get_running_loop()
        self._asking = 0

    async def run(self) -> None:
        """Sweep until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                now_s = self._loop.time()
                self._look_at_lines(now_s)
                for session in self._directory:
                    if session.is_up:
                        self._look_at(session, now_s, group)
                await asyncio.sleep(self._step_s)

    def came(self, session: Session) -> None:
        """Take up a transmitter that is on the line now."""
        wait_s = random.uniform(0.5, 1.0) * min(FIRST_INSPECTION_S, self._settings.inspection_s)
        session.inspect_s = max(session.inspect_s, self._loop.time() + wait_s)
        self._hosting.up(session.key)
        self._line_changed(session.key, True)

    def gone(self, session: Session) -> None:
        """Let a transmitter go that is on the line no more."""
        session.is_up, session.since_ns = False, self._clock.now_ns()
        line, session.line = session.line, None
        if line is not None:
            line.sessions.discard(session)
            if not line.sessions:
                line.cut(Cut.OFFLINE)
        self._hosting.down(session.key)
        self._line_changed(session.key, False)

    @property
    def _step_s(self) -> float:
        """Pause between two sweeps: short against the shortest time-out."""
        settings, limits = self._settings, self._settings.limits
        shortest = min(settings.offline_s, settings.inspection_s, limits.silent_s, limits.half_frame_s)
        return min(SLOWEST_STEP_S, shortest / 4)

    def _look_at_lines(self, now_s: float) -> None:
        for line in list(self._peers.lines):
            reason = line.overdue(now_s, self._settings.offline_s)
            if reason is not None:
                line.cut(reason)

    def _look_at(self, session: Session, now_s: float, group: asyncio.TaskGroup) -> None:
        if session.line is None:
            if now_s - session.lost_s >= self._settings.reconnect_s:
                self.gone(session)
        elif now_s - session.heard_s > self._settings.offline_s:
            self.gone(session)
        elif self._asking < AT_ONCE:
            if now_s >= session.inspect_s:
                session.inspect_s = math.inf
                self._start(group, self._inspect(session))
            if now_s >= session.clock_due_s and self._clock_is_wrong(session):
                session.clock_due_s = now_s + CLOCK_AGAIN_S
                self._start(group, self.set_clock(session))

    def _start(self, group: asyncio.TaskGroup, asking: Awaitable[object]) -> None:
        """Let a transmitter be asked in the background, counted from now on."""
        self._asking += 1
        group.create_task(self._counted(asking))

    async def _counted(self, asking: Awaitable[object]) -> None:
        """Ask; people's commands come first, so being refused is no failure."""
        try:
            with suppress(RefusedError):
                await asking
        finally:
            self._asking -= 1

    async def _inspect(self, session: Session) -> None:
        """Read the transmitter's state, and its clock where its frames carry none and it may be set."""
        try:
            await self._read_state(session)
        finally:
            session.inspect_s = self._loop.time() + self._settings.inspection_s

    async def _read_state(self, session: Session) -> None:
        outcome = await self._exchange.ask(
            session, lambda sender, number, now: sender.read_transmitter(READ_STATE, sequence=number, now=now)
        )
        session.inspection = outcome.sent
        session.inspected_ns = self._clock.now_ns()
        if session.clock_error_s is None and self._settings.sets_clock_of(session.key):
            await self._read_clock(session)

    async def _read_clock(self, session: Session) -> None:
        outcome = await self._exchange.ask(
            session, lambda sender, number, now: sender.read_transmitter(READ_TIME, sequence=number, now=now)
        )
        for item in decode_unit(outcome.answer, session.profile).objects if outcome.answer else ():
            if isinstance(item, TransmitterTime) and item.stamp is not None and item.stamp.value is not None:
                error_s = (item.stamp.value - self._now()).total_seconds()
                if abs(error_s) > self._settings.clock_limit_s:
                    await self.set_clock(session)

    async def set_clock(self, session: Session) -> Sent:
        """Set a transmitter's clock to the site's local time; raises RefusedError while it is asked too much."""
        outcome = await self._exchange.ask(
            session, lambda sender, number, now: sender.set_clock(sequence=number, now=now)
        )
        return outcome.sent

    def _clock_is_wrong(self, session: Session) -> bool:
        """Tell whether a clock has to be set: only where it is known how the device writes times."""
        error_s = session.clock_error_s
        too_far = error_s is not None and abs(error_s) > self._settings.clock_limit_s
        return too_far and session.is_settled and self._settings.sets_clock_of(session.key)
