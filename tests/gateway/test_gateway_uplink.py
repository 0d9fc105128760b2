"""The uplink on a real server: lanes, order, refusals, long texts; and the supervisor's laws."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js.errors import APIError

from backbone import subjects
from backbone.client import Backbone
from backbone.sparkplug import decode_data, decode_death
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock
from domain.errors import LinkError
from domain.points import Point, PointKind, PointTable
from domain.quality import HISTORICAL
from gateway.connectors.contract import Health, Sink
from gateway.nodes import Nodes
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolLimits, SpoolRow
from gateway.spool.rows import MOST_READINGS, rows_of
from gateway.supervisor import keep_running
from gateway.uplink import READINGS_A_TURN, ROWS_A_TURN, Uplink, UplinkSettings, turns
from gateway.values import Values
from tests.servers import connected, embedded_server

TABLE = PointTable(
    Point(unit="hotel", gateway="gw", device="d", name=kind.value, kind=kind)
    for kind in (PointKind.STATE, PointKind.MEASURE, PointKind.EVENT)
)
STATE, MEASURE, EVENT = range(3)


def one(value: float, point: int = MEASURE, **text: str) -> ReadingBatch:
    time_ns = (1_800_000_000_000 + int(value)) * NS_PER_MS
    return ReadingBatch.build(TABLE, [time_ns], [point], [value], text={0: text["text"]} if text else None)


class Bench:
    """A spool, a session and an uplink on a real server; the clock is moved by hand."""

    def __init__(self, spool: Spool, backbone: Backbone, clock: FakeClock) -> None:
        self.spool = spool
        self.backbone = backbone
        self.clock = clock
        self.voice = Voice("gw", clock)
        values = Values(TABLE)
        self.session = Session(self.voice, values, unit="hotel", node="gw", devices=["d"])
        self.nodes = Nodes(self.session, self.voice, values, spool)

    @contextlib.asynccontextmanager
    async def running(self, **settings: float) -> AsyncIterator[None]:
        uplink = Uplink(self.spool, self.nodes, self.voice, settings=UplinkSettings(**settings))
        async with self.backbone.publisher() as live, self.backbone.publisher(window=8) as history:
            self.voice.attach(live)
            await self.session.birth(1)
            self.voice.alive.set()
            task = asyncio.create_task(uplink.run(self.backbone, history))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def emptied(self) -> None:
        async with asyncio.timeout(40):
            while (await self.spool.figures()).batches:
                await asyncio.sleep(0.02)

    async def values(self, stream: str, subject: str) -> list[float]:
        found = await self.backbone.messages(stream, subjects=[subject])
        return [float(value) for message in found for value in decode_data(message.data).value]


DATA = "tel.*.hotel.DDATA.gw.d"


@contextlib.asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    clock = FakeClock()
    async with embedded_server(folder) as server, connected(server) as backbone:
        spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=clock)
        try:
            yield Bench(spool, backbone, clock)
        finally:
            await spool.close()


async def test_backlog_goes_oldest_first_by_backfill_while_events_and_fresh_measures_overtake_it(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as place:
        for value in range(300):
            await place.spool.emit(one(value))
        await place.spool.emit(one(1000, STATE))
        place.clock.advance(60)
        async with place.running(backfill_per_s=200):
            await place.spool.emit(one(2000, STATE))
            await place.spool.emit(one(2001))
            async with asyncio.timeout(40):
                while len(await place.values("TELEMETRY", DATA)) < 3:
                    await asyncio.sleep(0.02)
            waiting = (await place.spool.figures()).batches
            await place.emptied()
        live = await place.backbone.messages("TELEMETRY", subjects=[DATA])
        history = await place.values("BACKFILL", "backfill.hotel.gw.d")
    assert waiting > 100
    assert history == list(range(300))
    assert [decode_data(m.data).value[0] for m in live] == [1000, 2000, 2001]
    assert [bool(decode_data(m.data).quality[0] & HISTORICAL) for m in live] == [True, False, False]


async def test_message_ids_are_gateway_spool_and_row(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        await place.spool.emit(one(1))
        async with place.running():
            await place.emptied()
        found = await place.backbone.messages("TELEMETRY", subjects=[DATA])
        assert [message.message_id for message in found] == [f"gw-{place.spool.id}-1"]


async def test_what_an_earlier_life_delivered_is_sent_again_under_its_id_and_an_event_stands_once(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as place:
        for batch in (one(1), one(2, STATE)):
            await place.spool.emit(batch)
        for row in [*await place.spool.events(9), *await place.spool.fresh(9, 0)]:  # as if killed before the removal
            place.spool.give_back([row])
            subject = subjects.telemetry("hotel", "DDATA", "gw", "d")
            await place.backbone.publish(subject, row.body, message_id=f"gw-{place.spool.id}-{row.id}")
        place.clock.advance(60)
        async with place.running():
            await place.emptied()
        live = await place.backbone.messages("TELEMETRY", subjects=[DATA])
        history = await place.backbone.messages("BACKFILL")
    assert [decode_data(message.data).value[0] for message in live] == [2, 1]
    assert [(message.message_id, decode_data(message.data).value[0]) for message in history] == [
        (live[1].message_id, 1)
    ]
    assert (decode_data(history[0].data).quality & HISTORICAL).all()


async def test_row_that_the_log_refuses_becomes_a_dead_letter_and_the_others_pass(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        js = place.backbone._js
        config = (await js.stream_info("TELEMETRY")).config
        config.max_msg_size = 700
        await js.update_stream(config)
        with pytest.raises(APIError):
            await js.publish(subjects.telemetry("hotel", "DDATA", "gw", "d"), b"x" * 1000)
        await place.spool.emit(one(1, EVENT, text="x" * 900))
        async with place.running(refused_wait_s=0.1):
            for value in range(2, 12):
                await place.spool.emit(one(value))
                await asyncio.sleep(0.1)
            await place.emptied()
        counters = (await place.spool.figures()).counters
        letters = await place.spool.letters()
        assert await place.values("TELEMETRY", DATA) == list(range(2, 12))
    assert (counters["accepted"], counters["published"], counters["dropped.refused"]) == (11, 10, 1)
    assert [letter.reason for letter in letters] == ["refused"]


async def test_refusal_of_everything_keeps_everything(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        js = place.backbone._js
        config = (await js.stream_info("TELEMETRY")).config
        config.max_msg_size = 10
        await js.update_stream(config)
        for value in range(5):
            await place.spool.emit(one(value, STATE))
        async with place.running(refused_wait_s=0.02):
            await asyncio.sleep(1)
            config.max_msg_size = -1
            await js.update_stream(config)
            await place.emptied()
        assert sorted(await place.values("TELEMETRY", DATA)) == list(range(5))


def test_rows_with_long_texts_stay_small_enough_for_the_log() -> None:
    count = 1000
    batch = ReadingBatch.build(
        TABLE,
        (1_800_000_000_000 + np.arange(count)) * NS_PER_MS,
        np.full(count, EVENT),
        np.ones(count),
        text=dict.fromkeys(range(count), "烽" * 1000),
    )
    rows = rows_of(batch, 0)
    assert sum(row.readings for row in rows) == count
    assert max(len(row.body) for row in rows) <= 256 * 1024
    times = np.concatenate([decode_data(row.body).time_ns for row in rows])
    assert (np.diff(times) > 0).all()


async def test_lost_device_gets_a_death_and_no_birth_until_it_is_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as place, place.backbone.publisher() as live:
        place.voice.attach(live)
        await place.session.set_lost(frozenset({"d"}))
        await place.session.birth(7)
        place.voice.alive.set()
        await place.session.set_lost(frozenset())
        await place.session.set_lost(frozenset({"d"}))
        await live.flush()
        subject, payload = place.session.death()
        found = await place.backbone.messages("TELEMETRY")
    kinds = [subjects.parse(message.subject).type for message in found]
    assert kinds == ["NBIRTH", "DBIRTH", "DDEATH"]
    assert (subject, decode_death(payload)) == ("spBv1//0.hotel.NDEATH.gw", 7)


async def test_lost_device_that_was_never_told_is_born_for_its_first_row_only(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        await place.session.set_lost(frozenset({"d"}))
        async with place.running():
            for value in (1, 2):
                await place.spool.emit(one(value))
                await place.emptied()
        found = await place.backbone.messages("TELEMETRY", subjects=["tel.>"])
    assert [subjects.parse(message.subject).type for message in found] == ["DBIRTH", "DDATA", "DDEATH", "DDATA"]


@given(st.lists(st.integers(1, MOST_READINGS), max_size=200))
def test_a_turn_is_short_and_every_row_has_one(readings: list[int]) -> None:
    rows = [SpoolRow("s", at, 0, "", "", "d", 0, count, b"") for at, count in enumerate(readings)]
    cut = list(turns(rows))
    assert [at for start, end in cut for at in range(start, end)] == list(range(len(rows)))
    assert all(end - start <= ROWS_A_TURN for start, end in cut)
    assert all(end - start == 1 or sum(readings[start:end]) <= READINGS_A_TURN for start, end in cut)


class Flaky:
    """A connector that ends in a way of its own, so many times, then runs."""

    def __init__(self, *endings: Exception | None) -> None:
        self.endings = list(endings)
        self.runs = 0
        self.steady = asyncio.Event()

    async def run(self, sink: Sink) -> None:
        del sink
        self.runs += 1
        if self.endings:
            ending = self.endings.pop(0)
            if ending is not None:
                raise ending
            return
        self.steady.set()
        await asyncio.Event().wait()

    def health(self) -> Health:
        return Health(ok=True)


async def test_connector_that_fails_ends_or_has_a_defect_is_run_again(tmp_path: Path) -> None:
    flaky = Flaky(LinkError("away"), None, ZeroDivisionError("defect"), LinkError("away"))
    spool = await Spool.open(tmp_path / "s", limits=SpoolLimits(), clock=FakeClock())
    task = asyncio.create_task(keep_running("line", flaky, spool, first_wait_s=0.01, longest_wait_s=0.02))
    await asyncio.wait_for(flaky.steady.wait(), 40)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await spool.close()
    assert flaky.runs == 5
