"""The `Engine`: messages of one partition in, transitions out; a pure function of the log.

    messages ─▶ segments ─▶ rounds ─▶ banks ─▶ changed terms ─▶ forest ─▶ slots ─▶ transitions
    ticks, deaths ─▶ liveness ─▶ changed absences, points gone silent ──────▲

It reads no clock and draws no random number, so feeding it the same log gives the same transitions with
the same ids, however the log is cut into calls, and whether or not a snapshot lies between.

Readings that it refuses are counted: *late* (not after the last one of their point, which also makes a
second copy harmless). Readings whose time lies ahead of the log's by more than ``MOST_AHEAD_NS`` count as
*ahead*; they are evaluated, and do not block what comes after with a better clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from domain.alarm import Transition
from domain.clock import NS_PER_S
from domain.quality import HISTORICAL
from rules.banks import WindowBank
from rules.emission import Emitter, Known
from rules.forest import Changes, When, joined, outside
from rules.inputs import Message, MessageKind
from rules.kernels import ALARM, NORMAL, Bools, Indexes, seen, usable
from rules.liveness import Liveness
from rules.log_clock import LogClock
from rules.plan import Plan, columns
from rules.schedules import Schedules
from rules.segment import Segment
from rules.slots import Moment, Said

MOST_ROWS = 131_072
"""Readings of a segment: enough to spread its fixed cost, few enough for the processor's cache (measured)."""
MOST_SPAN_NS = NS_PER_S
"""Counted time of a segment; must stay below the shortest silence of a gateway (5 s), see `Liveness.hear`."""
EVENT_HOLDS_NS = 10 * NS_PER_S
"""How long an event (`PointKind.EVENT`) is true after it was told; the next one is an alarm of its own. Assumption:
longer than the log's pauses, shorter than any person takes to answer and reset an alert."""
MOST_AHEAD_NS = 300 * NS_PER_S
"""A device clock that is further ahead of the log is wrong (design: 5 min)."""

_TOGETHER = (MessageKind.DATA, MessageKind.HEARD, MessageKind.BIRTH)
NEVER_SEEN = np.iinfo(np.int64).min


@dataclass(slots=True)
class Counts:
    """What went through, since the partition's state began."""

    readings: int = 0
    late: int = 0
    ahead: int = 0
    unusable: int = 0
    old_deaths: int = 0
    outside_windows: int = 0
    transitions: int = 0


