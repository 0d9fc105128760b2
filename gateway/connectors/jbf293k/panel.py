"""What telegrams become: words of components and of the panel itself, with the time of the event.

A component is the point that a profile declares for its loop and number, or one that is learned when it first
speaks. Its word is kept by the log's last value, so a restart goes on where it was. Fire is never dropped: where no
point can be had for it, `fire_elsewhere` tells it with its words.

| telegram | point | |
|---|---|---|
| a component's | ``l<loop>p<point>`` | word, changed bit by bit |
| a loop's | ``l<loop>`` | word: fault |
| gas release | ``g<zone>`` | word |
| a measured value | ``l<loop>p<point>-ch<channel>`` | measure |
| reset, mute | ``operation`` | event; a reset ends what components report |
| supply, boards | ``state`` | the panel's own word |
| what is not published | ``message`` | event, with its bytes |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TypedDict, Unpack

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S, floor_ms
from domain.ids import point_key
from domain.points import Point, PointKind
from domain.quality import GOOD, Reason, pack
from domain.quantity import Quantity
from domain.site import Device
from domain.site.hosted import HOLDS_S
from domain.words import COMPONENT_STATE
from gateway.connectors.contract import DeadLetter, Hosting
from gateway.connectors.jbf293k import tables
from gateway.connectors.jbf293k.config import Jbf293kRead
from gateway.connectors.jbf293k.protocol import Telegram
from gateway.connectors.jbf293k.tables import Change
from gateway.connectors.reporter import CLOCK_MARK

MOST_POINTS = 5_000
"""Of one panel; assumption: a JBF panel has at most 20 loops of 200 points."""

SUBSTITUTED = pack(GOOD, Reason.SUBSTITUTED)


class _Kinds(TypedDict, total=False):
    kind: PointKind
    word: str
    quantity: Quantity


@dataclass(slots=True)
class Harvest:
    """The columns that some telegrams became, and their dead letters."""

    connection: str
    time_ns: list[int] = field(default_factory=list)
    point: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    text: dict[int, str] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    newest: dict[int, tuple[int, float]] = field(default_factory=dict)

    def place(self, point: int, time_ns: int, value: float, *, quality: int = GOOD, text: str = "") -> None:
        """Add a reading."""
        if text:
            self.text[len(self.point)] = text
        self.time_ns.append(time_ns)
        self.point.append(point)
        self.value.append(value)
        self.quality.append(quality)
        self.newest[point] = time_ns, value

    def letter(self, telegram: Telegram, received_ns: int, reason: str, detail: str) -> None:
        """Add a dead letter."""
        self.letters.append(
            DeadLetter(time_ns=received_ns, connection=self.connection, reason=reason, detail=detail, raw=telegram.raw)
        )

    def batch(self, hosting: Hosting) -> ReadingBatch:
        """Return the readings as columns."""
        return ReadingBatch.build(
            hosting.table, self.time_ns, self.point, self.value, quality=self.quality, text=self.text
        )


@dataclass(frozen=True, slots=True)
class _Event:
    """A telegram with the time that its readings get."""

    telegram: Telegram
    time_ns: int
    quality: int
    received_ns: int
    harvest: Harvest


class Panel:
    """One controller behind a card."""

    def __init__(self, device: Device, hosting: Hosting, zone: tzinfo, *, tolerance_s: float) -> None:
        """``zone`` is the site's timezone, ``tolerance_s`` how far off a believed clock may be."""
        self.device = device
        self._hosting = hosting
        self._zone = zone
        self._tolerance_ns = round(tolerance_s * NS_PER_S)
        places = ((Jbf293kRead.model_validate(point.read).place, point.id) for point in device.profile.points)
        self._declared = {place: name for place, name in places if place is not None}
        row = self._find("state")
        known = math.nan if row is None else hosting.last_value(row)
        self._state = int(known) if math.isfinite(known) else tables.NORMAL

    def take(self, telegram: Telegram, received_ns: int, harvest: Harvest) -> None:
        """Add what a telegram says."""
        event = _Event(telegram, *self._time(telegram, received_ns), received_ns, harvest)
        command = telegram.command
        if command in tables.COMPONENT:
            self._component(event, tables.COMPONENT[command])
        elif command in tables.LOOP:
            name = f"l{telegram.loop}"
            labels = f"{telegram.loop}回路", f"loop {telegram.loop}"
            self._word(event, name, labels, tables.LOOP[command])
        elif command == tables.GAS:
            self._gas(event)
        elif command in (tables.FIRE_DOOR, tables.ELECTRICAL):
            self._of_part(event)
        else:
            self._of_panel(event)

    def tell_state(self, now_ns: int, harvest: Harvest, *, quality: int = GOOD) -> None:
        """Add the panel's own word as it stands; NaN where it is not good."""
        row = self._find("state")
        if row is not None:
            value = float(self._state) if quality == GOOD else math.nan
            harvest.place(row, self._after(row, now_ns, harvest), value, quality=quality)

    def fire_elsewhere(self, telegram: Telegram, received_ns: int, harvest: Harvest, text: str) -> None:
        """Add a fire that no component could be found for."""
        row = self._find("fire_elsewhere")
        if row is not None:
            harvest.place(row, self._after(row, received_ns, harvest), 1, text=text)
        harvest.letter(telegram, received_ns, "fire_without_point", text)

    def _component(self, event: _Event, change: Change) -> None:
        telegram = event.telegram
        loop = telegram.loop + (telegram.command == tables.SIMULATED_FIRE)
        self._place(event, loop, telegram.point, change, f"类型{telegram.part} type {telegram.part}")

    def _gas(self, event: _Event) -> None:
        zone = event.telegram.point
        change = tables.GAS_RELEASE.get(event.telegram.loop)
        if change is None:
            self._message(event, f"气体灭火{zone}区 gas release zone {zone}")
            return
        self._word(event, f"g{zone}", (f"气体灭火{zone}区", f"gas release zone {zone}"), change)

    def _of_part(self, event: _Event) -> None:
        """Take a fire door or an electrical-fire detector: what happened stands in the part type."""
        telegram, part = event.telegram, event.telegram.part
        is_door = telegram.command == tables.FIRE_DOOR
        change = (tables.DOOR if is_door else tables.ELECTRICAL_CHANGES).get(part >> 4)
        electrical = None if is_door else tables.ELECTRICAL_PARTS.get(part & 0x0F)
        labels = tables.DOOR_KINDS.get(part & 0x0F) if is_door else electrical and electrical.labels
        title = f"{labels.zh} {labels.en}" if labels else f"类型{part} type {part}"
        if change is None:
            self._message(event, f"{telegram.loop}回路{telegram.point}点 {title}")
        else:
            self._place(event, telegram.loop, telegram.point, change, title)
        if telegram.extension is not None and electrical is not None:
            self._measure(event, electrical)

    def _measure(self, event: _Event, part: tables.ElectricalPart) -> None:
        telegram, extension = event.telegram, event.telegram.extension
        assert extension is not None  # noqa: S101  # asked by the caller
        raw = -(extension.value & 0x7FFF) if extension.value & 0x8000 else extension.value
        name = f"l{telegram.loop}p{telegram.point}-ch{extension.channel}"
        zh, en = _place_labels(telegram.loop, telegram.point)
        labels = f"{zh}{part.labels.zh}通道{extension.channel}", f"{en} {part.labels.en} channel {extension.channel}"
        row = self._point(name, labels, quantity=part.quantity)
        if row is None:
            event.harvest.letter(telegram, event.received_ns, "no_point", name)
            return
        time_ns = self._after(row, event.time_ns, event.harvest)
        event.harvest.place(row, time_ns, raw * part.step, quality=event.quality)

    def _place(self, event: _Event, loop: int, point: int, change: Change, title: str) -> None:
        name = self._declared.get((loop, point), f"l{loop}p{point}")
        self._word(event, name, _place_labels(loop, point), change, title)

    def _word(self, event: _Event, name: str, labels: tuple[str, str], change: Change, title: str = "") -> None:
        """Change the word of a component; a telegram that changes nothing is a repetition, and tells nothing."""
        row = self._point(name, labels, kind=PointKind.STATE, word=COMPONENT_STATE)
        text = f"{title} {change.text}".lstrip()
        if row is None:
            whole = f"{labels[0]} {text}"
            if change.set & tables.FIRE:
                self.fire_elsewhere(event.telegram, event.received_ns, event.harvest, whole)
            else:
                event.harvest.letter(event.telegram, event.received_ns, "no_point", whole)
            return
        self._change(event, row, change, text)

    def _change(self, event: _Event, row: int, change: Change, text: str, quality: int | None = None) -> None:
        harvest = event.harvest
        is_new = row not in harvest.newest and math.isnan(self._hosting.last_value(row))
        before = self._last(row, harvest)
        after = before & ~change.clear | change.set
        if after != before or is_new:
            time_ns = self._after(row, event.time_ns, harvest)
            harvest.place(row, time_ns, after, quality=event.quality if quality is None else quality, text=text)

    def _of_panel(self, event: _Event) -> None:
        telegram, command = event.telegram, event.telegram.command
        if command in tables.HEARTBEATS:
            return
        if command in (tables.RESET_COMMAND, tables.MUTE_COMMAND):
            self._operation(event, tables.RESET if command == tables.RESET_COMMAND else tables.MUTE)
        elif command in tables.SUPPLY and telegram.loop in (tables.SUPPLY_ON, tables.SUPPLY_OFF):
            bit, labels = tables.SUPPLY[command]
            is_on = telegram.loop == tables.SUPPLY_ON
            self._own(event, bit if is_on else 0, 0 if is_on else bit, f"{labels.zh} ({labels.en})")
        elif command == tables.CONTROLLER_FAULT:
            self._own(event, tables.FAULT, 0, "控制器故障 (controller fault)")
        else:
            self._message(event, "")

    def _own(self, event: _Event, set_: int, clear: int, text: str) -> None:
        """Change the panel's own word; kept here, for it is told as unknown while the line is away."""
        row, before = self._find("state"), self._state
        self._state = before & ~clear | set_
        if row is not None and self._state != before:
            time_ns = self._after(row, event.time_ns, event.harvest)
            event.harvest.place(row, time_ns, self._state, quality=event.quality, text=text)

    def _operation(self, event: _Event, bit: int) -> None:
        """Tell an operation at the panel; a reset ends what its components report and its own fault."""
        self._event(event, "operation", bit, "")
        if bit != tables.RESET:
            return
        unit, device = self.device.key.split("/")
        for row in self._hosting.table.of_device(unit, device).tolist():
            if self._hosting.table[row].word == COMPONENT_STATE:
                value = self._last(row, event.harvest)
                if value & tables.ENDED_BY_RESET:
                    self._change(event, row, tables.RESET_CHANGE, tables.RESET_CHANGE.text, SUBSTITUTED)
        self._own(event, 0, tables.FAULT, tables.RESET_CHANGE.text)

    def _message(self, event: _Event, title: str) -> None:
        self._event(event, "message", event.telegram.command, f"{title} {event.telegram.raw.hex()}".lstrip())

    def _event(self, event: _Event, name: str, value: float, text: str) -> None:
        row = self._find(name)
        if row is None:
            event.harvest.letter(event.telegram, event.received_ns, "no_point", f"{name} {value:g} {text}")
            return
        time_ns = self._after(row, event.time_ns, event.harvest)
        event.harvest.place(row, time_ns, value, quality=event.quality, text=text)

    def _time(self, telegram: Telegram, received_ns: int) -> tuple[int, int]:
        """Return the event's time and what quality it gives: the panel's own clock, where it is near ours."""
        local = telegram.time
        said_ns = None if local is None else int(local.replace(tzinfo=self._zone).timestamp()) * NS_PER_S
        if said_ns is None or abs(said_ns - received_ns) > self._tolerance_ns:
            return floor_ms(received_ns), CLOCK_MARK
        return said_ns, GOOD

    def _after(self, row: int, time_ns: int, harvest: Harvest) -> int:
        """Return a time that no reading of the point has yet."""
        newest = harvest.newest.get(row, (self._hosting.last_ns(row), 0.0))[0]
        return max(floor_ms(time_ns), newest + NS_PER_MS)

    def _last(self, row: int, harvest: Harvest) -> int:
        """Return a word as it stands; normal running where nothing was ever said."""
        value = harvest.newest[row][1] if row in harvest.newest else self._hosting.last_value(row)
        return int(value) if math.isfinite(value) else tables.NORMAL

    def _find(self, name: str) -> int | None:
        return self._hosting.table.get(f"{self.device.key}/{name}")

    def _point(self, name: str, labels: tuple[str, str], **kinds: Unpack[_Kinds]) -> int | None:
        """Return a point, learning it when it is new; None when there is no room for it."""
        found = self._find(name)
        unit, device = self.device.key.split("/")
        if found is not None or self._hosting.table.count_of_device(unit, device) >= MOST_POINTS:
            return found
        zh, en = labels
        gateway = self.device.gateway.gateway
        wanted = Point(
            unit=unit, gateway=gateway, device=device, name=name, max_silence_s=HOLDS_S, label_zh=zh, label_en=en,
            **kinds,
        )  # fmt: skip
        self._hosting.learn([wanted])
        return self._hosting.table.get(point_key(unit, device, name))


def _place_labels(loop: int, point: int) -> tuple[str, str]:
    return f"{loop}回路{point}点", f"loop {loop} point {point}"
