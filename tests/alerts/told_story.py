"""What the audit tells of one alert, shortened."""

from __future__ import annotations

import json

from sqlalchemy import select

from alerts.schema import AuditEntry
from tests.alerts.alerts_scene import Scene


async def story(bench: Scene, alert_id: str) -> list[tuple[str, str | None]]:
    """Return action and outcome of each entry of an alert, in order."""
    query = select(AuditEntry).where(AuditEntry.alert_id == alert_id).order_by(AuditEntry.number)
    entries = await bench.office.database.read(lambda session: session.scalars(query).all())
    return [(entry.action, json.loads(entry.details).get("outcome")) for entry in entries]
