"""A mapper under test: a hosting of the tests' own (a table that grows), frames in, readings out by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.clock import NS_PER_S
from domain.points import Point, PointKind, PointTable
from domain.site.hosted import points_of_component
from domain.site.transmitters import TransmitterSettings
from gateway.connectors.contract import DeadLetter
from gateway.connectors.gb26875.mapping import Harvest, Mapper
from gateway.connectors.gb26875.objects import InformationObject, Stamp, decode_unit, encode_unit
from gateway.connectors.gb26875.profile import DeviceProfile, time_bytes
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Frame
from tests.gateway.gb26875.made_frames import NOW, frame

ZONE = ZoneInfo("Asia/Shanghai")
NOW_NS = int(NOW.replace(tzinfo=ZONE).timestamp()) * NS_PER_S

UTD = TransmitterSettings.model_validate(
    {
        "id": "utd", "unit": "hotel", "address": 889, "zone": "control_room",
        "labels": {"zh": "传输装置", "en": "Transmitter"},
        "systems": [
            {
                "id": "fas", "type": 1, "address": 1, "labels": {"zh": "火灾报警系统", "en": "Fire alarm system"},
                "components": [
                    {"id": "smoke-1", "at": "10-2", "type": 40, "zone": "corridor",
                     "labels": {"zh": "走廊烟感", "en": "Corridor smoke"}},
                    {"id": "pump", "at": "10-3", "labels": {"zh": "喷淋泵", "en": "Sprinkler pump"},
                     "analogs": [
                         {"type": 4, "quantity": "kPa"},
                         {"type": 9, "id": "current", "quantity": "mA"},
                         {"type": 200, "quantity": "kPa", "scale": 0.5},
                         {"type": 5, "quantity": "degC", "id": "wrong"},
                     ]},
                ],
            }
        ],
    }
)  # fmt: skip


def declared(settings: TransmitterSettings = UTD) -> list[Point]:
    """The points that the site has of a transmitter: the profiles' and the components'."""
    own = [
        ("state", "state"),
        ("operation", "event"),
        ("roll_call", "state"),
        ("clock_error", "measure"),
        ("unread", "event"),
        ("fire_elsewhere", "event"),
    ]
    points = [_point(settings, settings.id, name, kind) for name, kind in own]
    for system in settings.systems:
        points += [_point(settings, system.id, "state", "state"), _point(settings, system.id, "operation", "event")]
        for component in system.components:
            points += points_of_component(settings, system, component)
    return points


def _point(settings: TransmitterSettings, device: str, name: str, kind: str) -> Point:
    return Point(unit=settings.unit, gateway=settings.id, device=device, name=name, kind=PointKind(kind))


class Hosted:
    """The other side of a mapper: a table that grows, and the newest times."""

    def __init__(self, settings: TransmitterSettings = UTD) -> None:
        self.table = PointTable(declared(settings))
        self.newest: dict[int, int] = {}
        self.values: dict[int, float] = {}
        self.learned: list[Point] = []
        self.learns = True

    def learn(self, points: Sequence[Point]) -> None:
        if self.learns:
            self.learned += points
            self.table = self.table.grown(points)

    def last_ns(self, point: int) -> int:
        return self.newest.get(point, 0)

    def last_value(self, point: int) -> float:
        return self.values.get(point, math.nan)

    def is_taken(self, name: bytes) -> bool:
        raise NotImplementedError

    def up(self, node: str) -> None:
        raise NotImplementedError

    down = heard = up


class Mapped:
    """One transmitter's mapper; each `take` is a commit of its own."""

    def __init__(
        self, profile: DeviceProfile = STANDARD, settings: TransmitterSettings = UTD, hosted: Hosted | None = None
    ) -> None:
        self.profile = profile
        self.hosted = hosted or Hosted(settings)
        self.mapper = Mapper(settings, profile, self.hosted, unit="hotel", connection="access", zone=ZONE)
        self.harvest = Harvest()

    def take(self, one: Frame, received_ns: int = NOW_NS) -> Harvest:
        self.harvest = Harvest()
        self.mapper.take(decode_unit(one, self.profile), one, received_ns, self.harvest)
        batch = self.harvest.batch(self.hosted.table)
        for point, time_ns in zip(batch.point.tolist(), batch.time_ns.tolist(), strict=True):
            self.hosted.newest[point] = max(self.hosted.newest.get(point, 0), time_ns)
        self.hosted.values.update(zip(batch.point.tolist(), batch.value.tolist(), strict=True))
        return self.harvest

    def say(
        self, *objects: InformationObject, command: int = 2, sent: datetime = NOW, received_ns: int = NOW_NS
    ) -> Harvest:
        """Send objects in a frame whose time tag is ``sent``."""
        tag = time_bytes(sent, self.profile)
        return self.take(frame(encode_unit(objects, self.profile), command=command, time=tag), received_ns)

    def stamp(self, moment: datetime = NOW) -> Stamp:
        return Stamp(time_bytes(moment, self.profile), self.profile.times)

    @property
    def rows(self) -> list[tuple[str, float, str]]:
        """What was said last: point as ``device/name``, value, text; without the clock error."""
        return [row for row in self.all_rows if not row[0].endswith("/clock_error")]

    @property
    def all_rows(self) -> list[tuple[str, float, str]]:
        harvest = self.harvest
        names = [self.hosted.table[point].key.removeprefix("hotel/") for point in harvest.point]
        return [(name, harvest.value[at], harvest.text.get(at, "")) for at, name in enumerate(names)]

    @property
    def letters(self) -> list[DeadLetter]:
        return self.harvest.letters

    def point(self, name: str) -> Point:
        """The point ``device/name``."""
        return self.hosted.table[self.hosted.table.index(f"hotel/{name}")]

    def quality(self, name: str) -> int:
        at = self.hosted.table.index(f"hotel/{name}")
        return self.harvest.quality[self.harvest.point.index(at)]

    def time_ns(self, name: str) -> int:
        at = self.hosted.table.index(f"hotel/{name}")
        return self.harvest.time_ns[self.harvest.point.index(at)]
