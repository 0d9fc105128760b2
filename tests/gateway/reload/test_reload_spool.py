"""The spool and the nodes under a switch: no edit drops what was read, and a row of a device that is gone is told."""

from __future__ import annotations

from pathlib import Path

from backbone import subjects
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock
from gateway.spool import Spool, SpoolLimits
from tests.gateway.gateway_sites import GATEWAY, UNIT, connection, device, registry_of
from tests.gateway.house import T0_MS, found, hosting_registry, house, node
from tests.servers import connected, embedded_server


async def test_smaller_limits_count_only_when_what_is_stored_fits_them(tmp_path: Path) -> None:
    registry = registry_of(connection("a", "modbus_tcp", {"host": "h"}, [device("d", "qdy30a_pressure", 1)]))
    table = registry.gateway_points(UNIT, GATEWAY)
    clock = FakeClock(T0_MS * NS_PER_MS)
    spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=clock)

    async def read(count: int) -> None:
        for _ in range(count):
            clock.advance(1.0)
            await spool.emit(ReadingBatch.build(table, [clock.now_ns()], [0], [1.0]))

    await read(30)
    await spool.set_limits(SpoolLimits(most_bytes=500, most_age_s=5))
    await read(10)
    assert (await spool.figures()).batches == 40
    rows = await spool.fresh(100, 0)
    spool.published(rows)
    await read(1)
    await read(60)
    figures = await spool.figures()
    await spool.close()
    assert figures.counters["published"] == 40
    assert figures.batches < 10
    assert sum(count for name, count in figures.counters.items() if name.startswith("dropped.")) > 50


async def test_a_transmitter_that_was_taken_out_dies_and_its_waiting_rows_are_told_all_the_same(tmp_path: Path) -> None:
    two, one = hosting_registry(2), hosting_registry(1)
    async with (
        embedded_server(tmp_path, [(UNIT, GATEWAY)]) as server,
        connected(server) as backbone,
        house(tmp_path, two) as home,
    ):
        home.hosting.up(node(0))
        home.hosting.up(node(1))
        home.hosting.learn([found(1, "c1")])
        async with home.speaking(backbone):
            await home.tell(1, "c1", 1.0)
            await home.emptied()
            waiting = home.hosting.table.index(f"{UNIT}/fas-1/smoke")
            batch = ReadingBatch.build(home.hosting.table, [home.clock.now_ns()], [waiting], [2.0])
            adoption = home.hosting.prepare(one, UNIT, GATEWAY)
            home.hosting.learn([found(0, "c9")])
            assert home.hosting.adopt(adoption) is None  # it would forget what was learned meanwhile
            assert home.hosting.adopt(home.hosting.prepare(one, UNIT, GATEWAY)) == frozenset()
            assert f"{UNIT}/fas-0/c9" in home.hosting.table
            await home.hosting.emit(batch)
            await home.emptied()
            assert (home.nodes.known, home.hosting.figures()["up"]) == (1, 1)
        messages = await backbone.messages("TELEMETRY", subjects=[">"])
        said = [subjects.parse(message.subject) for message in messages]
        mine = [one.type for one in said if one.gateway == "utd-1"]
        assert mine[-1] == "NDEATH"
        assert mine.count("DDATA") == 2
        assert home.hosting.adopt(home.hosting.prepare(two, UNIT, GATEWAY)) == frozenset()
        assert f"{UNIT}/fas-1/c1" in home.hosting.table
        assert home.nodes.known == 2
