"""What devices that speak by themselves send, and what of it is passed on; a real Mosquitto."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from domain.clock import NS_PER_MS
from domain.errors import StoreError
from domain.quality import GOOD, STALE, Reason
from gateway.connectors.mqtt_json.connector import MqttJsonConnector
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of
from tests.gateway.test_mqtt_json_connector import publisher, running, until
from tests.servers import mosquitto

T0_MS = 1_800_000_000_000
NOW_TOLERANCE = {"clock_tolerance_s": 1e9}


def probe(**more: Any) -> dict[str, Any]:
    points = [
        {"id": "level", "labels": LABELS, "read": {"path": "level"}, "report": {"deadband": 2, "heartbeat_s": 30}},
        {"id": "raw", "labels": LABELS, "read": {"path": "raw", "optional": True}, "report": {"period_s": 10}},
        {"id": "alarm", "kind": "state", "labels": LABELS, "read": {"path": "alarm", "optional": True}},
    ]
    return {"profile": "probe", "protocol": "mqtt_json", "kind": "probe", "labels": LABELS, "source": "a test",
            "options": {"topic": "probes/{address}", "time": "ts"}, "points": points, **more}  # fmt: skip


def make(port: int, **more: Any) -> MqttJsonConnector:
    settings = {"host": "127.0.0.1", "port": port, **NOW_TOLERANCE}
    line = connection("probes", "mqtt_json", settings, [device("d", "probe", "p1")])
    return MqttJsonConnector(wiring_of(registry_of(line, profiles=[probe(**more)])))


def message(second: float, level: float, **more: float) -> str:
    return json.dumps({"ts": T0_MS + round(second * 1000), "level": level, **more})


async def test_deadband_period_and_heartbeat_go_by_the_devices_own_times(tmp_path: Path) -> None:
    """A broker that kept an hour of messages hands over an hour, not one moment of it."""
    sink = ListSink()
    steps = [(0, 10, 1), (5, 11, 2), (9, 12.5, 3), (10, 12, 4), (31, 13, 5), (39, 13, 6), (40, 13, 7), (61, 30, 8)]
    async with mosquitto(tmp_path) as port, running(make(port), sink), publisher(port) as publish:
        for second, level, raw in steps:
            await publish(message(second, level, raw=raw, alarm=0), "probes/p1")
        await until(lambda: len(sink.of("d/alarm")) == len(steps))
    seconds = [(at // NS_PER_MS - T0_MS) / 1000 for at in sink.times("d/level")]
    assert list(zip(seconds, [value for value, *_ in sink.of("d/level")], strict=True)) == [
        (0, 10.0), (9, 12.5), (39, 13.0), (61, 30.0)
    ]  # fmt: skip
    assert [value for value, *_ in sink.of("d/raw")] == [1.0, 4.0, 5.0, 8.0], "never two within ten seconds"


class FirstFails(ListSink):
    async def emit(self, batch: Any, **more: Any) -> None:
        if not self.names:
            self.names.add(b"failed")
            raise StoreError("no room")
        await super().emit(batch, **more)


async def test_a_reading_that_was_not_stored_is_no_old_news_when_the_broker_sends_it_again(tmp_path: Path) -> None:
    sink = FirstFails()
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        connector = make(port)
        async with running(connector, sink) as task:
            await publish(message(0, 10), "probes/p1")
            await until(task.done)
        async with running(connector, sink):
            await until(lambda: sink.of("d/level"))
    assert sink.of("d/level") == [(10.0, GOOD, Reason.NONE)]


async def test_a_device_that_falls_silent_is_stale_once_without_a_value_and_good_when_it_speaks(tmp_path: Path) -> None:
    """TB 1243: shown as active though nothing comes. Only the gateway's own time stands with what is stale."""
    sink = ListSink()
    async with mosquitto(tmp_path) as port, publisher(port) as publish:
        async with running(make(port, max_silence_s=1.5), sink):
            await publish(message(0, 10, alarm=1), "probes/p1")
            await until(lambda: STALE in [quality for _, quality, _ in sink.of("d/alarm")])
            await publish(message(1, 10, alarm=1), "probes/p1")
            await until(lambda: sink.of("d/alarm")[-1][1] == GOOD)
        told = [one for one in sink.of("d/level") if one[1] != GOOD]
    assert [(quality, reason) for _, quality, reason in told] == [(STALE, Reason.SILENT)]
    assert math.isnan(told[0][0])
    good = [time for time, one in zip(sink.times("d/level"), sink.of("d/level"), strict=True) if one[1] == GOOD]
    assert good == [T0_MS * NS_PER_MS, (T0_MS + 1000) * NS_PER_MS]
