"""Daily facts out of a running alerts process: in the stream after midnight, once, and again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from alerts.database import Database
from alerts.face import AlertsFace
from alerts.feed_face import Feed
from alerts.feeding.facts_worker import FactsPolicy
from alerts.process import run
from alerts.schema import FeedEvent
from backbone import subjects
from backbone.client import Backbone
from domain.alert import Confirmation
from domain.clock import FakeClock
from domain.errors import LinkError, RefusedError
from tests.alerts.alerts_scene import SIGNING_KEY, hotel, transition
from tests.alerts.test_alerts_process import until
from tests.servers import connected, embedded_server

DAY_S = 86_400


async def fact(backbone: Backbone, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the hotel's newest facts when they are as wanted."""

    async def look() -> dict[str, Any] | None:
        found = [event.data async for event in Feed.facts(backbone).replay(subjects=["fact.hotel.*"])]
        return found[-1] if found and wanted(found[-1]) else None

    return await until(look, timeout_s=90)


async def test_facts_leave_after_midnight_and_again_when_somebody_answers_later(tmp_path: Path) -> None:
    clock, stop = FakeClock(), asyncio.Event()
    url = f"sqlite:///{tmp_path / 'alerts.db'}"
    async with embedded_server(tmp_path) as server, connected(server) as backbone, connected(server, "alerts") as own:
        process = run(
            hotel(), own, database_url=url, answer_base_url="http://console.test", signing_key=SIGNING_KEY,
            stop=stop, clock=clock, facts=FactsPolicy(look_s=0.05, revise_s=1),
        )  # fmt: skip
        task = asyncio.create_task(process)
        try:
            face, change = AlertsFace(backbone), transition()
            await backbone.publish(
                subjects.alarm(0, "hotel", "hazard", change.rule),
                change.model_dump_json().encode(),
                message_id=change.id,
            )

            async def there() -> bool | None:
                try:
                    return bool(await face.get(change.id))
                except (LinkError, RefusedError):
                    return None

            await until(there, timeout_s=60)
            clock.advance(DAY_S)
            first = await fact(backbone, lambda found: bool(found["revision"] == 1))
            assert (first["all_alarms"]["alarms"], first["open_hazards"]) == (1, 1)
            await face.acknowledge(change.id, by="op")
            await face.confirm(change.id, by="op", finding=Confirmation.FALSE, cause="蒸汽")
            clock.advance(5)
            again = await fact(backbone, lambda found: bool(found["all_alarms"]["false"] == 1))
            assert again["revision"] >= 2
            assert again["day"] == first["day"]

            async def removed() -> bool | None:
                """Facts that have left are no longer in the outbox: they stand in a table of their own."""
                database = await Database.open(url)
                try:
                    query = select(func.count()).select_from(FeedEvent).where(FeedEvent.event == "fact")
                    left = await database.read(lambda session: session.scalar(query))
                finally:
                    await database.close()
                return True if left == 0 else None

            await until(removed, timeout_s=60)

            async def shown() -> bool | None:
                consumers = (await backbone.statuses())["alerts.main"].get("consumers", [])
                return {one["name"] for one in consumers} == {"units", "risk"} or None

            await until(shown, timeout_s=60)
        finally:
            stop.set()
            await task
