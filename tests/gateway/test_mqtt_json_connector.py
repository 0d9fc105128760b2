"""The MQTT connector on a real Mosquitto, 3.1.1 and 5: bad messages, lost brokers, acks after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from backbone.sparkplug import decode_data
from domain.clock import FakeClock, SystemClock
from domain.errors import LinkError, StoreError
from domain.quality import GOOD, Reason
from gateway.connectors.mqtt_json.connector import MOST_COMMITS, MqttJsonConnector
from gateway.spool import Spool, SpoolLimits
from tests.gateway.gateway_sites import HeldSink, ListSink, connection, device, registry_of, wiring_of
from tests.servers import connected, embedded_server, mosquitto

VERSIONS = ["3.1.1", "5"]


def sensors(port: int, **settings: Any) -> dict[str, Any]:
    devices = [device("smoke-01", "wireless_smoke", "s1"), device("camera-1", "camera_ai", "c1")]
    return connection("sensors", "mqtt_json", {"host": "127.0.0.1", "port": port, **settings}, devices)


def make(port: int, clock: FakeClock | SystemClock | None = None, **settings: Any) -> MqttJsonConnector:
    return MqttJsonConnector(wiring_of(registry_of(sensors(port, **settings)), clock))


def smoke(value: int = 0, ts: int | None = None, **more: Any) -> str:
    stamp = int(time.time() * 1000) if ts is None else ts
    fields = {"ts": stamp, "smoke": value, "obscuration": 0.02, "temperature": 24.5, "battery": 92, "test": 0}
    return json.dumps(fields | more)


@contextlib.asynccontextmanager
async def running(connector: MqttJsonConnector, sink: Any) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(connector.run(sink))
    try:
        async with asyncio.timeout(40):
            while not connector.health().ok and not task.done():
                await asyncio.sleep(0.01)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def publisher(port: int) -> AsyncIterator[Callable[..., Any]]:
    async with aiomqtt.Client("127.0.0.1", port) as client:

        async def publish(payload: str | bytes, topic: str = "sensors/s1/up", qos: int = 1) -> None:
            await client.publish(topic, payload, qos=qos)

        yield publish


@pytest.mark.parametrize("version", VERSIONS)
async def test_messages_become_readings_with_the_devices_own_time(tmp_path: Path, version: str) -> None:
    sink = ListSink()
    async with mosquitto(tmp_path) as port, running(make(port, version=version), sink), publisher(port) as publish:
        stamp = int(time.time() * 1000) - 2000
        await publish(smoke(1, stamp))
        await publish(
            json.dumps({"event_id": "e", "ts": stamp, "class": "ebike", "count": 1, "behaviour": "charging",
                        "confidence": 0.9, "image": "http://camera/1.jpg"}),
            "cameras/c1/event",
        )  # fmt: skip
        await until(lambda: sink.of("camera-1/image"))
    assert sink.of("smoke-01/smoke") == [(1.0, GOOD, Reason.NONE)]
    assert sink.of("smoke-01/temperature") == [(24.5, GOOD, Reason.NONE)]
    assert sink.times("smoke-01/smoke") == [stamp * 1_000_000]
    assert sink.of("camera-1/behaviour") == [(3.0, GOOD, Reason.NONE)]
    assert [words for batch in sink.batches for words in batch.text.values()] == ["http://camera/1.jpg"]


async def test_repeated_state_reports_are_all_readings(tmp_path: Path) -> None:
    sink = ListSink()
    async with mosquitto(tmp_path) as port, running(make(port), sink), publisher(port) as publish:
        start = int(time.time() * 1000)
        for number in range(5):
            await publish(smoke(1, start + number))
        await until(lambda: len(sink.of("smoke-01/smoke")) == 5)
    assert [value for value, _, _ in sink.of("smoke-01/smoke")] == [1.0] * 5


@pytest.mark.parametrize("version", VERSIONS)
async def test_useless_messages_become_dead_letters_and_the_rest_goes_on(tmp_path: Path, version: str) -> None:
    sink = ListSink()
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        connector = make(port, version=version)
        async with running(connector, sink):
            await publish(b"\x00\xff\xfe")
            await publish("[1, 2")
            await publish('{"hello": 1}')
            await publish(smoke(padding="x" * 1_100_000))
            await publish(smoke(), "sensors/nobody/up")
            await publish(smoke(), "sensors/with space/up")
            await publish(smoke(smoke="yes", temperature=float("nan")))
            await publish(json.dumps({"class": "person", "ts": 1}), "cameras/c1/event")
            await publish(smoke(1))
            await until(lambda: len(sink.of("smoke-01/smoke")) == 2)
    assert Counter(letter.reason for letter in sink.letters) == {
        "not_json": 2,
        "no_known_field": 1,
        "too_large": 1,
        "unknown_address": 1,
        "unknown_topic": 1,
    }
    assert all(len(letter.raw) <= 1024 for letter in sink.letters)
    reasons = [reason for _, _, reason in sink.of("smoke-01/smoke")]
    assert reasons == [Reason.BAD_VALUE, Reason.NONE]
    assert connector.health().errors["left_to_others"] == 1


async def test_clock_too_far_off_is_marked_and_counted_and_gets_the_gateways_time(tmp_path: Path) -> None:
    sink, clock = ListSink(), FakeClock()
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        connector = make(port, clock)
        async with running(connector, sink):
            now_ms = clock.now_ns() // 1_000_000
            for stamp in (now_ms - 299_000, now_ms + 299_000, now_ms - 301_000, now_ms + 301_000):
                await publish(smoke(ts=stamp))
            await publish(smoke(ts="yesterday"))  # type: ignore[arg-type]  # that is the point
            await until(lambda: len(sink.of("smoke-01/smoke")) == 5)
    reasons = [reason for _, _, reason in sink.of("smoke-01/smoke")]
    assert reasons == [Reason.NONE] * 2 + [Reason.CLOCK] * 3
    assert [quality for _, quality, _ in sink.of("smoke-01/smoke")] == [GOOD] * 5
    times = sink.times("smoke-01/smoke")
    assert len(set(times)) == 5
    assert max(abs(time_ns - clock.now_ns()) for time_ns in times[2:]) < 10_000_000
    assert (connector.health().errors["device_clock"], connector.health().errors["no_device_time"]) == (2, 1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_broker_sends_again_what_was_not_committed(tmp_path: Path, version: str) -> None:
    held, sink = HeldSink(), ListSink()
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        async with running(make(port, version=version), held):
            await publish(smoke(1))
            await until(lambda: held.waiting == 1)
            await publish(smoke(0))
        assert held.batches == []
        async with running(make(port, version=version), sink):
            await until(lambda: len(sink.of("smoke-01/smoke")) == 2)
            await publish(smoke(0))
            await until(lambda: len(sink.of("smoke-01/smoke")) == 3)
        again = ListSink()
        async with running(make(port, version=version), again):
            await publish(smoke(1))
            await until(lambda: again.of("smoke-01/smoke"))
    assert [value for value, _, _ in sink.of("smoke-01/smoke")] == [1.0, 0.0, 0.0]
    assert [value for value, _, _ in again.of("smoke-01/smoke")] == [1.0]


@pytest.mark.parametrize("version", VERSIONS)
async def test_messages_are_taken_during_a_commit_and_none_is_acknowledged_before_it(
    tmp_path: Path, version: str
) -> None:
    held, sink, start = HeldSink(), ListSink(), int(time.time() * 1000)
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        async with running(make(port, version=version), held):
            for number in range(MOST_COMMITS + 2):
                await publish(smoke(number % 2, start + number))
                await until(lambda number=number: held.waiting == min(number + 1, MOST_COMMITS))  # type: ignore[misc]  # bound now
        async with running(make(port, version=version), sink):
            await until(lambda: len(sink.of("smoke-01/smoke")) == MOST_COMMITS + 2)
    assert [value for value, _, _ in sink.of("smoke-01/smoke")] == [0.0, 1.0] * (MOST_COMMITS // 2 + 1)


async def test_failing_spool_is_not_acknowledged_and_second_copies_are_known(tmp_path: Path) -> None:
    held = HeldSink()
    held.open.set()
    held.error = StoreError("disk full")
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        connector = make(port)
        async with running(connector, held) as task:
            await publish(message := smoke(1))
            with pytest.raises(StoreError):
                await task
        held.error = None
        async with running(connector, held):
            await until(lambda: connector.health().polls >= 2)
            await publish(message)
            await publish(smoke(0))
            await until(lambda: held.of("smoke-01/smoke"))
            await until(lambda: held.of("smoke-01/smoke")[-1][0] == 0.0)
    assert [value for value, _, _ in held.of("smoke-01/smoke")].count(1.0) == 1


async def test_broker_away_beyond_the_grace_time_cuts_all_points_off_once(tmp_path: Path) -> None:
    sink = ListSink()
    async with mosquitto(tmp_path) as port:
        connector = make(port, link_grace_s=0.3)
        async with running(connector, sink) as task, publisher(port) as publish:
            await publish(smoke(1))
            await until(lambda: sink.of("smoke-01/smoke"))
            waiting = task
    with contextlib.suppress(asyncio.CancelledError, LinkError):
        await waiting
    for _ in range(4):
        with pytest.raises(LinkError):
            await connector.run(sink)
        await asyncio.sleep(0.2)
    assert [reason for _, _, reason in sink.of("smoke-01/battery")] == [Reason.NONE, Reason.LINK_DOWN]
    assert connector.health().lost == {"smoke-01", "camera-1"}
    assert not connector.health().ok


async def test_broker_that_goes_away_while_running_is_an_error_for_the_supervisor(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        task = asyncio.create_task((connector := make(port)).run(ListSink()))
        await until(lambda: connector.health().ok)
    with pytest.raises(LinkError, match="broker"):
        await asyncio.wait_for(task, 40)


async def test_embedded_listener_serves_as_the_sensors_broker(tmp_path: Path) -> None:
    """In the demo the backbone's own MQTT listener is the broker, with its restricted user."""
    sink = ListSink()
    async with embedded_server(tmp_path) as server, connected(server):
        user = server.credentials["sensors"]
        connector = make(server.mqtt_port, user=user.user, password=user.password)
        async with (
            running(connector, sink),
            aiomqtt.Client(
                "127.0.0.1", server.mqtt_port, username=user.user, password=user.password, identifier="sensor"
            ) as client,
        ):
            for number in range(20):
                await client.publish("sensors/s1/up", smoke(number % 2), qos=1)
                await asyncio.sleep(0.002)
            await until(lambda: len(sink.of("smoke-01/smoke")) == 20)


CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.gateway.test_mqtt_json_connector import Spool, SpoolLimits, SystemClock, make

async def main():
    spool = await Spool.open(Path(sys.argv[3]), limits=SpoolLimits(), clock=SystemClock())
    await make(int(sys.argv[2]), version=sys.argv[4]).run(spool)

asyncio.run(main())
"""


@pytest.mark.parametrize("version", VERSIONS)
async def test_gateway_killed_under_load_loses_no_message(tmp_path: Path, version: str) -> None:
    path, start = tmp_path / "spool.sqlite", int(time.time() * 1000)
    root = Path(__file__).parents[2]
    sent = 0
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        async with running(make(port, version=version), ListSink()):
            pass  # from here on the broker keeps what comes for us
        for _ in range(3):
            words = [str(root), str(port), str(path), version]
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, *words)
            await asyncio.sleep(1.2)
            for _ in range(40):
                await publish(smoke(1, start + sent))
                sent += 1
            child.kill()
            await child.wait()
        spool = await Spool.open(path, limits=SpoolLimits(), clock=SystemClock())
        async with running(make(port, version=version), spool):
            await publish(smoke(0, start + sent))
            wanted, times = set(range(start, start + sent + 1)), set[int]()
            with contextlib.suppress(TimeoutError):  # what is lost is said below
                async with asyncio.timeout(40):
                    while not wanted <= times:
                        await asyncio.sleep(0.05)
                        times |= await _times(spool)
        await spool.close()
    assert not wanted - times


async def _times(spool: Spool) -> set[int]:
    found: set[int] = set()
    while rows := await spool.events(500):
        for row in rows:
            found |= {int(time_ns) // 1_000_000 for time_ns in decode_data(row.body).time_ns}
    return found
