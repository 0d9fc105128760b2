"""Sensors on a real broker: Mosquitto, 3.1.1 and 5, read back by a client of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from backbone.server import free_ports
from domain.clock import FakeClock
from simulators.cable import Cable
from simulators.devices.mqtt import BrokerSettings, SensorUplink
from simulators.devices.mqtt_devices import Camera, MqttDevice, SmokeSensor
from simulators.faults import Fault, FaultKind, FaultPlan
from simulators.lines import SensorLine
from tests.certificates import Authority
from tests.servers import mosquitto


@asynccontextmanager
async def running(work: SensorUplink | SensorLine) -> AsyncIterator[None]:
    task = asyncio.create_task(work.run())
    try:
        yield
    finally:
        task.cancel()
        async with asyncio.timeout(40):
            await asyncio.wait([task])


@asynccontextmanager
async def listening(
    port: int, version: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V311
) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", port, protocol=version) as client:
        await client.subscribe("#", qos=1)
        yield client


async def received(client: aiomqtt.Client, count: int) -> list[aiomqtt.Message]:
    messages: list[aiomqtt.Message] = []
    async with asyncio.timeout(40):
        async for message in client.messages:
            messages.append(message)
            if len(messages) == count:
                break
    return messages


def payload(message: aiomqtt.Message) -> bytes:
    assert isinstance(message.payload, bytes)
    return message.payload


def sensor_line(port: int, plan: FaultPlan | None = None, version: str = "3.1.1") -> SensorLine:
    devices: dict[str, MqttDevice] = {
        "h/smoke-1": SmokeSensor("smoke-1", "s01"),
        "h/camera-1": Camera("camera-1", "c1"),
    }
    faults = plan or FaultPlan()
    return SensorLine(
        devices,
        BrokerSettings(port=port, version=version),
        identifier="test-sensors",
        fault_of=lambda key: faults.active(key, 0.0),
        now_s=asyncio.get_running_loop().time,
        clock=FakeClock(),
        seed=1,
    )


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_sensors_publish_periodically_and_at_once_on_change(tmp_path: Path, version: str) -> None:
    async with mosquitto(tmp_path) as port, listening(port) as client:
        line = sensor_line(port, version=version)
        async with running(line):
            first = await received(client, 2)
            assert {str(message.topic) for message in first} == {"sensors/s01/up", "cameras/c1/event"}
            assert {message.qos for message in first} == {1}
            line.devices["h/camera-1"].set("behaviour", "parked")
            line.changed("h/camera-1")
            async with asyncio.timeout(40):
                while True:
                    [message] = await received(client, 1)
                    document: dict[str, Any] = json.loads(payload(message))
                    if document.get("behaviour") == "parked":
                        break
                while line.status().sent < 3 or line.status().waiting:  # the broker's acks come after the messages
                    await asyncio.sleep(0.05)


async def test_messages_wait_for_a_broker_and_arrive_in_order(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port, Cable("127.0.0.1", port) as cable, listening(port) as client:
        cable.cut()
        uplink = SensorUplink(BrokerSettings(port=cable.port), identifier="test-uplink")
        async with running(uplink):
            for number in range(20):
                uplink.send("t", str(number).encode())
            await asyncio.sleep(0.2)
            assert (uplink.connected, uplink.waiting, uplink.acknowledged) == (False, 20, 0)
            cable.mend()
            arrived = [int(payload(message)) for message in await received(client, 20)]
            assert arrived == list(range(20))
            cable.cut()
            uplink.send("t", b"20")
            await asyncio.sleep(0.2)
            cable.mend()
            while payload((await received(client, 1))[0]) != b"20":
                """QoS 1 is at least once: one whose acknowledgement was cut off comes again."""


async def test_a_full_outbox_loses_the_oldest_and_says_so() -> None:
    uplink = SensorUplink(BrokerSettings(port=1), identifier="test-full", most_waiting=3)
    for number in range(5):
        uplink.send("t", str(number).encode())
    assert (uplink.waiting, uplink.dropped) == (3, 2)


async def test_a_broker_that_is_away_is_said_so() -> None:
    uplink = SensorUplink(BrokerSettings(port=free_ports(1)[0]), identifier="test-away")
    async with running(uplink), asyncio.timeout(40):
        while not uplink.trouble:
            await asyncio.sleep(0.05)
    assert "refused" in uplink.trouble.lower()


async def test_a_payload_that_the_broker_will_not_have_does_not_hold_up_the_others(tmp_path: Path) -> None:
    plan = FaultPlan()
    plan.strike("h/smoke-1", Fault(kind=FaultKind.HUGE), now_s=0.0)
    async with mosquitto(tmp_path) as port, listening(port) as client:
        async with running(sensor_line(port, plan)):
            messages = await received(client, 3)
        sizes = {str(message.topic): len(payload(message)) for message in messages}
        assert sizes["cameras/c1/event"] < 1_000
        assert sizes.get("sensors/s01/up", 2**21) > 2**20


async def test_a_silent_sensor_says_nothing(tmp_path: Path) -> None:
    plan = FaultPlan()
    plan.strike("h/smoke-1", Fault(kind=FaultKind.SILENT), now_s=0.0)
    async with mosquitto(tmp_path) as port, listening(port) as client, running(sensor_line(port, plan)):
        assert {str(message.topic) for message in await received(client, 2)} == {"cameras/c1/event"}


def test_an_mqtt_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="not '4'"):
        BrokerSettings(version="4")


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_sensors_speak_tls_and_show_a_certificate(tmp_path: Path, version: str) -> None:
    authority = Authority(tmp_path)
    server, client = authority.signed("server"), authority.signed("client")
    files: dict[str, Any] = {"ca_file": str(authority.cert), "cert_file": str(client.cert), "key_file": str(client.key)}
    lines = [f"cafile {authority.cert}", f"certfile {server.cert}", f"keyfile {server.key}", "require_certificate true"]
    async with mosquitto(tmp_path, *lines) as port:
        settings = BrokerSettings(port=port, version=version, tls=True, **files)
        tls = aiomqtt.TLSParameters(files["ca_file"], files["cert_file"], files["key_file"])
        async with aiomqtt.Client("127.0.0.1", port, tls_params=tls) as host:
            await host.subscribe("#", qos=1)
            uplink = SensorUplink(settings, identifier="sim")
            async with running(uplink):
                uplink.send("sensors/s1/up", b"{}")
                assert [payload(one) for one in await received(host, 1)] == [b"{}"]
        gone = SensorUplink(BrokerSettings(port=port, tls=True, ca_file=str(tmp_path / "gone.pem")), identifier="gone")
        async with running(gone), asyncio.timeout(40):
            while not gone.trouble:
                await asyncio.sleep(0.01)
    assert "No such file" in gone.trouble
