"""The hotel of the tests: one exit, one pump room, four people, and transitions as the rules engine writes them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts import transitions
from alerts.database import Database
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.office import Office
from alerts.schema import Alert, Notification
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.clock import FakeClock
from domain.documents import Document
from domain.ids import stable_id
from domain.site import Registry, build_registry

EBIKE_TEXT = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"
SECRET = "a secret of the test"  # noqa: S105  # of a loopback server
SIGNING_KEY = b"0123456789abcdef0123456789abcdef"
EXIT = Place(unit="hotel", building="east", floor=1, zone="east-1-exit", zone_kind="exit")
PUMPS = Place(unit="hotel", building="east", floor=-1, zone="east-b1-pump", zone_kind="pump_room")

_ids = itertools.count(1)

LADDER = [
    {
        "classes": ["hazard", "fire"],
        "steps": [
            {"after_s": 0, "to": ["responsible"]},
            {"after_s": 30, "to": ["safety_manager"]},
            {"after_s": 90, "to": ["supervisors"]},
        ],
    }
]


def labels(zh: str, en: str) -> dict[str, str]:
    """Return labels as a site file writes them."""
    return {"zh": zh, "en": en}


def hotel(
    channels: list[dict[str, Any]] | None = None,
    escalation: list[dict[str, Any]] | None = None,
    persons: dict[str, dict[str, Any]] | None = None,
    **site: Any,
) -> Registry:
    """Return the registry of a small hotel; ``phone`` goes nowhere unless channels are given.

    ``persons`` says more of people, or adds staff.
    """
    phone = {"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push"}
    zones = [
        {
            "id": "east-1-exit",
            "kind": "exit",
            "floor": 1,
            "labels": labels("安全出口", "exit"),
            "responsible": "p-chen",
        },
        {"id": "east-b1-pump", "kind": "pump_room", "floor": -1, "labels": labels("消防泵房", "fire pump room")},
    ]
    people = [
        ("p-chen", "unit_staff", "陈师傅", "Mr Chen"),
        ("p-lin", "safety_manager", "林经理", "Ms Lin"),
        ("s-wang", "supervisor", "王参谋", "Officer Wang"),
        ("p-mute", "unit_staff", "无渠道", "No channel"),
    ]
    more = persons or {}
    known = {name for name, *_ in people}
    people += [(name, "unit_staff", name, name) for name in more if name not in known]
    data = {
        "site": "demo",
        "labels": labels("演示", "Demo"),
        "units": [
            {
                "id": "hotel",
                "labels": labels("闽江大酒店", "Minjiang Hotel"),
                "safety_manager": "p-lin",
                "buildings": [{"id": "east", "labels": labels("东楼", "East building"), "zones": zones}],
            }
        ],
        "people": [
            {
                "id": name,
                "role": role,
                "labels": labels(zh, en),
                "channels": [] if name == "p-mute" else [channel["id"] for channel in (channels or [phone])],
                **more.get(name, {}),
            }
            for name, role, zh, en in people
        ],
        "channels": channels if channels is not None else [phone],
        "escalation": LADDER if escalation is None else escalation,
        **site,
    }
    return build_registry(Document("site.yaml", data), [], [])


def transition(
    rule: str = "ebike-charging", kind: TransitionKind = TransitionKind.RAISED, **changes: Any
) -> Transition:
    """Return a transition; the id is new unless given. Zone rules of the exit unless ``place`` says otherwise."""
    number = next(_ids)
    place = changes.pop("place", EXIT)
    values: dict[str, Any] = {
        "id": stable_id("test", rule, number),
        "kind": kind,
        "rule": rule,
        "rule_version": "1",
        "alarm_class": AlarmClass.HAZARD,
        "level": Level.WARNING,
        "entity_kind": EntityKind.ZONE,
        "entity": f"{place.unit}/{place.zone}",
        "place": place,
        "partition": 0,
        "input_seq": number,
        "event_time_ns": 1_800_000_000_000_000_000,
        "log_time_ns": 1_800_000_000_000_000_000,
        "value": 1.0,
        "latched": False,
        "text_zh": EBIKE_TEXT,
        "text_en": "An e-bike is parked and charging at the exit.",
    }
    return Transition(**{**values, **changes})


def fire(kind: TransitionKind = TransitionKind.RAISED, **changes: Any) -> Transition:
    """Return a latched fire of the pump room's zone."""
    values: dict[str, Any] = {
        "alarm_class": AlarmClass.FIRE,
        "level": Level.CRITICAL,
        "latched": True,
        "text_zh": "火警",
        "text_en": "Fire",
        "place": PUMPS,
    }
    return transition(changes.pop("rule", "panel-fire"), kind, **{**values, **changes})


class Scene:
    """A real database, a clock moved by hand, and short ways to do and see things."""

    def __init__(self, office: Office, clock: FakeClock) -> None:
        self.office = office
        self.clock = clock
        self._seq = 0

    async def say(self, *changes: Transition) -> str:
        """Apply transitions in one transaction; returns the id of the first."""

        def work(desk: Desk) -> None:
            transitions.apply(desk, list(enumerate(changes, start=self._seq + 1)))
            self._seq += len(changes)

        await self.office.change(work)
        return changes[0].id

    async def do(self, alert_id: str, act: Callable[[Desk, Alert], object]) -> None:
        """Let a person act on an alert."""
        await self.office.change(lambda desk: act(desk, desk.alert(alert_id)))

    async def alert(self, alert_id: str) -> Alert:
        """Return an alert as it is now."""
        return await self.office.database.read(lambda session: session.get_one(Alert, alert_id))

    async def told(self, alert_id: str) -> list[str]:
        """Return who has been queued a message about an alert, in order."""
        query = select(Notification.person).where(Notification.alert_id == alert_id)
        ordered = query.order_by(Notification.created_ns, Notification.step)
        return list(await self.office.database.read(lambda session: session.scalars(ordered).all()))


@asynccontextmanager
async def scene(folder: Path, registry: Registry | None = None) -> AsyncIterator[Scene]:
    """Open a scene on a new database below ``folder``."""
    clock = FakeClock()
    database = await Database.open(f"sqlite:///{folder / 'alerts.db'}")
    try:
        yield Scene(Office(database, Directory(registry or hotel()), clock), clock)
    finally:
        await database.close()
