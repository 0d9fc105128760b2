"""`Slots`: all alarms of a partition, one *slot* for each (rule, entity), moved on by `rules.alarm_states`.

A slot is judged when one of its truths changes, and at a tick when its timer has run out. Judging it is
always the same: a timer that ran out *before* this moment counts first, as of then (by log time, or by the
device's own times where the wait began with a late reading); then the truth; then a timer that runs out
now, also one of 0 s that the truth has just started; then the truth again, for what has become active
without being known any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.alarm_states import CLEARED, LEVEL, OPEN, RAISED, AlarmState, Input, Timer, advance
from rules.kernels import ALARM, NORMAL, UNKNOWN, Bools, Indexes, Truths

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Said:
    """What slots told the world, one row each, in order.

    | column | dtype | meaning |
    |---|---|---|
    | ``slot`` | int64 | which alarm |
    | ``kind`` | uint8 | index into `rules.alarm_states.SAYINGS` |
    | ``instant`` | int64 | when, in the segment's order |
    | ``as_of`` | int64 | the instant whose values it is about: one earlier for a timer that ran out before |
    | ``row`` | int64 | the reading that did it, -1 for the log itself: what one message tells keeps its order |
    | ``event_ns`` | int64 | when it became true at the device |
    | ``high``, ``test``, ``historical`` | bool | raised level; device says test; delivered late |
    """

    slot: Indexes
    kind: NDArray[np.uint8]
    instant: Indexes
    as_of: Indexes
    row: Indexes
    event_ns: Indexes
    high: Bools
    test: Bools
    historical: Bools

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.slot)


@dataclass(frozen=True, slots=True)
class Moment:
    """When n slots are judged: instant, reading, counted log time [ns], event time [ns], delivered late; (n,) each."""

    instant: Indexes
    row: Indexes
    now_ns: Indexes
    event_ns: Indexes
    historical: Bools


class Slots:
    """State of all alarms.

    | attribute | shape | meaning |
    |---|---|---|
    | ``state`` | (slots,) uint8 | codes of `AlarmState` |
    | ``due_ns`` | (slots,) int64 | when the timer runs out, counted log time; ``NEVER`` without one |
    | ``since_ns`` | (slots,) int64 | event time at which the present wait began |
    | ``late`` | (slots,) bool | that reading was historical |
    | ``high`` | (slots,) bool | the level was raised in this occurrence |
    | ``main``, ``raises``, ``testing`` | (slots,) uint8 | truths of condition, ``level_when`` and ``test`` |
    | ``stays`` | (slots,) uint8 | truth of ``stays_while``: counts once the alarm is raised, until it has cleared |
    """

    def __init__(self, on_delay_ns: Indexes, off_delay_ns: Indexes) -> None:
        """Make slots with these delays, shape ``(slots,)`` each; all are normal and unknown."""
        count = len(on_delay_ns)
        self._on_delay_ns, self._off_delay_ns = on_delay_ns, off_delay_ns
        self.state: Truths = np.zeros(count, np.uint8)
        self.due_ns = np.full(count, NEVER, np.int64)
        self.since_ns = np.zeros(count, np.int64)
        self.late = np.zeros(count, np.bool_)
        self.high = np.zeros(count, np.bool_)
        self.main: Truths = np.full(count, UNKNOWN, np.uint8)
        self.raises: Truths = np.zeros(count, np.uint8)
        self.testing: Truths = np.zeros(count, np.uint8)
        self.stays: Truths = np.zeros(count, np.uint8)

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.state)

    def open_count(self) -> int:
        """Return how many alarms are raised and not cleared."""
        return int(np.count_nonzero(OPEN[self.state]))

    def due(self, now_ns: int) -> Indexes:
        """Return the slots whose timer has run out."""
        return np.flatnonzero(self.due_ns <= now_ns)

    def judge(self, slot: Indexes, moment: Moment) -> list[Said]:
        """Judge n different slots and return what they say, in order of the steps."""
        said: list[Said] = []
        overdue = np.flatnonzero((self.due_ns[slot] < moment.now_ns) | self._waited(slot, moment))
        self._step(slot, overdue, np.uint8(Input.DUE), moment, said, before=1)
        self._step(slot, np.arange(len(slot)), self._truth(slot), moment, said)
        due = np.flatnonzero(self.due_ns[slot] <= moment.now_ns)
        self._step(slot, due, np.uint8(Input.DUE), moment, said)
        self._step(slot, due, self._truth(slot[due]), moment, said)
        self._level(slot, moment, said)
        return said

    def _truth(self, slot: Indexes) -> Truths:
        """Return what n alarms are told: a raised one "the condition, or what keeps it", shape ``(n,)``."""
        main, stays = self.main[slot], self.stays[slot]
        return np.where(OPEN[self.state[slot]] & (stays != NORMAL) & (main != ALARM), stays, main)

    def _waited(self, slot: Indexes, moment: Moment) -> Bools:
        """Return which late readings end a wait that was long enough by the device's own times, shape ``(n,)``.

        What an outage held back comes all at once, so log time would never let such an alarm mature. Readings
        that come in time go by log time alone: there a device clock may be wrong.
        """
        lasted_ns = moment.event_ns - self.since_ns[slot]
        ends = (self.state[slot] == AlarmState.PENDING) & (self.main[slot] == NORMAL)
        return np.asarray(ends & self.late[slot] & (moment.row >= 0) & (lasted_ns >= self._on_delay_ns[slot]))

    def _step(
        self,
        slot: Indexes,
        rows: Indexes,
        given: Truths | np.uint8,
        moment: Moment,
        said: list[Said],
        *,
        before: int = 0,
    ) -> None:
        """Give the slots at ``rows`` an input; ``before``: what they say is about that many instants earlier."""
        at = slot[rows]
        self.state[at], timer, kind = advance(self.state[at], given)
        spoken = np.flatnonzero(kind)
        self._tell(at[spoken], kind[spoken], moment, rows[spoken], said, before=before)
        self._set_timer(at, timer, moment, rows)

    def _set_timer(self, slot: Indexes, timer: NDArray[np.uint8], moment: Moment, rows: Indexes) -> None:
        for start, delay_ns in ((Timer.START_ON_DELAY, self._on_delay_ns), (Timer.START_OFF_DELAY, self._off_delay_ns)):
            begins = timer == start
            begun, at = slot[begins], rows[begins]
            self.due_ns[begun] = moment.now_ns[at] + delay_ns[begun]
            self.since_ns[begun] = moment.event_ns[at]
            self.late[begun] = moment.historical[at]
        self.due_ns[slot[timer == Timer.STOP]] = NEVER

    def _tell(
        self,
        slot: Indexes,
        kind: NDArray[np.uint8],
        moment: Moment,
        rows: Indexes,
        said: list[Said],
        *,
        before: int = 0,
    ) -> None:
        """Raising and clearing happened when their wait began, all else now."""
        if not len(slot):
            return
        waited = (kind == RAISED) | (kind == CLEARED)
        self.high[slot[kind == RAISED]] = self.raises[slot[kind == RAISED]] == ALARM
        event_ns = np.where(waited, self.since_ns[slot], moment.event_ns[rows])
        historical = np.where(waited, self.late[slot], moment.historical[rows])
        test = self.testing[slot] == ALARM
        instant = moment.instant[rows]
        row = moment.row[rows]
        said.append(Said(slot, kind, instant, instant - before, row, event_ns, self.high[slot], test, historical))
        self.high[slot[kind == CLEARED]] = False

    def _level(self, slot: Indexes, moment: Moment, said: list[Said]) -> None:
        """Raise the level of open alarms; it stays raised for the occurrence, people saw the worst."""
        rows = np.flatnonzero(OPEN[self.state[slot]] & ~self.high[slot] & (self.raises[slot] == ALARM))
        if not len(rows):
            return
        at = slot[rows]
        self.high[at] = True
        kind = np.full(len(at), LEVEL, np.uint8)
        self._tell(at, kind, moment, rows, said)
