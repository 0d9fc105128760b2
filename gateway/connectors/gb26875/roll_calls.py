"""The duty roll-call (查岗): call a transmitter, wait for somebody's answer, say what became of it.

The command is type 91 with the minutes to answer; the answer is an upload of type 24 with bit 5 and the
operator's number. Each transmitter has at most one call at a time; `roll_call` says how it is judged,
`roll_call_plan` when calls are made that nobody asked for.

A call is on disk before its command leaves, and so is each change before `answered` returns. Whoever
is to hear of changes (`tell`) hears them in order, again after a crash, and until it has taken them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Self

from domain.clock import NS_PER_S, Clock, to_iso
from domain.errors import FengsuiError, RefusedError, StoreError
from gateway.connectors.gb26875.roll_call import PLAN, Asker, Cause, Result, RollCall
from gateway.connectors.gb26875.roll_call_book import RollCallBook, Tell
from gateway.connectors.gb26875.roll_call_plan import (
    LEAST_MINUTES,
    MOST_MINUTES,
    SLOT_S,
    Occasion,
    Planner,
    RollCallPlan,
)
from gateway.connectors.gb26875.roll_call_store import Choice

__all__ = ["Result", "RollCall", "RollCallPlan", "RollCalls", "Send", "Sent", "Tell"]

log = logging.getLogger(__name__)

EVERY = Choice()

STEP_S = 1.0
"""Seconds between two looks at deadlines and plan."""

SLEPT_S = 30.0
"""A longer pause between two looks is one in which we heard no answers: a stop, or a clock that jumped."""

PRUNED_EVERY_S = 86_400


class Sent(StrEnum):
    """What became of a command."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    NO_ANSWER = "no_answer"
    LINE_DOWN = "line_down"


_FAILED: Mapping[Sent, Cause] = {
    Sent.DENIED: Cause.DENIED,
    Sent.NO_ANSWER: Cause.NOT_CONFIRMED,
    Sent.LINE_DOWN: Cause.NOT_CONNECTED,
}

Send = Callable[[str, int], Awaitable[Sent]]
"""Sends the command of so many minutes to ``unit/id``, with all resends; what it raises counts as LINE_DOWN."""


