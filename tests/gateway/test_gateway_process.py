"""The whole gateway process: simulated devices, a real nats-server, outages, kills and rebirths."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt

from backbone import subjects
from backbone.client import Backbone
from backbone.messages import LogMessage
from backbone.server import EmbeddedServer
from backbone.sparkplug import decode_batch, decode_birth, decode_data, decode_death, encode_rebirth
from domain.clock import SystemClock
from domain.quality import HISTORICAL, Reason, is_historical, reason_of
from domain.site import Registry
from gateway.process import Link, run
from gateway.spool import Spool, SpoolLimits
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_sites import GATEWAY, UNIT, connection, device, registry_of
from tests.servers import connected, embedded_server

PRESSURE = {2: 10, 3: 1, 4: 4805}


class Plant:
    """Two pressure transmitters and a panel on one simulated line, of its own."""

    def __init__(self) -> None:
        panel = {0: 1} | {0x100 + point: 1 for point in range(1, 25)}
        self.banks = {
            1: RegisterBank(holding=dict(PRESSURE)),
            2: RegisterBank(holding=dict(PRESSURE)),
            3: RegisterBank(holding=panel, most_registers=50),
        }
        self.faults: dict[int, Fault] = {}
        self.server = ModbusServer(self.banks, fault_of=self.faults.get)


def line_registry(port: int) -> Registry:
    settings = {"host": "127.0.0.1", "port": port, "timeout_s": 0.1, "retry_s": 0.2, "heartbeat_s": 1}
    devices = [
        device("pressure-1", "qdy30a_pressure", 1),
        device("pressure-2", "qdy30a_pressure", 2),
        device("panel-1", "fire_panel_modbus", 3),
    ]
    return registry_of(connection("line", "modbus_tcp", settings, devices, period_s=0.2))


class Site:
    """A plant, a server with streams, and gateways that may be started and stopped."""

    def __init__(self, plant: Plant, server: EmbeddedServer, backbone: Backbone, folder: Path) -> None:
        self.plant = plant
        self.server = server
        self.backbone = backbone
        self.folder = folder
        self.registry = line_registry(plant.server.port)

    @property
    def link(self) -> Link:
        return Link(
            nats_url=self.server.url,
            credentials=self.server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
            mqtt_host="127.0.0.1",
            mqtt_port=self.server.mqtt_port,
        )

    @contextlib.asynccontextmanager
    async def gateway(self) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        task = asyncio.create_task(
            run(
                self.registry,
                unit=UNIT,
                gateway=GATEWAY,
                link=self.link,
                state_dir=self.folder / "state",
                clock=SystemClock(),
                stop=stop,
            )
        )
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    async def child(self) -> asyncio.subprocess.Process:
        """Start the gateway as a process of its own, to be killed."""
        link = self.link
        assert link.credentials is not None
        words = [
            self.plant.server.port,
            link.nats_url,
            link.mqtt_port,
            link.credentials.user,
            link.credentials.password,
        ]
        root, folder = Path(__file__).parents[2], self.folder / "state"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, str(root), *map(str, words), str(folder)
        )

    async def log(self, stream: str = "TELEMETRY", *filters: str) -> list[LogMessage]:
        return await self.backbone.messages(stream, subjects=filters or (">",))

    async def kinds(self) -> list[str]:
        return [subjects.parse(message.subject).type for message in await self.log()]

    async def readings(self) -> Counter[tuple[str, int]]:
        """How often each (point, time) stands in the log, live and backfill together."""
        table = self.registry.gateway_points(UNIT, GATEWAY)
        found: Counter[tuple[str, int]] = Counter()
        for message in [*await self.log("TELEMETRY", "tel.>"), *await self.log("BACKFILL")]:
            if ".DDATA." in message.subject or message.subject.startswith("backfill."):
                batch, unknown = decode_batch(message.data, table, UNIT, GATEWAY)
                assert unknown == 0
                keys = zip(batch.point.tolist(), batch.time_ns.tolist(), strict=True)
                found.update((table[point].key, time_ns) for point, time_ns in keys)
        return found

    async def status(self) -> dict[str, Any]:
        return (await self.backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})


@contextlib.asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    plant = Plant()
    async with (
        plant.server,
        embedded_server(folder, [(UNIT, GATEWAY)]) as server,
        connected(server) as backbone,
    ):
        yield Site(plant, server, backbone, folder)


async def until(condition: Callable[[], Any], timeout_s: float = 20) -> None:
    """Wait until an async condition holds."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def has(place: Site, kind: str, count: int = 1) -> bool:
    return (await place.kinds()).count(kind) >= count


