"""kill -9 at random moments of a storm: nothing is lost, nothing happens twice that must happen once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import Database
from alerts.schema import Alert, AuditEntry, Notification
from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALERTS
from backbone.server import EmbeddedServer
from domain.alarm import Transition
from tests.alerts.alerts_scene import EXIT, fire, transition
from tests.alerts.phone_server import GOOD, Phone, answer, phone
from tests.servers import connected, embedded_server
from tests.system.zygote import Zygote

ALL = os.environ.get("FENGSUI_REQUIRE_ALL") == "1"
KILLS = {"sqlite": 200 if ALL else 10, "postgresql": 30 if ALL else 5}
FIRES_IN_STORM = 8
LIFE_S = 0.7
"""About how long each process lives: the storm lasts as long as the killing."""
SCRIPT = Path(__file__).with_name("alerts_worker.py")
STEPS = [{"after_s": after_s, "to": [who]} for after_s, who in ((0, "p-chen"), (0.5, "p-lin"), (1.5, "s-wang"))]
LADDER = [{"classes": ["hazard", "fire"], "steps": STEPS, "answer_within_s": 3600}]
BAD = answer({}, "500 Internal Server Error")


def storm(kills: int) -> list[Transition]:
    """Return the transitions: hazards with a few fires among them, a push and more for each life of the process."""
    hazards = [transition(f"hazard-{number}") for number in range(max(60, 2 * kills))]
    for number in range(FIRES_IN_STORM):
        hazards.insert(random.randrange(len(hazards)), fire(place=EXIT, rule=f"fire-{number}"))
    return hazards


async def publish(backbone: Backbone, changes: list[Transition], seconds: float) -> None:
    """Publish over the time in which processes are killed."""
    for change in changes:
        subject = subjects.alarm(0, "hotel", change.alarm_class.value, change.rule)
        await backbone.publish(subject, change.model_dump_json().encode(), message_id=change.id)
        await asyncio.sleep(seconds / len(changes))


def _settings(server: EmbeddedServer, platform: Phone, url: str) -> dict[str, Any]:
    service = server.credentials["service"]
    return {
        "url": server.url,
        "user": service.user,
        "password": service.password,
        "database_url": url,
        "channels": [{"id": "phone", "kind": "webhook", "url": platform.url, "per_minute": 6000, "timeout_s": 2}],
        "escalation": LADDER,
        "operators": {"flood_above": 10_000},  # every message by itself: test_alarm_storm.py has digests
    }


async def quiet(backbone: Backbone, wanted: int) -> None:
    """Wait until every ladder has ended, every push is accepted and every event published."""
    async with asyncio.timeout(60):
        while True:
            status = (await backbone.statuses()).get("alerts.main", {})
            notices = status.get("notifications", {})
            if (
                status.get("transitions") == wanted
                and notices.get("accepted", 0) >= wanted * len(STEPS)  # more where a slow start told others of a fire
                and notices.get("queued") == 0
                and status.get("events_waiting") == 0
            ):
                return
            await asyncio.sleep(0.1)


@pytest.mark.timeout(900)
async def test_killed_at_random_moments_of_a_storm(database_url: str, tmp_path: Path) -> None:
    kills = KILLS["sqlite" if database_url.startswith("sqlite") else "postgresql"]
    changes = storm(kills)
    async with (
        phone(lambda number: BAD if number % 10 == 0 else GOOD) as platform,
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        Zygote([json.dumps(_settings(server, platform, database_url))], tmp_path / "alerts.log", SCRIPT) as alerts,
    ):
        publishing = asyncio.create_task(publish(backbone, changes, kills * LIFE_S))
        for _ in range(kills):
            await alerts.start()
            with contextlib.suppress(TimeoutError):  # it is at work when the first push of its life arrives
                await platform.wait_for(len(platform.received) + 1, timeout_s=5)
            await asyncio.sleep(random.uniform(0, 0.6))
            await alerts.kill()
        await alerts.start()
        await publishing
        await quiet(backbone, len(changes))
        await alerts.kill()
        events = [json.loads(message.data) for message in await backbone.messages(ALERTS, subjects=["alert.>"])]
    await _check_database(database_url, changes, platform)
    _check_feed(events, changes)


async def _check_database(url: str, changes: list[Transition], platform: Phone) -> None:
    database = await Database.open(url)
    report = await database.read(audit.verify)
    alerts, notices, escalated = await database.read(_content)
    await database.close()
    assert report.intact, report.reason
    assert alerts == {change.id for change in changes}
    assert escalated == Counter({(change.id, step): 1 for change in changes for step in (1, 2)})
    by_ladder = Counter(notice.alert_id for notice in notices if not notice.reason.startswith("unreached"))
    assert by_ladder == Counter({change.id: 3 for change in changes})
    pushed = Counter(request.key for request in platform.received)
    assert set(pushed) == {notice.id for notice in notices}
    bodies = {request.key: request.body for request in platform.received}
    for request in platform.received:
        assert request.body == bodies[request.key]
        assert request.message["idempotency_key"] == request.key


def _content(session: Session) -> tuple[set[str], list[Notification], Counter[tuple[str, int]]]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "escalated"))
    steps = Counter(
        (entry.alert_id or "", json.loads(entry.details)["step"]) for entry in entries if "step" in entry.details
    )
    return (
        set(session.scalars(select(Alert.id))),
        list(session.scalars(select(Notification))),
        steps,
    )


def _check_feed(events: list[dict[str, Any]], changes: list[Transition]) -> None:
    """Every alert is told of, and the story of each is in order; repeats carry their id."""
    for change in changes:
        story = {event["id"]: int(event["auditnumber"]) for event in events if event["subject"] == change.id}
        assert list(story.values()) == sorted(story.values())
    raised = Counter(event["subject"] for event in events if event["type"] == "fengsui.alert.raised")
    assert set(raised) == {change.id for change in changes}
