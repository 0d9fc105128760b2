"""A storm in small, through real processes: nothing lost, nothing twice, fire first, no channel over its budget."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from backbone import subjects
from backbone.client import Backbone
from domain.alarm import Transition
from tests.alerts.alerts_scene import EXIT, fire
from tests.alerts.flood_scene import fault
from tests.alerts.phone_server import Phone, phone
from tests.servers import connected, embedded_server

FAULTS, FIRES = 2000, 5
BUDGET = 60
LADDER = [{"classes": ["fault", "fire"], "steps": [{"after_s": 0, "to": ["p-lin"]}]}]


def storm() -> list[Transition]:
    """Return the faults with the fires somewhere among them."""
    changes = [fault(number) for number in range(FAULTS)]
    for number in range(FIRES):
        changes.insert(random.randrange(len(changes) // 2, len(changes)), fire(place=EXIT, rule=f"fire-{number}"))
    return changes


async def publish(backbone: Backbone, changes: list[Transition]) -> None:
    """Publish as fast as the log takes it."""
    async with backbone.publisher(window=500) as publisher:
        for change in changes:
            subject = subjects.alarm(0, "hotel", change.alarm_class.value, change.rule)
            await publisher.submit(subject, change.model_dump_json().encode(), message_id=change.id)


def content(path: Path) -> dict[str, int]:
    """Count what the database has, from outside."""
    counts = {
        "alerts": "SELECT count(*) FROM alerts WHERE rule LIKE 'fault-%' OR rule LIKE 'fire-%'",
        "activations": "SELECT count(*) FROM activations WHERE rule LIKE 'fault-%' OR rule LIKE 'fire-%'",
        "collected": "SELECT count(*) FROM digest_items",
        "single": "SELECT count(*) FROM notifications n JOIN alerts a ON a.id = n.alert_id "
        "WHERE n.reason = 'step' AND (a.rule LIKE 'fault-%' OR a.rule LIKE 'fire-%')",
        "fires_accepted": "SELECT count(DISTINCT alert_id) FROM notifications "
        "WHERE alarm_class = 'fire' AND accepted_at_ns IS NOT NULL",
    }
    with closing(sqlite3.connect(path)) as database:
        return {name: database.execute(query).fetchone()[0] for name, query in counts.items()}


@pytest.mark.timeout(400)  # a busy machine is no failure
async def test_a_storm_loses_nothing_and_hides_no_fire(tmp_path: Path) -> None:
    changes = storm()
    path = tmp_path / "alerts.db"
    async with phone() as platform, embedded_server(tmp_path) as server, connected(server) as backbone:
        service = server.credentials["service"]
        channel = {"id": "phone", "kind": "webhook", "url": platform.url, "per_minute": BUDGET, "timeout_s": 60}
        told = {
            "url": server.url, "user": service.user, "password": service.password,
            "database_url": f"sqlite:///{path}", "channels": [channel], "escalation": LADDER,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.alerts.alerts_worker", "-", json.dumps(told), cwd=Path(__file__).parents[2]
        )
        try:
            await publish(backbone, changes)
            await _until_applied(path, backbone)
        finally:
            process.kill()
            await process.wait()
    found = content(path)
    assert found["alerts"] == found["activations"] == len(changes)
    assert found["collected"] + found["single"] == len(changes)
    assert found["single"] <= FIRES + 10
    _check_pushes(platform, changes)


async def _until_applied(path: Path, backbone: Backbone) -> None:
    """Wait until every transition is in the record and every fire was taken by the platform."""
    async with asyncio.timeout(240):
        while True:
            status = (await backbone.statuses()).get("alerts.main", {})
            if status.get("transitions", 0) >= FAULTS + FIRES:
                found = content(path)
                if found["alerts"] >= FAULTS + FIRES and found["fires_accepted"] == FIRES:
                    return
            await asyncio.sleep(0.1)


def _check_pushes(platform: Phone, changes: list[Transition]) -> None:
    """Every fire came, each by itself, before anything that was queued after it; nothing came twice."""
    keys = Counter(request.key for request in platform.received)
    assert max(keys.values()) == 1
    classes = [request.message["class"] for request in platform.received]
    fires = [request.message["alert_id"] for request in platform.received if request.message["class"] == "fire"]
    assert Counter(fires) == Counter(change.id for change in changes if change.alarm_class == "fire")
    assert len(classes) - len(fires) <= BUDGET - BUDGET // 5
    assert len(classes) <= BUDGET
