"""A hosting gateway as the process that it is: what its connectors are given, what people may ask, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from backbone import subjects
from backbone.client import Backbone
from backbone.server import EmbeddedServer, free_ports
from backbone.server_config import GatewayUser
from backbone.sparkplug import decode_birth, encode_rebirth
from domain.clock import SystemClock
from domain.documents import Document
from domain.errors import FengsuiError, LinkError
from domain.site import Registry, build_registry
from gateway.process import Link, run
from tests.gateway.gateway_sites import GATEWAY, SITE, UNIT, built_in_profiles, connection, gateway_document
from tests.gateway.house import transmitter
from tests.servers import connected, embedded_server

COUNT = 60
"""More than a hosting gateway's permissions list one by one."""


def registry() -> Registry:
    access = connection("access", "gb26875", {"port": free_ports(1)[0]}, [])
    del access["period_s"]
    access["transmitters"] = [transmitter(at) for at in range(COUNT)]
    return build_registry(Document("site.yaml", SITE), [gateway_document(access)], built_in_profiles())


@contextlib.asynccontextmanager
async def hosting_process(folder: Path, server: EmbeddedServer, site: Registry) -> AsyncIterator[None]:
    link = Link(
        nats_url=server.url,
        credentials=server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
        mqtt_host="127.0.0.1",
        mqtt_port=server.mqtt_port,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(
        run(
            site, unit=UNIT, gateway=GATEWAY, link=link, state_dir=folder / "state", clock=SystemClock(), stop=stop
        )
    )  # fmt: skip
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(40):
            await task


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Backbone]:
    site = registry()
    hosted = tuple((one.settings.unit, one.settings.id) for one in site.hosted_by(UNIT, GATEWAY))
    async with (
        embedded_server(folder, [GatewayUser(UNIT, GATEWAY, hosted)]) as server,
        connected(server) as backbone,
        hosting_process(folder, server, site),
    ):
        yield backbone


async def status(backbone: Backbone) -> Mapping[str, Any]:
    async with asyncio.timeout(40):
        while (found := (await backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})).get("uplink") != "up":
            await asyncio.sleep(0.05)
    return found


async def test_the_status_counts_what_is_hosted(tmp_path: Path) -> None:
    async with running(tmp_path) as backbone:
        hosting = (await status(backbone))["hosting"]
    assert (hosting["known"], hosting["up"]) == (COUNT, 0)


async def test_requests_reach_the_connector_and_mistakes_come_back_as_such(tmp_path: Path) -> None:
    service = subjects.gateway_service(UNIT, GATEWAY)
    async with running(tmp_path) as backbone:
        await status(backbone)
        answer = await backbone.request(service, {"command": "transmitters"})
        assert len(answer["transmitters"]) == COUNT
        with pytest.raises(FengsuiError) as told:
            await backbone.request(service, {"command": "dance"})
        assert not isinstance(told.value, LinkError)
        with pytest.raises(FengsuiError, match="no connection 'nowhere'"):
            await backbone.request(service, {"connection": "nowhere", "command": "transmitters"})


async def test_a_host_may_ask_for_births_and_is_answered_by_our_own_node(tmp_path: Path) -> None:
    async with running(tmp_path) as backbone:
        await status(backbone)
        subject = subjects.telemetry(UNIT, "NCMD", GATEWAY)
        await backbone.core_publish(subject, b"\xff junk")
        await backbone.core_publish(subjects.telemetry(UNIT, "NCMD", "utd-0"), encode_rebirth(0))
        await backbone.core_publish(subject, encode_rebirth(0))
        async with asyncio.timeout(40):
            while len(found := await backbone.messages("TELEMETRY", subjects=["*.*.NBIRTH.*"])) < 2:
                await asyncio.sleep(0.05)
    assert {subjects.parse(message.subject).gateway for message in found} == {GATEWAY}
    assert len({decode_birth(message.data).bd_seq for message in found}) == 1
