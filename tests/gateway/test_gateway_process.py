"""The whole gateway process: simulated devices, a real nats-server, outages and rebirths."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import aiomqtt

from backbone import subjects
from backbone.client import Backbone
from backbone.sparkplug import decode_batch, decode_birth, decode_data, decode_death, encode_rebirth
from domain.clock import SystemClock
from domain.quality import HISTORICAL, Reason, is_historical, reason_of
from gateway.process import run
from gateway.spool import Spool, SpoolLimits
from simulators.faults import Fault, FaultKind
from tests.gateway.gateway_place import Plant, Site, has, site, until
from tests.gateway.gateway_sites import GATEWAY, UNIT
from tests.servers import embedded_server


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
        async with asyncio.timeout(40):
            while plant.server.answered < 20:
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(task, 40)
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
                async with asyncio.timeout(40):
                    async for message in client.messages:
                        seen.add(message.topic.value.rpartition("/")[0] + "/…")
                        if "spBv1.0/hotel/DDATA/gw-east/…" in seen:
                            break
    assert {"spBv1.0/hotel/NBIRTH/…", "spBv1.0/hotel/DBIRTH/gw-east/…"} <= seen