class RollCalls:
    """The roll-calls of one listening connection. Make it with `open`; `run` works until cancelled."""

    def __init__(
        self, book: RollCallBook, clock: Clock, planner: Planner, duty: Sequence[str], *, send: Send, tell: Tell
    ) -> None:
        """Use `open`."""
        self._book = book
        self._clock = clock
        self._planner = planner
        self._send, self._tell = send, tell
        self._duty = frozenset(duty)
        self._phases: list[list[str]] = [[] for _ in range(SLOT_S)]
        for key in sorted(self._duty):  # each has its own second of a slot, so that the work is spread
            self._phases[zlib.crc32(key.encode()) % SLOT_S].append(key)
        self._woken = asyncio.Event()
        self._commands: set[asyncio.Task[None]] = set()
        self._opened_ns = self._looked_ns = self._pruned_ns = clock.now_ns()
        self._up: set[str] = set()
        self._away_since_ns: dict[str, int] = {}
        self._trouble = ""

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        plan: RollCallPlan,
        zone: tzinfo,
        duty: Sequence[str],
        send: Send,
        tell: Tell,
        draw: Callable[[int], int] = secrets.randbelow,
    ) -> Self:
        """Open the record and find again the calls that were waiting; raises StoreError.

        ``duty`` are the transmitters (``unit/id``) beside which somebody is, ``zone`` the site's timezone.
        """
        book = await RollCallBook.open(path, clock.now_ns())
        calls = cls(book, clock, Planner(plan, zone, draw), duty, send=send, tell=tell)
        for key in book.waiting:  # nobody could hear their answer while we were away
            calls._note_absence(key, book.of(key)[-1].called_ns, calls._opened_ns)
        return calls

    async def close(self) -> None:
        """Stop commands that are under way and close the record; what waits is found again by `open`."""
        for task in self._commands:
            task.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        with suppress(StoreError):  # a full disk: `open` finds these calls as they were before
            await self._book.close()

    async def run(self) -> None:
        """Keep deadlines and plan until cancelled."""
        while True:
            await self.step()
            with suppress(TimeoutError):
                async with asyncio.timeout(STEP_S):
                    await self._woken.wait()
            self._woken.clear()

    async def step(self) -> None:
        """Do what is due now: end calls, make planned ones, store and tell changes. `run` does it every second."""
        for task in [task for task in self._commands if task.done()]:
            self._commands.discard(task)
            task.result()
        before_ns, now_ns = self._looked_ns, self._clock.now_ns()
        self._looked_ns = now_ns
        self._keep_deadlines(before_ns, now_ns)
        try:
            await self._book.save()
            await self._prune(now_ns)
            await self._call_by_plan(before_ns, now_ns)
            await self._book.tell(self._tell)
        except FengsuiError as error:  # a full disk, or nobody takes what is told: the next step tries again
            if str(error) != self._trouble:
                log.warning("roll-calls wait: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    async def call(self, key: str, minutes: int | None, by: str) -> RollCall:
        """Call the person beside a transmitter and return the call, which waits; its command is under way.

        ``minutes`` None takes the plan's. Raises RefusedError while another call runs there or where nobody is
        on duty, ValueError for minutes outside 1-10, StoreError when it can't be recorded.
        """
        minutes = self._planner.plan.minutes if minutes is None else minutes
        if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
            raise ValueError(f"minutes {minutes} → write {LEAST_MINUTES} to {MOST_MINUTES}")
        if key not in self._duty:
            raise RefusedError(f"nobody is on duty beside {key} (duty: false, or no transmitter of this connection)")
        return await self._call(key, minutes, by, Asker.PERSON)

    async def answered(self, key: str, operator: int, at_ns: int, said_ns: int | None = None) -> RollCall | None:
        """Take an answer; returns the call that it ended, None when no call was waiting for one.

        ``at_ns`` is when it arrived, ``said_ns`` the device's own time of it where that is believed. On disk
        when this returns; a full disk delays that, and raises nothing.
        """
        now_ns = self._clock.now_ns()
        if key in self._book.waiting and self._slept(self._looked_ns, now_ns):
            self._note_absence(key, self._looked_ns, now_ns)  # the first that is heard after a pause
        call = self._book.last(key)
        ended = call and call.answered(operator, at_ns, said_ns, now_ns)
        if ended is None:
            return None
        self._put(ended)
        with suppress(StoreError):  # kept, and tried again with the next step
            await self._book.save()
        return ended

    def line_changed(self, key: str, up: bool) -> None:  # noqa: FBT001  # a state, not a mode
        """Take note that a transmitter's line came or went."""
        now_ns = self._clock.now_ns()
        if not up:
            self._up.discard(key)
            self._away_since_ns[key] = now_ns
        elif key not in self._up:
            self._note_away(key, now_ns)
            self._up.add(key)
            self._away_since_ns.pop(key, None)

    async def list(self, choice: Choice = EVERY, limit: int = 100) -> tuple[RollCall, ...]:
        """Return the newest (at most 10,000) of the chosen calls, newest first; raises StoreError."""
        return await self._book.list(choice, limit)

    def last(self, key: str) -> RollCall | None:
        """Return the newest call of a transmitter in the last two days."""
        return self._book.last(key)

    @property
    def plan(self) -> RollCallPlan:
        """When people are called."""
        return self._planner.plan

    @property
    def waiting(self) -> int:
        """How many calls wait for an answer."""
        return len(self._book.waiting)

    @property
    def _grace_ns(self) -> int:
        return round(self._planner.plan.grace_s * NS_PER_S)

    def _put(self, call: RollCall) -> None:
        if self._book.put(call):
            self._woken.set()

    def _keep_deadlines(self, before_ns: int, now_ns: int) -> None:
        """Note which lines are away, and end the calls whose grace is over."""
        for key in sorted(self._book.waiting):
            if self._slept(before_ns, now_ns):
                self._note_absence(key, before_ns, now_ns)
            if key not in self._up:
                self._note_away(key, now_ns)
            self._put(self._book.of(key)[-1].closed(now_ns))

    @staticmethod
    def _slept(before_ns: int, now_ns: int) -> bool:
        """Tell whether two looks are so far apart that we heard nobody between them."""
        return now_ns - before_ns > SLEPT_S * NS_PER_S

    def _note_absence(self, key: str, since_ns: int, now_ns: int) -> None:
        """We heard nobody between two moments: as if the line had been away, and devices resend first."""
        call = self._book.of(key)[-1].unheard(since_ns, now_ns, Cause.WE_WERE_AWAY)
        self._put(call.kept_open(now_ns + self._grace_ns))

    def _note_away(self, key: str, now_ns: int) -> None:
        """Nothing can have come by a line that is, or was until now, away."""
        if key in self._book.waiting:
            since_ns = self._away_since_ns.get(key, self._opened_ns)
            self._put(self._book.of(key)[-1].unheard(since_ns, now_ns, Cause.LINE_LOST))

    async def _call_by_plan(self, before_ns: int, now_ns: int) -> None:
        """Decide for the transmitters whose second of the slot has come since the last look."""
        if not self._planner.plan.per_day:
            return
        moment = self._planner.moment(now_ns)
        last_s = now_ns // NS_PER_S
        first_s = max(before_ns // NS_PER_S, last_s - SLOT_S) + 1
        for second in range(first_s, last_s + 1):
            for key in self._phases[second % SLOT_S]:
                occasion = self._planner.wants(moment, self._book.of(key))
                if occasion is not None and key not in self._book.waiting:
                    asker = Asker.AGAIN if occasion is Occasion.AGAIN else Asker.PLAN
                    await self._call(key, self._planner.plan.minutes, PLAN, asker)

    async def _call(self, key: str, minutes: int, by: str, asker: Asker) -> RollCall:
        if key in self._book.waiting:
            runs = self._book.of(key)[-1]
            raise RefusedError(
                f"a roll-call of {key} is running: called {to_iso(runs.called_ns)} by {runs.by},"
                f" to be answered until {to_iso(runs.deadline_ns)}"
            )
        now_ns = self._clock.now_ns()
        unit, transmitter = key.split("/")
        deadline_ns = now_ns + minutes * 60 * NS_PER_S
        call = RollCall(
            id=uuid.uuid4().hex[:16],
            unit=unit,
            transmitter=transmitter,
            by=by,
            asker=asker,
            called_ns=now_ns,
            minutes=minutes,
            deadline_ns=deadline_ns,
            closes_ns=deadline_ns + self._grace_ns,
            changed_ns=now_ns,
        )
        await self._book.add(call)
        self._commands.add(asyncio.create_task(self._command(call), name=f"roll-call {key}"))
        self._woken.set()
        return call

    async def _command(self, call: RollCall) -> None:
        """Send the command of a call and note what became of it."""
        try:
            sent = await self._send(call.key, call.minutes)
        except FengsuiError:  # whatever is wrong with the line, nobody was called
            sent = Sent.LINE_DOWN
        now_ns, newest = self._clock.now_ns(), self._book.of(call.key)[-1]
        if newest.id != call.id or newest.result is not Result.WAITING:
            return
        if sent is Sent.CONFIRMED:
            self.line_changed(call.key, up=True)
            self._put(self._book.of(call.key)[-1].confirmed_at(now_ns))
        else:
            self._put(newest.failed(_FAILED[sent], now_ns))

    async def _prune(self, now_ns: int) -> None:
        if now_ns - self._pruned_ns >= PRUNED_EVERY_S * NS_PER_S:
            self._pruned_ns = now_ns
            await self._book.prune(now_ns)
