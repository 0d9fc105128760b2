"""A slow, obvious evaluator: one reading at a time, every alarm recomputed from scratch at every instant.

It shares the rule models, the message type and the numbering of points with the engine: no plan, no arrays, no
table. Where the engine propagates changes, this one compares everything before with everything after.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.points import PointKind
from domain.quality import BASE_MASK, GOOD, HISTORICAL
from rules.conditions import Absent, Condition
from rules.inputs import Message, MessageKind
from tests.rules import reference_windows
from tests.rules.reference_truths import A, Alarm, GatewayState, N, Term, Truth, U, Watched


class Reference(Watched):
    """Evaluates a log; `transitions` collects what was said, as plain facts."""

    # ---- the log ----

    def feed(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._advance(message.time_ns)
            self._message(message)

    def _advance(self, time_ns: int) -> None:
        if self.last_log_ns is not None:
            self.counted_ns += min(max(time_ns - self.last_log_ns, 0), 5 * NS_PER_S)
        self.last_log_ns = time_ns

    def _message(self, message: Message) -> None:
        self.said: Counter[str] = Counter()
        if message.kind is MessageKind.OTHER:
            return
        gateway = sorted(self.gateways)[message.gateway] if message.gateway >= 0 else ""
        if message.kind is MessageKind.BIRTH:
            self.gateways[gateway].session = message.session
        if message.kind is MessageKind.DEATH:
            self._death(gateway, message)
            return
        if message.kind is MessageKind.TICK:
            self._tick(message)
            return
        readings = self._instants(message)
        for number, rows in enumerate(readings or [[]]):
            if number == 0:
                self._hear(gateway)
                if message.kind is MessageKind.DEVICE_DEATH:
                    for key in self._device_points(self.site.devices[message.device].key):
                        self._forget(key)
            changed = self._take(message, rows)
            self._judge_changed(message, changed)

    def _death(self, gateway: str, message: Message) -> None:
        state = self.gateways[gateway]
        if -1 not in (message.session, state.session) and message.session != state.session:
            return
        if not state.dead:
            state.dead, state.died_ns = True, self.counted_ns
        for name in self._gateway_absences(gateway):
            if name[3] == 0:
                self.absences[name] = A
        self._judge_changed(message, {})

    def _gateway_absences(self, gateway: str) -> list[tuple[str, str, float, float]]:
        of = Absent.TRANSMITTER if gateway in self.host_of else Absent.GATEWAY
        return [
            ("gateway", gateway, test.absence.within_s or 0.0, test.absence.reconnect_s)
            for rule in self.rules
            for test in rule.condition.tests()
            if test.absence and test.absence.of is of
        ]

    def _hear(self, gateway: str) -> None:
        host = self.host_of.get(gateway, gateway)
        if self._is_away(host):
            self._host_back(host)
        for name in {gateway, host}:
            self._gateway_heard(name)

    def _host_back(self, host: str) -> None:
        gap = self.counted_ns - self.gateways[host].heard_ns
        self.gateways[host].returned_ns = self.counted_ns
        for hosted in (key for key, own in self.host_of.items() if own == host):
            state = self.gateways[hosted]
            state.heard_ns = min(state.heard_ns + gap, self.counted_ns)
            state.died_ns = min(state.died_ns + gap, self.counted_ns)
            for key in self._points_behind(hosted):
                self.points[key].heard_ns = min(self.points[key].heard_ns + gap, self.counted_ns)

    def _gateway_heard(self, gateway: str) -> None:
        state = self.gateways[gateway]
        gap = self.counted_ns - state.heard_ns
        if self._is_away(gateway):
            for key in self._points_behind(gateway):
                self.points[key].heard_ns += gap
        state.dead, state.heard_ns = False, self.counted_ns
        for name in self._gateway_absences(gateway):
            self.absences[name] = N

    def _points_behind(self, gateway: str) -> list[str]:
        return [key for key in self.keys if f"{self.point[key].unit}/{self.point[key].gateway}" == gateway]

    def _is_away(self, gateway: str) -> bool:
        state = self.gateways[gateway]
        return state.dead or self.counted_ns - state.heard_ns >= self._silence_s(gateway) * NS_PER_S

    def _forget(self, key: str) -> None:
        if key in self.learned and self.points[key].last_ns is None:
            return
        self.present[key] = math.nan
        for (name, other), term in self.terms.items():
            if other == key and not self.asked[name].window:
                term.known = False

    def _instants(self, message: Message) -> list[list[int]]:
        """Return rows by instants: the k-th readings of all points together."""
        if message.readings is None:
            return []
        seen: Counter[int] = Counter()
        found: list[list[int]] = []
        for row, point in enumerate(message.readings.point.tolist()):
            if seen[point] == len(found):
                found.append([])
            found[seen[point]].append(row)
            seen[point] += 1
        return found

    def _take(self, message: Message, rows: list[int]) -> dict[tuple[str, str], int]:
        """Take one instant's readings; returns the terms whose truth changed, with their rows."""
        changed: dict[tuple[str, str], int] = {}
        data = message.readings
        self.data = data
        formulas: dict[tuple[str, str], tuple[Condition, str, Truth]] = {}
        for row in rows:
            assert data is not None
            key, time_ns, value = self.keys[int(data.point[row])], int(data.time_ns[row]), float(data.value[row])
            state = self.points[key]
            good = int(data.quality[row]) & BASE_MASK == GOOD and math.isfinite(value)
            if good:
                self._take_into_windows(key, value, min(time_ns, message.time_ns))
            if state.last_ns is not None and time_ns <= state.last_ns:
                ahead = state.last_ns > message.time_ns + 300 * NS_PER_S
                if not ahead or time_ns == state.last_ns:
                    self.late += 1
                    continue
            state.last_ns = time_ns
            historical = bool(int(data.quality[row]) & HISTORICAL)
            told_ns = min(time_ns, message.time_ns) if historical else message.time_ns
            if good:
                state.heard_ns, state.value, state.text = self.counted_ns, value, data.text.get(row)
            for name, asked in self._asked_of(key).items():
                formulas.setdefault(name, asked)
                changed[name] = row
            self.present[key] = value if good else math.nan
            for test in (one for one in self._tests_of(key) if not one.window):
                term = self._term(test, key)
                before = term.truth
                if good:
                    when_ns = time_ns if test.rate or test.step else told_ns
                    answer = self._answer(test, key, term, value, when_ns)
                    term.held, term.known = term.held if answer is None else answer, answer is not None
                else:
                    term.known = False
                if term.truth != before:
                    changed[test.meaning, key] = row
        same = {name for name, (test, anchor, was) in formulas.items() if self._formula(test, anchor) == was}
        return {name: row for name, row in changed.items() if name not in same}

    def _asked_of(self, key: str) -> dict[tuple[str, str], tuple[Condition, str, Truth]]:
        """Return the formulas that a point stands in, by meaning and anchor, with their present truths."""
        found = self.formulas_of(key)
        return {(test.meaning, anchor): (test, anchor, self._formula(test, anchor)) for test, anchor in found}

    def _take_into_windows(self, key: str, value: float, time_ns: int) -> None:
        for test in self._tests_of(key):
            if test.window and not reference_windows.take(test.window, self._term(test, key).memory, value, time_ns):
                self.outside_windows += 1

    def _answer(self, test: Condition, key: str, term: Term, value: float, time_ns: int) -> bool | None:
        if test.asks in reference_windows.MEMORY:
            question = reference_windows.Asked(test, self.point[key].kind, self._limit(test, key))
            return reference_windows.remembered(question, term.memory, value, time_ns, held=term.held)
        if test.above or test.below:
            limit, asked = self._limit(test, key), test.above or test.below
            assert limit is not None
            assert asked is not None
            band = asked.difference(asked.hysteresis)
            past, back = (
                (value > limit, value <= limit - band) if test.above else (value < limit, value >= limit + band)
            )
            return past or (term.held and not back)
        if test.bits:
            word = int(min(max(value, 0), 2**53))
            if test.bits.any is not None:
                return word & test.bits.any != 0
            if test.bits.all is not None:
                return word & test.bits.all == test.bits.all
            return word & (test.bits.none or 0) == 0
        if test.equals:
            return value in test.equals.any or (
                bool(test.equals.until) and term.held and value not in test.equals.until
            )
        if test.step:
            return self._step(test, term, value, time_ns)
        return value >= test.at_least if test.at_least is not None else value <= (test.at_most or 0.0)

    def _step(self, test: Condition, term: Term, value: float, time_ns: int) -> bool:
        assert test.step is not None
        elapsed_s = max(time_ns - term.last_ns, 0) / NS_PER_S
        term.last_ns = time_ns
        base = value if math.isnan(term.level) else term.level
        rise = value - base
        if rise >= test.step.low and (term.held or rise <= test.step.high):
            term.level = base
            return True
        if term.held or rise < 0 or rise > test.step.high:
            term.level = value
        else:
            term.level = base - math.expm1(-elapsed_s / test.step.settle_s) * rise
        return False

    def _tick(self, message: Message) -> None:
        now_ns = self.counted_ns
        for key, state in self.points.items():
            if now_ns - state.heard_ns >= self.point[key].max_silence_s * NS_PER_S:
                self._forget(key)
        for key, device in self.registry.devices.items():
            name = f"{device.gateway.unit}/{device.gateway.gateway}"
            away = self._is_away(name) or self._is_away(self.host_of.get(name, name))
            ends = max(
                self.points[point].heard_ns + self.point[point].max_silence_s * NS_PER_S
                for point in self._device_points(key)
            )
            self._points_absent(key, name, away=away)
            self.absences["device", key] = U if away else A if ends <= self.gateways[name].heard_ns else N
        for key, gateway in self.gateways.items():
            host = self.host_of.get(key)
            for absence in self._gateway_absences(key):
                upto_ns = now_ns if host is None else self._told_upto_ns(self.gateways[host], absence)
                lost = gateway.dead and upto_ns - gateway.died_ns >= absence[3] * NS_PER_S
                gone = lost or upto_ns - gateway.heard_ns >= absence[2] * NS_PER_S
                unknown = host is not None and self._is_away(host)
                self.absences[absence] = U if unknown else A if gone else N
        for (name, key), term in self.terms.items():
            if self.asked[name].window:
                self._close_window(self.asked[name], key, term, message.time_ns)
                continue
            if self.asked[name].asks in ("changed", "stuck", "count", "flap"):
                term.held = term.held and reference_windows.still(self.asked[name], term.memory, message.time_ns)
                continue
            over = now_ns - self.points[key].heard_ns >= 10 * NS_PER_S
            if self.point[key].kind is PointKind.EVENT and term.truth == A and over:
                term.held = False
        self.local = self._local_time(message.time_ns)
        self.at_tick = True
        self._judge_changed(message, {}, due=True)
        self.at_tick = False

    def _close_window(self, test: Condition, key: str, term: Term, log_ns: int) -> None:
        limit = self._limit(test, key)
        assert test.window is not None
        assert limit is not None
        ends, answer = reference_windows.close(test.window, term.memory, log_ns, held=term.held, limit=limit)
        if ends:
            term.held, term.known = term.held if answer is None else answer, answer is not None

    def _told_upto_ns(self, host: GatewayState, absence: tuple[str, str, float, float]) -> int:
        if host.returned_ns is not None and absence[3] > 0 and host.heard_ns - host.returned_ns < absence[2] * NS_PER_S:
            return min(host.heard_ns, host.returned_ns)
        return host.heard_ns

    # ---- alarms ----

    def _judge_changed(self, message: Message, rows: dict[tuple[str, str], int], *, due: bool = False) -> None:
        self.rows = rows
        for alarm in self.alarms:
            truths, row = self._truths(alarm)
            is_due = due and alarm.due_ns is not None and alarm.due_ns <= self.counted_ns
            if truths != alarm.truths or is_due:
                self._judge(alarm, truths, message, row)

    def _judge(self, alarm: Alarm, truths: tuple[Truth, Truth, Truth, Truth], message: Message, row: int) -> None:
        alarm.truths = truths
        now_ns = self.counted_ns
        event_ns, late = message.time_ns, False
        if row >= 0:
            assert self.data is not None
            event_ns, late = int(self.data.time_ns[row]), bool(int(self.data.quality[row]) & HISTORICAL)
        waited = row >= 0 and alarm.late and event_ns - alarm.since_ns >= round(alarm.rule.on_delay_s * NS_PER_S)
        ends = alarm.state == "pending" and truths[0] == N and waited
        if ends or (alarm.due_ns is not None and alarm.due_ns < now_ns):
            self._due(alarm, message)
        for again in (False, True):
            self._hold(alarm, _told(alarm), now_ns, message, event_ns=event_ns, late=late)
            if not again and alarm.due_ns is not None and alarm.due_ns <= now_ns:
                self._due(alarm, message)
        if alarm.state in ("active", "uncertain", "clearing") and not alarm.high and truths[1] == A:
            alarm.high = True
            self._say(alarm, "level", message, event_ns, late=late)

    def _hold(self, alarm: Alarm, truth: Truth, now_ns: int, message: Message, *, event_ns: int, late: bool) -> None:
        """Tell an alarm what its condition is now."""
        if alarm.state == "uncertain" and truth != U:
            self._say(alarm, "known", message, event_ns, late=late)
        if truth == U:
            if alarm.state in ("active", "clearing"):
                self._say(alarm, "unknown", message, event_ns, late=late)
                alarm.state, alarm.due_ns = "uncertain", None
        elif truth == A and alarm.state in ("uncertain", "clearing"):
            alarm.state, alarm.due_ns = "active", None
        elif truth == N and alarm.state == "pending":
            alarm.state, alarm.due_ns = N, None
        elif (truth == A and alarm.state == N) or (truth == N and alarm.state in ("active", "uncertain")):
            alarm.state = "pending" if truth == A else "clearing"
            delay_s = alarm.rule.on_delay_s if truth == A else alarm.rule.off_delay_s
            alarm.due_ns, alarm.since_ns, alarm.late = now_ns + round(delay_s * NS_PER_S), event_ns, late

    def _due(self, alarm: Alarm, message: Message) -> None:
        alarm.due_ns = None
        if alarm.state == "pending":
            alarm.state, alarm.high = "active", alarm.truths[1] == A
            self._say(alarm, "raised", message, alarm.since_ns, late=alarm.late)
        elif alarm.state == "clearing":
            alarm.state = N
            self._say(alarm, "cleared", message, alarm.since_ns, late=alarm.late)
            alarm.high = False

    def _say(self, alarm: Alarm, kind: str, message: Message, event_ns: int, *, late: bool) -> None:
        rule = alarm.rule
        name = stable_id(rule.id, alarm.key, message.seq, kind)
        self.said[name] += 1
        if self.said[name] > 1:
            name = stable_id(name, self.said[name])
        level = rule.level_when.level if rule.level_when and alarm.high else rule.level
        self.transitions.append(
            (
                name,
                kind,
                rule.id,
                alarm.key,
                level.value,
                message.seq,
                event_ns,
                message.time_ns,
                alarm.truths[2] == A,
                late,
            )
        )


def _told(alarm: Alarm) -> Truth:
    """Return what an alarm is told: a raised one hears what keeps it, too."""
    main, _, _, stays = alarm.truths
    if alarm.state not in ("active", "uncertain", "clearing"):
        return main
    return A if A in (main, stays) else U if U in (main, stays) else N
