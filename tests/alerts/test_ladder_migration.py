"""A ladder that ran before the timers had kinds goes on after the update, and back."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import create_engine, text

from alerts.database import migrate

BEFORE = "0005"


def test_a_running_ladder_survives_the_update_and_the_way_back(tmp_path: Path) -> None:
    plain = create_engine(f"sqlite:///{tmp_path / 'alerts.db'}")
    migrate(plain)
    migrate(plain, BEFORE)
    rows = [(0, ["p-chen"], "done"), (1, ["p-lin"], "pending"), (2, [], "pending")]
    insert = text(
        "INSERT INTO ladder_steps (alert_id, occurrence, step, due_ns, targets, state)"
        " VALUES ('a', 1, :step, 5, :targets, :state)"
    )
    with plain.begin() as connection:
        for step, targets, state in rows:
            connection.execute(insert, {"step": step, "targets": json.dumps(targets), "state": state})
    migrate(plain)
    with plain.begin() as connection:
        found = connection.execute(text("SELECT step, rung, kind, state FROM ladder_steps ORDER BY step")).all()
        assert [tuple(row) for row in found] == [
            (0, 0, "step", "done"),
            (1, 1, "step", "pending"),
            (2, 2, "answer", "pending"),
        ]
        connection.execute(text("UPDATE ladder_steps SET kind = 'lapse' WHERE step = 1"))
    migrate(plain, BEFORE)
    with plain.begin() as connection:
        left = connection.execute(text("SELECT step FROM ladder_steps ORDER BY step")).all()
        assert [row[0] for row in left] == [0, 2]
    plain.dispose()
