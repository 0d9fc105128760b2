"""The log on a real nats-server: order, fencing, restarts, durable consumers."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path

import pytest

from backbone.client import Backbone
from backbone.errors import FencedError, ServerStartError
from backbone.layout import ALARMS, BACKFILL, BIRTHS, TELEMETRY
from backbone.messages import LogMessage
from backbone.server import EmbeddedServer, is_owned
from backbone.subjects import alarm, backfill, parse, partition_of, partition_subjects, telemetry, tick
from domain.errors import RefusedError
from tests.servers import connected, embedded_server


async def collect(backbone: Backbone, stream: str, count: int, *, subjects: tuple[str, ...] = ()) -> list[LogMessage]:
    """Read until ``count`` messages have come."""
    found: list[LogMessage] = []
    async with asyncio.timeout(30):
        async for batch in backbone.reader(stream, subjects=subjects):
            found += batch
            if len(found) >= count:
                return found
    return found


async def until_kept(backbone: Backbone, stream: str, data: bytes) -> list[LogMessage]:
    """Look until the newest message that a sourced stream keeps is ``data``: sourcing follows a moment later."""
    async with asyncio.timeout(30):
        while True:
            kept = await backbone.messages(stream)
            if kept and kept[-1].data == data:
                return kept
            await asyncio.sleep(0.02)


async def test_telemetry_is_stored_by_partition_and_births_are_kept_last(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        for unit in ("hotel", "u1", "u2", "school"):
            await backbone.publish(telemetry(unit, "DDATA", "gw", "d1"), unit.encode())
        await backbone.publish(telemetry("hotel", "DBIRTH", "gw", "d1"), b"old")
        await backbone.publish(telemetry("hotel", "DBIRTH", "gw", "d1"), b"new")
        stored = await backbone.messages(TELEMETRY, subjects=["tel.>"])
        for message in stored:
            found = parse(message.subject)
            assert message.subject.split(".")[1] == str(partition_of(found.unit, backbone.partitions))
        births = await until_kept(backbone, BIRTHS, b"new")
        assert [birth.data for birth in births] == [b"new"]


async def test_one_partition_reads_its_own_units_its_ticks_and_node_messages(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        mine = partition_of("hotel", backbone.partitions)
        await backbone.publish(telemetry("hotel", "DDATA", "gw", "d1"), b"data")
        await backbone.publish(tick(mine), b"")
        await backbone.publish(tick((mine + 1) % backbone.partitions), b"")
        await backbone.publish(telemetry("hotel", "NDEATH", "gw"), b"death")
        found = await backbone.messages(TELEMETRY, subjects=partition_subjects(mine))
        assert [message.data for message in found] == [b"data", b"", b"death"]
        assert [message.seq for message in found] == [1, 2, 4]


async def test_a_kill_of_the_server_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    subject = telemetry("hotel", "DDATA", "gw", "d1")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        reading = asyncio.create_task(collect(backbone, TELEMETRY, 4000))
        async with backbone.publisher(window=64) as publisher:

            async def publish() -> None:
                for number in range(4000):
                    await publisher.submit(subject, str(number).encode(), message_id=f"m{number}")

            publishing = asyncio.create_task(publish())
            for _ in range(2):
                await asyncio.sleep(0.2)
                await server.kill()
                await asyncio.sleep(0.2)
                await server.start()
            await publishing
            await publisher.flush()
        found = await reading
        assert [int(message.data) for message in found] == list(range(4000))
        assert await backbone.last_seq(TELEMETRY) == 4000


async def test_what_is_submitted_while_the_server_is_away_does_not_overtake_what_its_end_swallowed(
    tmp_path: Path,
) -> None:
    subject, numbers = telemetry("hotel", "DDATA", "gw", "d1"), iter(range(1000))
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with backbone.publisher() as publisher:

            async def submit(count: int) -> None:
                for number in islice(numbers, count):
                    await publisher.submit(subject, str(number).encode(), message_id=f"m{number}")

            for _ in range(4):
                await submit(3)
                await server.kill()
                await submit(3)
                while backbone.connected:
                    await asyncio.sleep(0.01)
                await submit(3)
                await server.start()
                while not backbone.connected:
                    await submit(1)
                    await asyncio.sleep(0.01)
                await submit(3)
                await publisher.flush()
        stored = [int(message.data) for message in await backbone.messages(TELEMETRY)]
    assert stored == list(range(next(numbers)))


async def test_a_message_that_is_too_large_is_refused_and_holds_nobody_up(tmp_path: Path) -> None:
    subject = telemetry("hotel", "DDATA", "gw", "d1")
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        backbone.publisher() as publisher,
    ):
        large = await publisher.submit(subject, bytes(1_048_576), message_id="large")
        small = await publisher.submit(subject, b"small", message_id="small")
        assert (await small).seq == 1
        with pytest.raises(RefusedError, match="1048576 bytes"):
            await large


async def test_a_second_copy_with_the_same_id_is_acknowledged_and_not_stored(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        first = await backbone.publish(tick(0), b"", message_id="tick-0-1")
        second = await backbone.publish(tick(0), b"", message_id="tick-0-1")
        assert (first.duplicate, second.duplicate) == (False, True)
        assert first.seq == second.seq


async def test_a_writer_that_lost_its_place_is_fenced(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        subject = alarm(1, "hotel", "fire", "panel_fire")
        first = await backbone.publish(subject, b"1", expect_last=("alarm.1.>", 0))
        with pytest.raises(FencedError):
            await backbone.publish(subject, b"zombie", expect_last=("alarm.1.>", 0))
        await backbone.publish(subject, b"2", expect_last=("alarm.1.>", first.seq))
        assert [message.data for message in await backbone.messages(ALARMS)] == [b"1", b"2"]


async def test_a_durable_reader_gets_again_what_it_did_not_acknowledge(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        for number in range(10):
            await backbone.publish(backfill("hotel", "gw", "d1"), str(number).encode())
        reader = await backbone.durable(BACKFILL, name="worker")
        messages = await reader.fetch(10, wait_s=5)
        await reader.ack_all(messages[:4])
        for message in messages[4:]:
            await reader.nak(message, 0.05)
        again: list[LogMessage] = []
        async with asyncio.timeout(40):
            while len(again) < 6:
                again += await reader.fetch(10, wait_s=1)
        assert sorted(int(message.data) for message in again) == list(range(4, 10))
        assert all(message.redelivered for message in again)
        await reader.ack_all(again)
        async with asyncio.timeout(40):
            while await reader.pending():
                await asyncio.sleep(0.05)
        await reader.close()


async def test_streams_are_made_once_and_survive_a_clean_restart(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await asyncio.gather(*(backbone.ensure_streams() for _ in range(4)))
        await backbone.publish(tick(0), b"kept")
        await server.stop()
        await server.start()
        async with asyncio.timeout(40):
            while not backbone.connected:
                await asyncio.sleep(0.05)
        assert [message.data for message in await backbone.messages(TELEMETRY)] == [b"kept"]


async def test_a_reader_of_a_stream_that_was_made_anew_begins_at_its_start(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await backbone.publish(tick(0), b"new")
        async with asyncio.timeout(40):
            async for batch in backbone.reader(TELEMETRY, start_seq=100):
                assert [message.data for message in batch] == [b"new"]
                break


async def test_a_second_owner_of_the_folder_is_refused_and_the_first_lives_on(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        with pytest.raises(ServerStartError, match="another Fengsui runs"):
            await EmbeddedServer(tmp_path / "nats").start()
        await backbone.publish(tick(0), b"still here")
    assert not is_owned(tmp_path / "nats")