async def test_births_then_data_in_sequence_then_a_death_at_a_clean_stop(tmp_path: Path) -> None:
    async with site(tmp_path) as place:
        async with place.gateway():
            await until(lambda: has(place, "DDATA", 12))
        messages = await place.log()
    kinds = [subjects.parse(message.subject).type for message in messages]
    assert kinds[:5] == ["NBIRTH", "DBIRTH", "DBIRTH", "DBIRTH", "DBIRTH"]
    assert kinds[-1] == "NDEATH"
    node = decode_birth(messages[0].data)
    assert (node.seq, node.bd_seq) == (0, 1)
    assert "spool_bytes" in {metric.name for metric in node.metrics}
    sequence = [decode_data(m.data).seq for m, kind in zip(messages, kinds, strict=True) if kind != "NDEATH"]
    assert sequence == [number % 256 for number in range(len(sequence))]
    assert decode_death(messages[-1].data) == 1
    births = {subjects.parse(m.subject).device: decode_birth(m.data) for m in messages[1:4]}
    pressure = births["pressure-1"].metrics[0]
    assert (pressure.name, pressure.quantity, pressure.low, pressure.high) == ("pressure", "kPa", 250, 1200)
    assert len(births["panel-1"].metrics) == 25


async def test_status_document_adds_up(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA", 10))

        async def published() -> bool:
            return bool((await place.status()).get("published", 0) > 20)

        await until(published)
        status = await place.status()
    assert status["uplink"] == "up"
    assert status["accepted"] == status["produced"] >= status["published"] > 0
    assert status["dropped"] == status["dead_letters"] == {}
    assert status["connections"]["line"]["ok"] is True
    assert status["connections"]["line"]["polls"] > 0
    assert status["spool"]["bytes"] >= 0


async def test_server_away_events_come_late_but_live_measures_by_backfill_nothing_lost_or_doubled(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as place:
        async with place.gateway():
            await until(lambda: has(place, "DDATA", 10))
            await place.server.stop()
            await asyncio.sleep(1)
            place.plant.banks[3].holding[0x105] = 0b11  # fire at point 5, while nobody listens
            await asyncio.sleep(6)
            await place.server.start()

            async def late() -> bool:
                return len(await place.log("BACKFILL")) >= 20 and await has(place, "NBIRTH", 2)

            await until(late, 40)

            async def caught_up() -> bool:
                status = await place.status()
                return bool(status.get("uplink") == "up" and status["spool"]["batches"] < 10)

            await until(caught_up, 40)
        table = place.registry.gateway_points(UNIT, GATEWAY)
        fires = []
        for message in await place.log("TELEMETRY", "tel.*.*.DDATA.*.panel-1"):
            batch, _ = decode_batch(message.data, table, UNIT, GATEWAY)
            rows = zip(batch.point.tolist(), batch.value.tolist(), batch.quality.tolist(), strict=True)
            fires += [quality for point, value, quality in rows if table[point].name == "l1p05" and value == 3]
        for message in await place.log("BACKFILL"):
            data = decode_data(message.data)
            assert (data.quality & HISTORICAL).all()
            assert "pressure" in message.subject
        readings = await place.readings()
        spool = await Spool.open(tmp_path / "state" / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
        figures = await spool.figures()
        waiting = figures.counters["accepted"] - figures.counters["published"]
        await spool.close()
    assert is_historical(fires[0])
    assert max(readings.values()) == 1
    assert figures.counters["accepted"] >= len(readings) >= figures.counters["published"]
    assert waiting < 60


async def test_bd_seq_counts_on_over_restarts(tmp_path: Path) -> None:
    async with site(tmp_path) as place:
        for expected in (1, 2):
            async with place.gateway():
                await until(functools.partial(has, place, "NBIRTH", expected))
        births = [m for m in await place.log() if subjects.parse(m.subject).type == "NBIRTH"]
        assert [decode_birth(message.data).bd_seq for message in births] == [1, 2]


CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from backbone.credentials import Credentials
from tests.gateway.test_gateway_process import GATEWAY, UNIT, Link, SystemClock, line_registry, run

async def main():
    line, nats, mqtt, user, password, folder = sys.argv[2:]
    link = Link(nats_url=nats, credentials=Credentials(user, password), mqtt_host="127.0.0.1", mqtt_port=int(mqtt))
    await run(line_registry(int(line)), unit=UNIT, gateway=GATEWAY, link=link, state_dir=Path(folder),
              clock=SystemClock(), stop=asyncio.Event())

asyncio.run(main())
"""


async def test_killed_under_load_the_server_says_ndeath_and_nothing_accepted_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as place:
        for life in range(1, 4):
            child = await place.child()
            await until(functools.partial(has, place, "NBIRTH", life))
            await until(functools.partial(has, place, "DDATA", 12 * life))
            child.kill()
            await child.wait()
            await until(functools.partial(has, place, "NDEATH", life))
        deaths = [decode_death(m.data) for m in await place.log() if ".NDEATH." in m.subject]
        async with place.gateway():
            await until(functools.partial(has, place, "NBIRTH", 4))

            async def delivered() -> bool:
                status = await place.status()
                return bool(status and status["spool"]["oldest_ns"] is None)

            place.plant.faults |= dict.fromkeys((1, 2, 3), Fault(kind=FaultKind.SILENT))
            await until(delivered)
        status = await place.status()
        readings = await place.readings()
    assert deaths == [1, 2, 3]
    assert max(readings.values()) == 1
    assert len(readings) == status["accepted"] == status["published"]


async def test_rebirth_on_request_keeps_bd_seq_and_starts_the_sequence_again(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA", 5))
        await place.backbone.core_publish(subjects.telemetry(UNIT, "NCMD", GATEWAY), b"\xff junk")
        await place.backbone.core_publish(subjects.telemetry(UNIT, "NCMD", GATEWAY), encode_rebirth(0))
        await until(lambda: has(place, "NBIRTH", 2))
        await until(lambda: has(place, "DBIRTH", 8))
        births = [m for m in await place.log() if subjects.parse(m.subject).type == "NBIRTH"]
        again = [decode_birth(m.data) for m in await place.log() if ".DBIRTH." in m.subject][4:]
    assert [(decode_birth(m.data).bd_seq, decode_birth(m.data).seq) for m in births] == [(1, 0), (1, 0)]
    assert [birth.seq for birth in again] == [1, 2, 3, 4]
    assert any(metric.value == 480.5 for birth in again for metric in birth.metrics)


async def test_dead_device_dies_and_is_born_again_while_the_others_go_on(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():
        await until(lambda: has(place, "DDATA", 5))
        place.plant.faults[2] = Fault(kind=FaultKind.SILENT)
        await until(lambda: has(place, "DDEATH"))
        death = next(m for m in await place.log() if ".DDEATH." in m.subject)
        assert subjects.parse(death.subject).device == "pressure-2"
        del place.plant.faults[2]
        await until(lambda: has(place, "DBIRTH", 5))
        born = [m for m in await place.log() if ".DBIRTH." in m.subject][-1]
        assert subjects.parse(born.subject).device == "pressure-2"
        table = place.registry.gateway_points(UNIT, GATEWAY)
        reasons = set()
        for message in await place.log("TELEMETRY", "tel.*.*.DDATA.*.pressure-2"):
            batch, _ = decode_batch(message.data, table, UNIT, GATEWAY)
            reasons |= {reason_of(int(quality)) for quality in batch.quality}
        assert reasons == {Reason.NONE, Reason.TIMEOUT}


async def test_reads_and_spools_before_there_is_any_backbone(tmp_path: Path) -> None:
    plant = Plant()
    async with plant.server:
        async with embedded_server(tmp_path, [(UNIT, GATEWAY)]) as server:
            place = Site(plant, server, Backbone.__new__(Backbone), tmp_path)
            link = place.link
        stop = asyncio.Event()
        task = asyncio.create_task(
            run(
                place.registry,
                unit=UNIT,
                gateway=GATEWAY,
                link=link,
                state_dir=tmp_path / "state",
                clock=SystemClock(),
                stop=stop,
            )
        )
        async with asyncio.timeout(10):
            while plant.server.answered < 20:
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(task, 20)
    spool = await Spool.open(tmp_path / "state" / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
    assert (await spool.figures()).counters["accepted"] > 20
    await spool.close()


async def test_plain_mqtt_client_sees_births_and_data_on_sparkplug_topics(tmp_path: Path) -> None:
    async with site(tmp_path) as place:
        viewer = place.server.credentials["viewer"]
        async with aiomqtt.Client(
            "127.0.0.1", place.server.mqtt_port, username=viewer.user, password=viewer.password
        ) as client:
            await client.subscribe("spBv1.0/#")
            async with place.gateway():
                seen: set[str] = set()
                async with asyncio.timeout(20):
                    async for message in client.messages:
                        seen.add(message.topic.value.rpartition("/")[0] + "/…")
                        if "spBv1.0/hotel/DDATA/gw-east/…" in seen:
                            break
    assert {"spBv1.0/hotel/NBIRTH/…", "spBv1.0/hotel/DBIRTH/gw-east/…"} <= seen
