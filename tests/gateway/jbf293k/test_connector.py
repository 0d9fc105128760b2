"""A gateway with a panel behind an interface card: the whole process, a simulated card, a real server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backbone import subjects
from backbone.client import Backbone
from backbone.server import EmbeddedServer
from backbone.server_config import GatewayUser
from backbone.sparkplug import decode_batch
from backbone.sparkplug.learning import points_of_message
from domain.clock import SystemClock
from domain.documents import Document
from domain.quality import GOOD, Reason, base_of, reason_of
from domain.site import Registry
from gateway.check import check_site
from gateway.process import Link, run
from simulators.devices.jbf293k import FAULT, FIRE, RESET, JbfCard, telegram
from tests.gateway.gateway_sites import (
    GATEWAY,
    LABELS,
    UNIT,
    built_in_profiles,
    connection,
    device,
    gateway_document,
    registry_of,
)
from tests.servers import connected, embedded_server

NUMBER, OTHER = 36, 7
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMED = {
    "profile": "lobby_panel",
    "protocol": "jbf293k",
    "kind": "panel_card",
    "labels": LABELS,
    "source": "this test",
    "points": [
        {"id": "state", "kind": "state", "word": "gb_system_state", "labels": LABELS},
        {
            "id": "lobby", "kind": "state", "word": "gb_component_state", "labels": LABELS,
            "read": {"loop": 8, "point": 1},
        },
    ],
}  # fmt: skip


def now() -> datetime:
    return datetime.now(SHANGHAI).replace(microsecond=0, tzinfo=None)


@dataclass(frozen=True)
class Told:
    """A reading as the log has it."""

    point: str
    time_ns: int
    value: float
    quality: int
    text: str


class Place:
    """A card, a server with streams, and gateways that may be started and stopped."""

    def __init__(self, card: JbfCard, server: EmbeddedServer, backbone: Backbone, folder: Path) -> None:
        self.card = card
        self.server = server
        self.backbone = backbone
        self.folder = folder
        settings = {"host": "127.0.0.1", "port": card.port, "poll_s": 0.05, "silent_s": 1.5, "heartbeat_s": 0.5}
        panels = [device("panel", "jbf293k_panel", NUMBER), device("lobby", "lobby_panel", OTHER)]
        self.registry = registry_of(connection("panel", "jbf293k", settings, panels), profiles=[NAMED])

    @contextlib.asynccontextmanager
    async def gateway(self) -> AsyncIterator[None]:
        link = Link(
            nats_url=self.server.url,
            credentials=self.server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
            mqtt_host="127.0.0.1",
            mqtt_port=self.server.mqtt_port,
        )
        stop = asyncio.Event()
        state = self.folder / "state"
        task = asyncio.create_task(
            run(
                self.registry, unit=UNIT, gateway=GATEWAY, link=link, state_dir=state, clock=SystemClock(), stop=stop
            )
        )  # fmt: skip
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(40):
                await task

    async def told(self, name: str) -> list[Told]:
        """What the log has of ``device/point``, by the births that stand before it."""
        registry: Registry = self.registry
        found: list[Told] = []
        for message in await self.backbone.messages("TELEMETRY"):
            if message.subject.startswith("tick"):
                continue
            registry = registry.grown(points_of_message(message.subject, message.data))
            source = subjects.parse(message.subject)
            if source.type != "DDATA":
                continue
            batch, _ = decode_batch(message.data, registry.points, source.unit, source.gateway)
            found += [
                Told(
                    registry.points[int(batch.point[row])].key,
                    int(batch.time_ns[row]),
                    float(batch.value[row]),
                    int(batch.quality[row]),
                    batch.text.get(row, ""),
                )
                for row in range(len(batch))
            ]
        return [one for one in found if one.point == f"{UNIT}/{name}"]

    async def comes(self, name: str, is_right: Callable[[Told], bool]) -> Told:
        """Wait for a reading."""
        async with asyncio.timeout(30):
            while True:
                for one in await self.told(name):
                    if is_right(one):
                        return one
                await asyncio.sleep(0.1)

    async def deaths(self, count: int) -> None:
        """Wait until so many devices are said to be lost."""
        async with asyncio.timeout(30):
            while len(await self.backbone.messages("TELEMETRY", subjects=["tel.*.*.DDEATH.>"])) < count:
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with (
        JbfCard() as card,
        embedded_server(folder / "nats", [GatewayUser(UNIT, GATEWAY)]) as server,
        connected(server) as backbone,
    ):
        await backbone.ensure_streams()
        yield Place(card, server, backbone, folder)


async def test_a_component_that_nobody_declared_is_learned_with_its_fire_and_the_panels_time(tmp_path: Path) -> None:
    async with place(tmp_path) as site, site.gateway():
        at = now() - timedelta(seconds=3)
        site.card.tell(telegram(FIRE, controller=NUMBER, loop=8, point=155, part=1, at=at))
        site.card.tell(telegram(FAULT, controller=NUMBER, loop=8, point=155, at=at))
        fire = await site.comes("panel/l8p155", lambda one: one.value == 3)
        assert fire.time_ns == int(at.replace(tzinfo=SHANGHAI).timestamp()) * 10**9
        assert fire.quality == GOOD
        assert "火警" in fire.text
        assert (await site.comes("panel/l8p155", lambda one: one.value == 7)).time_ns > fire.time_ns
        assert (await site.comes("panel/state", lambda one: one.value == 1)).quality == GOOD


async def test_a_declared_component_goes_by_its_name_and_a_reset_ends_its_fire_not_its_fault(tmp_path: Path) -> None:
    async with place(tmp_path) as site:
        async with site.gateway():
            for command in (FIRE, FAULT):
                site.card.tell(telegram(command, controller=OTHER, loop=8, point=1, at=now()))
            await site.comes("lobby/lobby", lambda one: one.value == 7)
        async with site.gateway():  # after a restart the word goes on where it was
            site.card.tell(telegram(RESET, controller=OTHER, at=now()))
            ended = await site.comes("lobby/lobby", lambda one: one.value == 5)
            assert reason_of(ended.quality) is Reason.SUBSTITUTED
        assert [one.value for one in await site.told("lobby/lobby")] == [3, 7, 5]


async def test_a_silent_card_is_a_lost_panel_and_its_word_is_unknown_not_normal(tmp_path: Path) -> None:
    async with place(tmp_path) as site, site.gateway():
        site.card.tell(telegram(0x71, controller=NUMBER, loop=0x80, at=now()))
        await site.comes("panel/state", lambda one: one.value == 0x101)
        site.card.silent = True
        lost = await site.comes("panel/state", lambda one: base_of(one.quality) != GOOD)
        assert reason_of(lost.quality) is Reason.TIMEOUT
        await site.deaths(2)
        site.card.silent = False
        await site.comes("panel/state", lambda one: one.time_ns > lost.time_ns and one.value == 0x101)


async def test_a_fire_of_a_controller_that_nobody_registered_is_told_all_the_same(tmp_path: Path) -> None:
    async with place(tmp_path) as site, site.gateway():
        site.card.tell(telegram(FIRE, controller=99, loop=1, point=2, at=now()))
        fire = await site.comes("panel/fire_elsewhere", lambda one: one.value == 1)
        assert "控制器99" in fire.text


async def test_what_the_card_sends_by_itself_counts_and_noise_costs_no_telegram(tmp_path: Path) -> None:
    async with place(tmp_path) as site, site.gateway():
        await site.comes("panel/state", lambda one: one.value == 1)
        noisy = b"\x00\x82\x31" + telegram(FIRE, controller=NUMBER, loop=1, point=1, at=now()) + b"\x83\x83"
        site.card.say(noisy)
        await site.comes("panel/l1p1", lambda one: one.value == 3)


async def test_a_temperature_comes_with_its_quantity_and_a_clock_that_is_off_is_marked(tmp_path: Path) -> None:
    async with place(tmp_path) as site, site.gateway():
        site.card.tell(
            telegram(
                0xFC, controller=NUMBER, loop=1, point=66, part=0xFF, at=datetime(2017, 5, 24, 15, 45, 1),  # noqa: DTZ001  # the wire has no zone
                extension=(0x13, 0, 0x58, 0x02, 0xE3),
            )
        )  # fmt: skip
        value = await site.comes("panel/l1p66-ch0", lambda one: abs(one.value - 60.0) < 1e-9)
        assert reason_of(value.quality) is Reason.CLOCK
        assert (await site.comes("panel/l1p66", lambda one: one.value == 17)).text


def problems(settings: dict[str, Any], *devices: dict[str, Any]) -> list[str]:
    line = connection("panel", "jbf293k", settings, devices)
    registry = registry_of(line)
    return [str(one) for one in check_site(registry, [gateway_document(line)], built_in_profiles())]


def test_a_site_with_a_panel_is_checked_like_any_other() -> None:
    good = {"device": "/dev/ttyUSB0"}
    assert problems(good, device("panel", "jbf293k_panel", 36)) == []
    assert "the two" in problems({}, device("panel", "jbf293k_panel", 36))[0]
    twice = problems(good, device("a", "jbf293k_panel", 1), device("b", "jbf293k_panel", 1))
    assert "twice" in twice[0]
    assert "0 to 255" in problems(good, device("panel", "jbf293k_panel", "x"))[0]
    assert "60" in problems({**good, "heartbeat_s": 90}, device("panel", "jbf293k_panel", 36))[0]


def test_a_profile_names_each_place_once_and_keeps_the_panels_own_word() -> None:
    twin = {"id": "twin", "kind": "measure", "labels": LABELS, "read": {"loop": 8, "point": 1}}
    wrong: dict[str, Any] = {**NAMED, "profile": "wrong", "points": [*NAMED["points"][1:], twin]}  # type: ignore[index]
    line = connection("panel", "jbf293k", {"host": "h"}, [device("p", "wrong", 1)])
    registry = registry_of(line, profiles=[wrong])
    documents = [*built_in_profiles(), Document("profiles/wrong.yaml", wrong)]
    found = " ".join(str(one) for one in check_site(registry, [gateway_document(line)], documents))
    assert "kind: state" in found
    assert "is there twice" in found
    assert "'state' is missing" in found
