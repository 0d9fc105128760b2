"""What a walk test has shown so far: alarms out of ALERTS, first readings out of TELEMETRY, and what people marked.

Nothing is kept by who looks on: whoever asks, and whenever, the logs give the same answer from the test's beginning on.

| a point is | when |
|---|---|
| ``alarmed`` | a rule raised an alarm for it in the test: the whole way from the detector to the record is proven |
| ``device_alarmed`` | an alarm of its device came after it changed, and may be another point's: nobody can tell |
| ``changed`` | it told something else than before the test, and no alarm came of it |
| ``hand_fails`` | the newest mark of a person says that it does not work, whatever else was seen: no alarm hides that |
| ``hand_works`` | the newest mark says that it works, and no alarm was raised for it |
| ``unseen`` | none of these |

A rule may raise its alarm for a device as a whole. Where the rule watches one point there, the alarm is that point's.
Where it watches several, or is not known, the alarm proves none of them: it is noted at those that had changed by then.

Only an alarm of a class that the test walks, raised for what the point told, says anything of it. Those of silence, of
a fault or of shielding are left aside: a detector that fell off the line has not shown that it sees a fire.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from alerts.walk_test_face import WalkTestFace
from backbone.client import Backbone
from backbone.layout import ALERTS, TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug.data import decode_batch
from backbone.subjects import parse
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.batch import ReadingBatch
from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, LinkError, WireError
from domain.points import Point, PointKind, PointTable
from domain.quality import GOOD, base_of, is_historical
from domain.walk_test import WalkMark, WalkTestView
from ingest.face import MOST_POINTS, QueryFace

MARKS_S = 2.0
"""How often somebody who follows asks for marks; the service has them, no log."""

BEFORE_S = 3600
"""How far back the state before the test is looked for; states are told again far more often than that."""


class Sight(StrEnum):
    """What a test has shown of a point; the module's table."""

    ALARMED = "alarmed"
    DEVICE_ALARMED = "device_alarmed"
    HAND_WORKS = "hand_works"
    HAND_FAILS = "hand_fails"
    CHANGED = "changed"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Walked:
    """What a test walks.

    ``watched``: keys of all points that a rule watches, by rule; others are unknown.
    ``classes``: those that are walked; an alarm of another class proves nothing.
    ``proving``: keys of the points that an alarm of a rule proves, by rule. Of a rule that is not known, as one that
    was taken out since, the class alone decides.
    """

    points: Sequence[Point]
    watched: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    classes: AbstractSet[AlarmClass] = frozenset({AlarmClass.FIRE})
    proving: Mapping[str, AbstractSet[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Sighting:
    """One walked point. ``seen_ns``, ``value``: the first reading that differed, or that the alarm was raised for.

    ``marks`` by hand, oldest first.
    ``event_ns`` is the device's time of what the alarm was raised for, ``raised_ns`` when the record had the alarm.
    ``seen_seq``, ``seen_log_ns``: where in TELEMETRY that reading is, and when it came there; None without a reading.
    ``of_device``: the alarm is of its device, and may be another point's.
    """

    point: Point
    before: float | None = None
    seen_ns: int | None = None
    seen_seq: int | None = None
    seen_log_ns: int | None = None
    value: float | None = None
    of_device: bool = False
    alert: str | None = None
    rule: str | None = None
    raised_ns: int | None = None
    event_ns: int | None = None
    text_zh: str = ""
    text_en: str = ""
    marks: list[WalkMark] = field(default_factory=list)

    @property
    def hand(self) -> WalkMark | None:
        """The mark that counts, the newest."""
        return self.marks[-1] if self.marks else None

    @property
    def told_ns(self) -> int:
        """When something was last known of it, by the system or by hand; 0 for never."""
        return max(self.raised_ns or self.seen_ns or 0, 0 if self.hand is None else self.hand.at_ns)

    @property
    def sight(self) -> Sight:
        """What the test has shown of it."""
        if self.hand is not None and not self.hand.works:
            return Sight.HAND_FAILS
        if self.is_proven:
            return Sight.ALARMED
        if self.hand is not None:
            return Sight.HAND_WORKS
        if self.of_device:
            return Sight.DEVICE_ALARMED
        return Sight.CHANGED if self.seen_ns is not None else Sight.UNSEEN

    @property
    def is_proven(self) -> bool:
        """Tell whether an alarm was raised for this very point."""
        return self.alert is not None and not self.of_device

    @property
    def took_s(self) -> float | None:
        """Seconds from the event to the alarm; None without one of its own."""
        if self.event_ns is None or self.raised_ns is None or self.of_device:
            return None
        return max(0, self.raised_ns - self.event_ns) / NS_PER_S


@dataclass(slots=True)
class WalkLog:
    """Follows a test; ``sightings`` by point key, in the order of the walk.

    ``watched``, ``classes``, ``proving`` as in `Walked`.
    ``shared``: alarms of devices that may be any of several points'.
    """

    test: WalkTestView
    table: PointTable
    sightings: dict[str, Sighting]
    watched: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    classes: AbstractSet[AlarmClass] = frozenset({AlarmClass.FIRE})
    proving: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    shared: dict[str, AlertView] = field(default_factory=dict)
    store_answered: bool = True
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reached: int = 0
    marked: int = 0

    @classmethod
    def of(cls, test: WalkTestView, walked: Walked, table: PointTable) -> WalkLog:
        """Begin with nothing seen."""
        sightings = {point.key: Sighting(point) for point in walked.points}
        return cls(test, table, sightings, walked.watched, walked.classes, walked.proving)

    def count(self, sight: Sight) -> int:
        """Return how many points are so."""
        return sum(one.sight is sight for one in self.sightings.values())

    @property
    def is_done(self) -> bool:
        """Tell whether each point has come through, or was found to work."""
        return self.count(Sight.ALARMED) + self.count(Sight.HAND_WORKS) == len(self.sightings)

    async def ask_before(self, backbone: Backbone) -> None:
        """Ask the store what the points said before the test; without it, their first reading counts as that."""
        face, keys = QueryFace(backbone), self._telling()
        begun = self.test.begun_ns
        for start in range(0, len(keys), MOST_POINTS):
            try:
                found = await face.range(
                    keys[start : start + MOST_POINTS],
                    begun - BEFORE_S * NS_PER_S,
                    begun,
                    resolution_s=BEFORE_S,
                    aggregate="last",
                )
            except FengsuiError:
                self.store_answered = False
                return
            for series in found:
                values = [value for value in series.value if value is not None]
                if values:
                    self.sightings[series.point].before = values[-1]

    async def catch_up(self, backbone: Backbone) -> None:
        """Read the logs to their present ends, and the marks there are.

        Marks come last: with the alerts service away a running test shows what the logs have, and the follower asks
        again. Of one that has ended nobody asks again, and its result is signed: without its marks it is none, and
        LinkError goes on.
        """
        subjects = self._data_subjects()
        if subjects:
            first = self.test.from_seq + 1
            end = max([await backbone.last_seq(TELEMETRY, one) for one in subjects])
            if end >= first:
                async for batch in backbone.reader(TELEMETRY, subjects=subjects, start_seq=first):
                    self.take_data(batch)
                    if batch[-1].seq >= end:
                        break
        self.take_alerts(await backbone.messages(ALERTS, subjects=[self._alert_subject()]))
        try:
            await self.ask_marks(backbone)
        except LinkError:
            if not self.test.is_running:
                raise

    async def follow(self, backbone: Backbone) -> None:
        """Follow logs and marks until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_data(backbone), name="walk-data")
            group.create_task(self._follow_alerts(backbone), name="walk-alerts")
            group.create_task(self._follow_marks(backbone), name="walk-marks")

    async def _follow_data(self, backbone: Backbone) -> None:
        if subjects := self._data_subjects():
            start = max(self.reached, self.test.from_seq) + 1
            async for batch in backbone.reader(TELEMETRY, subjects=subjects, start_seq=start):
                self.take_data(batch)
                await asyncio.sleep(0)

    async def _follow_alerts(self, backbone: Backbone) -> None:
        async for batch in backbone.reader(ALERTS, subjects=[self._alert_subject()]):
            self.take_alerts(batch)

    async def _follow_marks(self, backbone: Backbone) -> None:
        while True:
            heed_cancellation()
            await asyncio.sleep(MARKS_S)
            with suppress(FengsuiError):  # the service is away for a moment: the logs go on
                await self.ask_marks(backbone)

    async def ask_marks(self, backbone: Backbone) -> None:
        """Ask for the marks since the last time; raises LinkError or RefusedError."""
        _, marks = await WalkTestFace(backbone).marks(self.test.id, self.marked)
        self.take_marks(marks)

    def take_marks(self, marks: Iterable[WalkMark]) -> None:
        """Take marks in their order; a point that no rule would raise an alarm for is walked by being marked."""
        for mark in marks:
            key = f"{self.test.unit}/{mark.point}"
            at = self.table.get(key)
            if mark.number <= self.marked or (key not in self.sightings and at is None):
                continue
            self.marked = mark.number
            if key not in self.sightings and at is not None:
                self.sightings[key] = Sighting(self.table[at])
            self.sightings[key].marks.append(mark)
            self.changed.set()

    def take_alerts(self, messages: Iterable[LogMessage]) -> None:
        """Take alarms that were raised in the test; what is no alert event is passed over."""
        for message in messages:
            try:
                alert = AlertView.model_validate(json.loads(message.data)["data"])
            except (ValueError, KeyError, TypeError):
                continue
            if alert.walk_test == self.test.id and alert.raised_at_ns >= self.test.begun_ns:
                self._credit(alert)
        self._note_shared()
        self.changed.set()

    def _credit(self, alert: AlertView) -> None:
        """Note an alarm at the point that it is of; one that may be of several is kept."""
        place = alert.place
        if place.device is None:
            return
        device = f"{place.unit}/{place.device}/"
        key = f"{device}{place.point}"
        if place.point is None:
            watched = self.watched.get(alert.rule)
            here = [] if watched is None else [key for key in watched if key.startswith(device)]
            if len(here) != 1:
                self.shared[f"{alert.id}/{alert.input_seq}"] = alert  # one that was opened again has a cause of its own
                return
            key = here[0]
        if key in self.sightings and self._proves(alert, key):
            self._take_alert(self.sightings[key], alert, of_device=False)

    def _proves(self, alert: AlertView, key: str) -> bool:
        """Tell whether an alarm is of what the test walks at a point, and not of its silence, fault or shielding."""
        proving = self.proving.get(alert.rule)
        return alert.alarm_class in self.classes and (proving is None or key in proving)

    def _note_shared(self) -> None:
        """Note alarms of devices at the points that they may be of; readings and alarms come in any order."""
        for alert in self.shared.values():
            watched = self.watched.get(alert.rule)
            for key, one in self.sightings.items():
                at_device = (one.point.unit, one.point.device) == (alert.place.unit, alert.place.device)
                is_its = at_device and (watched is None or key in watched) and self._proves(alert, key)
                if is_its and _had_changed(one, alert):
                    self._take_alert(one, alert, of_device=True)

    def _take_alert(self, sighting: Sighting, alert: AlertView, *, of_device: bool) -> None:
        if sighting.is_proven and of_device:
            return
        known_ns = sighting.raised_ns if sighting.of_device is of_device else None
        if known_ns is not None and known_ns <= alert.raised_at_ns:
            return
        sighting.of_device = of_device
        sighting.alert, sighting.rule, sighting.raised_ns = alert.id, alert.rule, alert.raised_at_ns
        sighting.event_ns = alert.event_time_ns
        sighting.text_zh, sighting.text_en = alert.text_zh, alert.text_en
        if sighting.seen_ns is None:
            sighting.seen_ns, sighting.value = alert.event_time_ns, alert.value

    def take_data(self, messages: Iterable[LogMessage]) -> None:
        """Take readings; those of after the end of the test, and junk, are passed over."""
        for message in messages:
            self.reached = max(self.reached, message.seq)
            if self.test.ended_ns is not None and message.time_ns > self.test.ended_ns:
                continue
            try:
                source = parse(message.subject)
                batch, _ = decode_batch(message.data, self.table, source.unit, source.gateway)
            except WireError:
                continue
            for at, index in enumerate(batch.point.tolist()):
                sighting = self.sightings.get(batch.table[index].key)
                if sighting is not None and sighting.point.kind is not PointKind.MEASURE and _counts(batch, at):
                    self._take_reading(sighting, int(batch.time_ns[at]), float(batch.value[at]), message)
        self._note_shared()
        self.changed.set()

    def _take_reading(self, sighting: Sighting, time_ns: int, value: float, message: LogMessage) -> None:
        if sighting.seen_seq is not None:
            return
        if sighting.before is None and sighting.point.kind is PointKind.STATE:
            sighting.before = value
        elif value != sighting.before:
            sighting.seen_ns, sighting.value = time_ns, value
            sighting.seen_seq, sighting.seen_log_ns = message.seq, message.time_ns

    def _telling(self) -> list[str]:
        return [key for key, one in self.sightings.items() if one.point.kind is PointKind.STATE]

    def _data_subjects(self) -> list[str]:
        """Return the subjects of the devices that are walked; of the whole unit where there are many."""
        devices = {one.point.device for one in self.sightings.values() if one.point.kind is not PointKind.MEASURE}
        if len(devices) > 20:
            return [f"tel.*.{self.test.unit}.DDATA.>"]
        return [f"tel.*.{self.test.unit}.DDATA.*.{device}" for device in sorted(devices)]

    def _alert_subject(self) -> str:
        return f"alert.{self.test.unit}.*.raised"


def _counts(batch: ReadingBatch, at: int) -> bool:
    """Tell whether a reading says how its point is now."""
    quality = int(batch.quality[at])
    return base_of(quality) == GOOD and not math.isnan(float(batch.value[at])) and not is_historical(quality)


def _had_changed(one: Sighting, alert: AlertView) -> bool:
    """Tell whether a point had changed when an alarm was caused: by the log's order, no device's clock is asked."""
    if one.seen_seq is None or one.seen_log_ns is None:
        return False
    return one.seen_seq <= alert.input_seq if alert.input_seq else one.seen_log_ns <= alert.raised_at_ns
