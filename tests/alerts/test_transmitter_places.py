"""Names of places behind transmitters: components, also those that nobody wrote, and the transmitter itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from alerts import process
from alerts.directory import Directory
from backbone.client import Backbone
from backbone.layout import BIRTHS
from backbone.sparkplug import Birth, BirthMetric, encode_birth
from backbone.subjects import alarm, telemetry
from domain.alarm import Place
from domain.documents import Document
from domain.points import Point, PointKind
from domain.site import Registry, build_registry
from domain.words import COMPONENT_STATE
from tests.alerts.alerts_scene import SIGNING_KEY, fire, labels
from tests.alerts.phone_server import phone
from tests.servers import connected, embedded_server

LEARNED = Point(
    unit="hotel",
    gateway="utd",
    device="fas",
    name="c40-10-3",
    kind=PointKind.STATE,
    word=COMPONENT_STATE,
    label_zh="点型光电感烟火灾探测器 10-3",
    label_en="smoke detector 10-3",
)
SMOKE = Place(unit="hotel", building="east", floor=2, zone="corridor", device="fas", point="smoke-1")


def site(phone_url: str = "http://127.0.0.1:9/push") -> Registry:
    """Return a hotel with one transmitter: its panel is in the control room, one detector in a corridor."""
    zones = [
        {"id": "control", "kind": "control_room", "floor": 1, "labels": labels("控制室", "control room")},
        {
            "id": "corridor",
            "kind": "corridor",
            "floor": 2,
            "labels": labels("走廊", "corridor"),
            "responsible": "p-chen",
        },
    ]
    building = {"id": "east", "labels": labels("东楼", "East building"), "zones": zones}
    data: dict[str, Any] = {
        "site": "demo",
        "labels": labels("演示", "Demo"),
        "units": [{"id": "hotel", "labels": labels("酒店", "Hotel"), "buildings": [building]}],
        "people": [{"id": "p-chen", "role": "unit_staff", "labels": labels("陈", "Chen"), "channels": ["phone"]}],
        "channels": [{"id": "phone", "kind": "webhook", "url": phone_url}],
    }
    component = {"id": "smoke-1", "at": "10-2", "type": 40, "zone": "corridor", "labels": labels("走廊烟感", "Smoke")}
    system = {"id": "fas", "type": 1, "labels": labels("报警系统", "Fire alarm system"), "components": [component]}
    transmitter = {
        "id": "utd",
        "unit": "hotel",
        "address": 889,
        "zone": "control",
        "labels": labels("东楼传输装置", "East transmitter"),
        "systems": [system],
    }
    gateway = {
        "gateway": "gw",
        "unit": "hotel",
        "labels": labels("网关", "Gateway"),
        "connections": [{"id": "access", "protocol": "gb26875", "transmitters": [transmitter]}],
    }
    profiles = [profile("gb26875_transmitter", "transmitter"), profile("gb26875_system", "facility_system")]
    return build_registry(Document("site.yaml", data), [Document("gw.yaml", gateway)], profiles)


def profile(name: str, kind: str) -> Document:
    point = {"id": "state", "kind": "state", "labels": labels("状态", "State")}
    values = {"profile": name, "protocol": "gb26875", "kind": kind, "labels": labels(name, name), "source": "test"}
    return Document(f"{name}.yaml", values | {"points": [point]})


def test_a_declared_component_is_named_with_its_own_zone_and_its_responsible_person_is_told() -> None:
    directory = Directory(site())
    assert directory.place_labels(SMOKE)["zh"] == "酒店 东楼 2楼 走廊 报警系统 走廊烟感"
    assert list(directory.reach(["responsible"], SMOKE, 0, urgent=False).people) == ["p-chen"]


def test_a_learned_component_has_its_name_as_soon_as_its_birth_was_heard() -> None:
    directory = Directory(site())
    place = SMOKE.model_copy(update={"point": LEARNED.name})
    assert directory.place_labels(place)["en"] == "Hotel, East building, floor 2, corridor, Fire alarm system"
    directory.learn([LEARNED])
    whole = "Hotel, East building, floor 2, corridor, Fire alarm system, smoke detector 10-3"
    assert directory.place_labels(place)["en"] == whole
    assert directory.place_labels(place)["point"] == LEARNED.name


def test_a_transmitter_without_device_or_zone_in_its_alarm_is_named() -> None:
    place = Place(unit="hotel", gateway="utd")
    assert Directory(site()).place_labels(place)["zh"] == "酒店 东楼传输装置"


async def test_the_push_names_a_component_that_only_its_birth_told_of(tmp_path: Path) -> None:
    stop = asyncio.Event()
    metric = BirthMetric(
        name=LEARNED.name,
        alias=LEARNED.alias,
        kind=LEARNED.kind.value,
        word=LEARNED.word,
        label_zh=LEARNED.label_zh,
        label_en=LEARNED.label_en,
    )
    place = SMOKE.model_copy(update={"point": LEARNED.name})
    sent = fire(place=place, entity=LEARNED.key)
    async with phone() as platform, embedded_server(tmp_path) as server, connected(server) as backbone:
        birth = encode_birth(Birth(metrics=(metric,), seq=0, time_ns=1))
        await backbone.publish(telemetry("hotel", "DBIRTH", "utd", "fas"), birth)
        await backbone.publish(alarm(0, "hotel", sent.alarm_class, sent.rule), sent.model_dump_json().encode())
        await births_hold(backbone, 1)
        running = asyncio.create_task(
            process.run(
                site(platform.url),
                backbone,
                database_url=f"sqlite:///{tmp_path / 'alerts.db'}",
                answer_base_url="http://console.test",
                signing_key=SIGNING_KEY,
                stop=stop,
            )
        )
        (push,) = await platform.wait_for(1)
        await backbone.publish(telemetry("hotel", "DBIRTH", "utd", "fas"), b"\xff junk")
        await births_hold(backbone, 2)
        stop.set()
        await running
    assert push.message["place"]["zh"].endswith("走廊 报警系统 点型光电感烟火灾探测器 10-3")


async def births_hold(backbone: Backbone, count: int) -> None:
    """Wait until the stream of births has copied its ``count``-th message."""
    async with asyncio.timeout(40):
        while await backbone.last_seq(BIRTHS) < count:
            await asyncio.sleep(0.02)
