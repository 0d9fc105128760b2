"""Presence on a real server: what a dead MQTT listener does to a gateway whose other link is sound."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backbone import subjects
from backbone.client import Backbone
from backbone.messages import LogMessage
from backbone.sparkplug import decode_birth
from gateway.presence import MqttListener, Presence
from tests.gateway.foreign_host import ForeignHost
from tests.gateway.gateway_sites import GATEWAY, UNIT
from tests.gateway.house import hosting_registry, house, node
from tests.servers import connected, embedded_server


class Gate:
    """A way to the MQTT listener that can be shut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open = True
        self._writers: list[asyncio.StreamWriter] = []

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            self.shut()

    def shut(self) -> None:
        self._open = False
        for writer in self._writers:
            writer.close()

    def unlock(self) -> None:
        self._open = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.close()
            return
        inner, outer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, outer]
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, outer), self._pump(inner, writer))

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)


async def until_born(backbone: Backbone, bd_seq: int) -> list[LogMessage]:
    async with asyncio.timeout(40):
        while True:
            seen = await backbone.messages("TELEMETRY")
            own = [m for m in seen if m.subject.endswith(f".NBIRTH.{GATEWAY}")]
            if own and (decode_birth(own[-1].data).bd_seq or 0) >= bd_seq:
                return seen
            await asyncio.sleep(0.02)


async def test_a_dead_mqtt_listener_holds_up_no_fire(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        house(tmp_path, hosting_registry(1)) as place,
        backbone.publisher() as live,
    ):
        gate = Gate(server.mqtt_port)
        async with gate.listening() as port:
            credentials = server.credentials["service"]
            listener = MqttListener(host="127.0.0.1", port=port, credentials=credentials)
            presence = Presence(place.nodes, place.voice, place.spool, listener)
            place.voice.attach(live)
            running = asyncio.create_task(presence.run(lambda: backbone.connected))
            await until_born(backbone, 1)
            gate.shut()
            async with asyncio.timeout(40):
                while "presence lost" not in caplog.text:
                    assert place.voice.alive.is_set()
                    await asyncio.sleep(0.005)
            for _ in range(20):
                assert place.voice.alive.is_set()
                await asyncio.sleep(0.02)
            await until_born(backbone, 2)
            await place.own.node_data()
            gate.unlock()
            await until_born(backbone, 4)
            assert place.voice.alive.is_set()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await live.flush()
        seen = [m for m in await backbone.messages("TELEMETRY") if subjects.parse(m.subject).gateway == GATEWAY]
    host = ForeignHost()
    host.take(message for message in seen if ".NDEATH." not in message.subject)
    assert host.nodes[f"{UNIT}/{GATEWAY}"].births >= 3
    assert node(0) not in host.nodes
