"""kill -9 of the real process while ladders climb, repeat, lapse and end: each step exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import audit
from alerts.database import Database
from alerts.face import AlertsFace
from alerts.ladders.defaults import ALERT_UNANSWERED
from alerts.schema import Alert, AuditEntry, LadderStep, Notification, StepState
from backbone import subjects
from domain.errors import LinkError, RefusedError
from tests.alerts.alerts_scene import transition
from tests.alerts.phone_server import GOOD, phone
from tests.servers import connected, embedded_server

KILLS = int(os.environ.get("FENGSUI_KILLS", "6"))
ALERTS = 12
STEPS = [
    {"after_s": 0, "to": ["p-chen"], "repeat": {"every_s": 1, "times": 3}},
    {"after_s": 2, "to": ["p-lin"]},
    {"after_s": 5, "to": ["s-wang"]},
]
POLICY = {"classes": ["hazard"], "steps": STEPS, "answer_within_s": 3, "acknowledged_within_s": 2}
OWNED = "hazard-0"
"""Acknowledged once, and left at that: it lapses."""


async def test_steps_come_exactly_once_however_often_the_process_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'alerts.db'}"
    changes = [transition(f"hazard-{number}") for number in range(ALERTS)]
    async with phone(lambda _: GOOD) as platform, embedded_server(tmp_path) as server, connected(server) as backbone:
        service = server.credentials["service"]
        told = {
            "url": server.url,
            "user": service.user,
            "password": service.password,
            "database_url": url,
            "channels": [{"id": "phone", "kind": "webhook", "url": platform.url, "per_minute": 6000}],
            "escalation": [POLICY],
            "operators": {"flood_above": 10_000},  # no digests: every message by itself
        }
        process = await start(told)
        for change in changes:
            subject = subjects.alarm(0, "hotel", change.alarm_class.value, change.rule)
            await backbone.publish(subject, change.model_dump_json().encode(), message_id=change.id)
        await acknowledge(AlertsFace(backbone), changes[0].id)
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(0.2, 1.5))
            process.kill()
            await process.wait()
            process = await start(told)
        await ended(url)
        process.kill()
        await process.wait()
    await check(url, [change.id for change in changes])


async def start(told: dict[str, Any]) -> asyncio.subprocess.Process:
    """Start the process as a child."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.alerts.alerts_worker", "-", json.dumps(told), cwd=Path(__file__).parents[2]
    )


async def acknowledge(face: AlertsFace, alert: str) -> None:
    """Acknowledge as soon as the service has the alert."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(LinkError, RefusedError):
                await face.acknowledge(alert, by="p-lin")
                return
            await asyncio.sleep(0.1)


async def ended(url: str) -> None:
    """Wait until every ladder of the hazards has been told to its end; the database is another process's."""
    async with asyncio.timeout(120):
        while not await looked(url, _all_unanswered):
            await asyncio.sleep(0.5)


async def looked(url: str, look: Any) -> Any:
    """Read the database once."""
    database = await Database.open(url)
    try:
        return await database.read(look)
    finally:
        await database.close()


def _all_unanswered(session: Session) -> bool:
    raised = select(Alert.id).where(Alert.rule == ALERT_UNANSWERED)
    return len(session.scalars(raised).all()) == ALERTS


async def check(url: str, alerts: list[str]) -> None:
    """Every step, repeat and end once; the lapse once, with a ladder more."""
    found = await looked(url, _content)
    assert found["intact"]
    ladders = Counter(dict.fromkeys(alerts, 1))
    ladders[alerts[0]] = 2
    assert found["escalated"] == Counter(
        {
            **{(alert, step): 1 for alert in alerts for step in ("1", "2", "unanswered")},
            (alerts[0], "acknowledgement_lapsed"): 1,
        }
    )
    assert found["told"] == ladders
    assert found["due"] == []
    messages = Counter(dict.fromkeys(alerts, 1 + 3 + 1 + 1 + 1))
    messages[alerts[0]] = found["messages"][alerts[0]]  # how far its first ladder came is the test's pace
    assert found["messages"] == messages


def _content(session: Session) -> dict[str, Any]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(("told", "escalated")))).all()
    own = set(session.scalars(select(Alert.id).where(Alert.rule == ALERT_UNANSWERED)))
    steps: Counter[tuple[str, str]] = Counter()
    told: Counter[str] = Counter()
    for entry in entries:
        details = json.loads(entry.details)
        if entry.alert_id in own:
            continue
        if entry.action == "told":
            told[entry.alert_id or ""] += 1
        else:
            steps[entry.alert_id or "", str(details.get("outcome", details.get("step")))] += 1
    overdue = select(LadderStep).where(LadderStep.state == StepState.PENDING)
    return {
        "intact": audit.verify(session).intact,
        "escalated": steps,
        "told": told,
        "due": [step.alert_id for step in session.scalars(overdue) if step.alert_id not in own],
        "messages": Counter(one.alert_id for one in session.scalars(select(Notification)) if one.alert_id not in own),
    }