class Engine:
    """State of one partition; `feed` moves it on."""

    def __init__(self, plan: Plan, partition: int = 0) -> None:
        """Start with everything unknown and every alarm normal."""
        self.plan, self.partition = plan, partition
        self.slots = plan.slots()
        self.plan.listen(self.slots)
        self.liveness = Liveness(plan)
        absences = plan.absences
        self._schedules = Schedules(plan.site.registry, absences.schedules, absences.first_schedule, plan.forest.truth)
        self.clock = LogClock()
        self.counts = Counts()
        points = len(plan.site.table)
        self.last_ns = np.full(points, NEVER_SEEN, np.int64)
        self.known = Known(np.full(points, np.nan))
        self.judge_all = False
        self._emitter = Emitter(plan, partition)
        self._worded, self._quoted = plan.worded, plan.quoted
        self._momentary = plan.momentary()
        places = list(zip(plan.banks, plan.bank_signal, strict=True))
        self._asked = [(bank, start) for bank, start in places if not isinstance(bank, WindowBank)]
        self._windows = [bank for bank in plan.banks if isinstance(bank, WindowBank)]
        self._clocked = any(bank.clocked for bank, _ in self._asked)
        self._scratch = np.empty(points, np.int32)
        self._waiting: list[Message] = []
        self._waiting_ns: list[int] = []
        self._waiting_rows = 0

    def feed(self, messages: Iterable[Message]) -> list[Transition]:
        """Take the next messages of the log; returns what alarms said, in log order."""
        said: list[Transition] = []
        for message in messages:
            now_ns = self.clock.advance(message.time_ns)
            if message.kind is MessageKind.OTHER:
                continue
            if not self._fits(message, now_ns):
                said += self._flush()
            if message.kind is MessageKind.BIRTH:
                self.liveness.born(message.gateway, message.session)
            self._waiting.append(message)
            self._waiting_ns.append(now_ns)
            self._waiting_rows += len(message.readings.point) if message.readings else 0
        return said + self._flush()

    def _fits(self, message: Message, now_ns: int) -> bool:
        """Tell whether a message may join those that wait: data and signs of life may, near in time.

        The first one of a host that was away must not: what it changes counts for all that comes after it.

        A birth is a sign of life; the session that it begins matters to deaths only, which never wait.
        """
        if not self._waiting:
            return True
        return (
            message.kind in _TOGETHER
            and self._waiting[-1].kind in _TOGETHER
            and now_ns - self._waiting_ns[0] < MOST_SPAN_NS
            and self._waiting_rows < MOST_ROWS
            and not self.liveness.brings_host_back(message.gateway, now_ns)
        )

    def _flush(self) -> list[Transition]:
        """Evaluate what waits, which is data, or one message of another kind."""
        if not self._waiting:
            return []
        first = self._waiting[0]
        segment = Segment(self._waiting, self._waiting_ns, self._scratch)
        self._waiting, self._waiting_ns, self._waiting_rows = [], [], 0
        match first.kind:
            case MessageKind.TICK:
                said = self._tick(segment)
            case MessageKind.DEATH:
                said = self._death(first, segment)
            case MessageKind.DEVICE_DEATH:
                said = self._device_death(first, segment)
            case _:
                said = self._data(segment)
        transitions = self._emitter.transitions(_in_order(said), segment, self.known) if said else []
        self.known.commit(segment, self._worded, self._quoted)
        self.counts.transitions += len(transitions)
        return transitions

    def _data(self, segment: Segment) -> list[Said]:
        changes = [self._hear(segment)]
        if len(segment) and segment.time_ns.max() > segment.log_ns.min() + MOST_AHEAD_NS:
            self.counts.ahead += int(np.count_nonzero(segment.time_ns > self._limit_ns(segment, slice(None))))
        for rows in segment.rounds:
            changes += self._read(segment, rows)
        changes += self._read_together(segment)
        return self._apply(joined(changes), segment)

    def _hear(self, segment: Segment) -> Changes:
        back = self.liveness.hear(segment.gateway, segment.now_ns)
        return Changes(back.signal, back.before, back.after, back.instant * segment.width, back.row)

    def _read(self, segment: Segment, rows: Indexes | slice) -> list[Changes]:
        """Take one round of readings: each point at most once."""
        point, time_ns = segment.point[rows], segment.time_ns[rows]
        self.counts.readings += len(point)
        if self._windows:
            self._take(segment, rows)
        fresh = self._fresh(segment, rows, point, time_ns)
        if fresh is not None:
            rows = np.arange(len(segment))[rows][fresh]
            point, time_ns = segment.point[rows], segment.time_ns[rows]
        self.last_ns[point] = time_ns
        segment.taken[rows] = True
        value = segment.value[rows]
        good = self._hear_points(segment, rows, point, usable(value, segment.quality[rows]))
        told_ns = self._told_ns(segment, rows) if self._clocked else time_ns
        found = []
        for bank, start in self._asked:
            moved = bank.read(point, value, good, told_ns if bank.clocked else time_ns)
            if moved is not None:
                at, term, before, after = moved
                row = at if isinstance(rows, slice) else rows[at]
                found.append(outside(start + term, before, after, segment.instant[row], row))
        return found

    def _take(self, segment: Segment, rows: Indexes | slice) -> None:
        """Give a round to the windows, late readings too; no reading was made after the log got it."""
        value = segment.value[rows]
        good = usable(value, segment.quality[rows])
        time_ns = np.minimum(segment.time_ns[rows], segment.log_ns[segment.message[rows]])
        for bank in self._windows:
            self.counts.outside_windows += bank.take(segment.point[rows], value, good, time_ns)

    def _told_ns(self, segment: Segment, rows: Indexes | slice) -> Indexes:
        """Return when readings came: by the log where they came in time, by their own time where they are historical.

        A device's clock may be wrong; an outage's readings come all at once.
        """
        log_ns = segment.log_ns[segment.message[rows]]
        historical = (segment.quality[rows] & HISTORICAL) != 0
        return np.where(historical, np.minimum(segment.time_ns[rows], log_ns), log_ns)

    def _read_together(self, segment: Segment) -> list[Changes]:
        """Ask the tests that look at several points at once."""
        found = []
        for bank, start in self._asked:
            moved = bank.read_together(segment)
            if moved is not None:
                (term, before, after), instant, row = moved
                found.append(outside(start + term, before, after, instant, row))
        return found

    def _hear_points(self, segment: Segment, rows: Indexes | slice, point: Indexes, good: Bools) -> Bools | None:
        """Note which points were heard; returns ``good``, or None when all readings are."""
        if good.all():
            self.liveness.heard_ns[point] = segment.now[rows]
            segment.used[rows] = True
            return None
        self.counts.unusable += int(len(good) - np.count_nonzero(good))
        self.liveness.heard_ns[point[good]] = segment.now[rows][good]
        segment.used[rows] = good
        return good

    def _fresh(self, segment: Segment, rows: Indexes | slice, point: Indexes, time_ns: Indexes) -> Bools | None:
        """Return which readings come after the last one of their point; None when all do. Counts the others.

        Where that last time lies in the future of the log, only an equal time is refused: a clock that
        was wrong once would silence its point otherwise.
        """
        last_ns = self.last_ns.take(point)
        fresh = time_ns > last_ns
        if fresh.all():
            return None
        fresh |= (last_ns > self._limit_ns(segment, rows)) & (time_ns != last_ns)
        self.counts.late += int(len(fresh) - np.count_nonzero(fresh))
        return np.asarray(fresh)

    def _limit_ns(self, segment: Segment, rows: Indexes | slice) -> Indexes:
        """Return the latest time that a reading's clock can show and be believed."""
        return np.asarray(segment.log_ns[segment.message[rows]] + MOST_AHEAD_NS)

    def _tick(self, segment: Segment) -> list[Said]:
        now_ns = int(segment.now_ns[0])
        silent, absences = self.liveness.tick(now_ns)
        over = [*self._forget(silent), *self._end_events(now_ns), *self._tick_banks(segment)]
        timed = self._schedules.tick(int(segment.log_ns[0]))
        said = self._apply(joined([absences, timed, *over]), segment, at_tick=True)
        due = self.slots.due(now_ns)
        if self.judge_all:  # the rules changed: what was carried over is held against the new conditions
            due, self.judge_all = np.arange(len(self.slots)), False
        return said + self._judge(due, np.zeros(len(due), np.int64), np.full(len(due), -1), segment)

    def _death(self, message: Message, segment: Segment) -> list[Said]:
        changes = self.liveness.die(message.gateway, message.session, int(segment.now_ns[0]))
        if changes is None:
            self.counts.old_deaths += 1
            return []
        return self._apply(changes, segment)

    def _device_death(self, message: Message, segment: Segment) -> list[Said]:
        """The gateway says that it can't reach a device: what the device said last is not known any more."""
        points = self.plan.site.points_of(message.device)
        return self._apply(joined([self._hear(segment), *self._forget(points)]), segment)

    def _forget(self, points: Indexes) -> list[Changes]:
        """Make all terms of some points unknown; they keep their memory. Whoever never spoke is not there yet.

        Windows go by what they cover: they become unknown when they close with too few readings.
        """
        points = points[~self.plan.site.learned[points] | (self.last_ns[points] != NEVER_SEEN)]
        if not len(points):
            return []
        found = []
        for bank, start in self._asked:
            term, before, after = bank.forget(points)
            instant, row = np.zeros(len(term), np.int64), np.full(len(term), -1)
            found.append(outside(start + term, before, after, instant, row))
        return found

    def _end_events(self, now_ns: int) -> list[Changes]:
        """Make the terms of events normal that were told a while ago: what happened once is no state."""
        found = []
        for terms, bank, start in zip(self._momentary, self.plan.banks, self.plan.bank_signal, strict=True):
            told = terms[bank.truth[terms] == ALARM]
            over = told[self.liveness.heard_ns[bank.point[told]] + EVENT_HOLDS_NS <= now_ns]
            before = bank.truth[over]
            bank.truth[over] = NORMAL
            instant, row = np.zeros(len(over), np.int64), np.full(len(over), -1)
            found.append(outside(start + over, before, bank.truth[over], instant, row))
        return found

    def _tick_banks(self, segment: Segment) -> list[Changes]:
        """Let the banks move that time alone moves."""
        found = []
        for bank, start in zip(self.plan.banks, self.plan.bank_signal, strict=True):
            moved = bank.tick(int(segment.now_ns[0]), int(segment.log_ns[0]))
            if moved is not None:
                term, before, after = moved
                instant, row = np.zeros(len(term), np.int64), np.full(len(term), -1)
                found.append(outside(start + term, before, after, instant, row))
        return found

    def _apply(self, changes: Changes, segment: Segment, *, at_tick: bool = False) -> list[Said]:
        """Carry changes through the forest and judge the alarms that listen, round by round."""
        said: list[Said] = []
        if not (len(changes) or at_tick):
            return said
        for moved in self.plan.forest.apply(changes, When(segment.now_ns, segment.width, at_tick)):
            row, link = self.plan.listeners.expand(moved.signal)
            slot, role = self.plan.listener_slot[link], self.plan.listener_role[link]
            for number, column in columns(self.slots).items():
                mine = role == number
                column[slot[mine]] = seen(moved.after[row[mine]])
            judged, first = np.unique(slot, return_index=True)
            reading = np.full(len(judged), -1)
            np.maximum.at(reading, np.searchsorted(judged, slot), moved.row[row])
            said += self._judge(judged, moved.instant[row[first]], reading, segment)
        return said

    def _judge(self, slot: Indexes, instant: Indexes, row: Indexes, segment: Segment) -> list[Said]:
        """Judge slots at an instant; ``row`` is the reading that did it, -1 for the log itself."""
        if not len(slot):
            return []
        message = instant // segment.width
        event_ns, historical = segment.log_ns[message], np.zeros(len(slot), np.bool_)
        read = np.flatnonzero(row >= 0)
        event_ns[read] = segment.time_ns[row[read]]
        historical[read] = (segment.quality[row[read]] & HISTORICAL) != 0
        return self.slots.judge(slot, Moment(instant, row, segment.now_ns[message], event_ns, historical))


def _in_order(said: list[Said]) -> Said:
    """Join what was said, by instant, reading and slot; what one slot said at one instant keeps its order.

    So components that one frame reports keep the frame's order: people ask which alarm was the first.
    """
    joint = Said(*(np.concatenate([getattr(part, name) for part in said]) for name in Said.__slots__))
    order = np.lexsort((joint.slot, joint.row, joint.instant))
    return Said(*(getattr(joint, name)[order] for name in Said.__slots__))
