"""From a loss on a gateway to an alarm and a reading in the store: real gateway, log, rules and store."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from cli.yaml_documents import read_document
from domain.alarm import Transition, TransitionKind
from domain.clock import SystemClock
from domain.errors import LinkError
from domain.site.itself import device_id
from gateway.connectors.contract import DeadLetter
from gateway.losses import Drop
from gateway.spool import Spool, SpoolLimits
from ingest import process as ingest
from ingest.face import QueryFace
from rules import library_dir, load
from rules import process as rules
from tests.gateway.gateway_place import Site, site, until
from tests.gateway.gateway_sites import GATEWAY, UNIT

OWN = device_id(GATEWAY)


async def lose_something(folder: Path) -> None:
    """Leave a spool behind whose process lost things and was gone before it could tell."""
    spool = await Spool.open(folder / "state" / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
    for _ in range(3):
        await spool.dead_letter(DeadLetter(time_ns=1, connection="line", reason="not_json", detail="junk"))
    await spool.dead_letter(DeadLetter(time_ns=1, connection="spool", reason="lost_row", detail="row 7"))
    await spool.count(f"dropped.{Drop.OLDEST}")
    await spool.count("damaged_files")
    await spool.close()


async def raised(place: Site) -> dict[str, str]:
    """Return the texts of alarms that were raised, by rule."""
    found = [Transition.model_validate_json(message.data) for message in await place.log("ALARMS")]
    return {one.rule: one.text_en for one in found if one.kind is TransitionKind.RAISED}


async def test_what_a_gateway_lost_becomes_an_alarm_and_stands_in_the_store(tmp_path: Path) -> None:
    await lose_something(tmp_path)
    stop = asyncio.Event()
    async with site(tmp_path) as place, contextlib.AsyncExitStack() as stack:
        await place.backbone.ensure_streams()
        ruleset = load([read_document(path) for path in sorted(library_dir().glob("*.yaml"))], registry=place.registry)
        tasks = [
            asyncio.create_task(rules.run(place.registry, place.backbone, ruleset, stop=stop)),
            asyncio.create_task(ingest.run(place.registry, place.backbone, data_dir=tmp_path / "ingest", stop=stop)),
        ]
        await stack.enter_async_context(place.gateway())
        face = QueryFace(place.backbone)

        async def stored() -> bool:
            try:
                newest = await face.latest(device=f"{UNIT}/{OWN}")
            except LinkError:  # the service says so while it reads the newest from the store at its start
                return False
            return {f"{UNIT}/{OWN}/letters_unusable", f"{UNIT}/{OWN}/memory"} <= set(newest)

        async def alarmed() -> bool:
            return len(await raised(place)) >= 4

        await until(alarmed, 60)
        await until(stored, 60)
        texts = await raised(place)
        newest = await face.latest(device=f"{UNIT}/{OWN}")
        stop.set()
        await asyncio.gather(*tasks)
    assert set(texts) == {
        "gateway_dead_letters",
        "gateway_events_lost",
        "gateway_readings_dropped",
        "gateway_spool_damaged",
    }
    assert "3 messages that it could not use (not_json 3)" in texts["gateway_dead_letters"]
    assert newest[f"{UNIT}/{OWN}/letters_unusable"].value == 3
