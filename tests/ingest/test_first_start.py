"""The first start on a real, empty InfluxDB 1: the database is made as it should be, and rolled up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from domain.clock import FakeClock
from domain.site.models import StoreKind, StoreSettings
from ingest import process
from ingest.face import QueryFace
from ingest.influx_setup import set_up
from ingest.rollups import HOUR_NS
from ingest.setup_report import Outcome
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, site
from tests.ingest.ingest_traffic import PATIENCE_S, publish, status_when
from tests.ingest.store_servers import influxd
from tests.ingest.test_influx_setup import asked
from tests.servers import connected, embedded_server

KEY = "hotel/pressure-1/pressure"


async def test_ingest_makes_its_database_and_rolls_it_up(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd") as url:
        store = StoreSettings(kind=StoreKind.INFLUXDB1, url=url)
        registry = site(store={"kind": "influxdb1", "url": url})
        stop, clock = asyncio.Event(), FakeClock(START_NS + 2 * HOUR_NS)
        async with embedded_server(tmp_path) as server, connected(server) as backbone:
            rows = load(registry, 120)
            running = asyncio.create_task(
                process.run(registry, backbone, data_dir=tmp_path / "data", stop=stop, clock=clock)
            )
            await publish(backbone, rows, "live")
            await status_when(backbone, lambda seen: seen["stored"] == len(rows))
            assert {step.outcome for step in set_up(store)} == {Outcome.UNCHANGED}
            clock.advance(3600)
            async with asyncio.timeout(PATIENCE_S):
                while await status_when(backbone, lambda _: True):
                    made = asked(store, 'SELECT "count_pressure" FROM "pressure_transmitter"', rp="1h")
                    if sum(row[1] for row in made) == 4 * 120:
                        break
                    await asyncio.sleep(0.2)
            whole = (START_NS, START_NS + HOUR_NS)
            (hourly,) = await QueryFace(backbone).range([KEY], *whole, resolution_s=3600, aggregate="sum")
            (silent,) = await QueryFace(backbone).gaps([KEY], *whole, longer_s=60)
            stop.set()
            await running
    assert hourly.value == (sum(range(120)),)
    assert [(gap.start_ns, gap.ongoing) for gap in silent.gaps] == [(START_NS + 119 * SECOND_NS, True)]
