"""docs/feed.md: its programs run, its tables are complete."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from alerts.feed_face import schema_names
from alerts.feeding.models import DailyFact
from backbone.subjects import FLOOD, WORK_ITEM
from domain.alert import AlertEvent
from tests.alerts.test_feed_face import tell
from tests.servers import connected, embedded_server

GUIDE = (Path(__file__).parents[2] / "docs" / "feed.md").read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def program(name: str) -> Callable[..., Any]:
    """Return a function that the guide shows."""
    found: dict[str, Any] = {}
    text = next(one for one in PROGRAMS if f"async def {name}(" in one)
    exec(compile(text, "docs/feed.md", "exec"), found)  # noqa: S102  # it is ours, and shown to people to be run
    function: Callable[..., Any] = found[name]
    return function


async def test_the_reader_with_our_client_runs(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        user = server.credentials["service"]
        await backbone.publish("alert.hotel.fire.raised", event("a"))
        async with asyncio.timeout(60), aclosing(program("read")(server.url, user.user, user.password)) as events:
            async for kind, alert in events:
                assert (kind, alert) == ("fengsui.alert.raised", "a")
                break


async def test_the_reader_with_nothing_of_ours_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        user = server.credentials["service"]
        await tell(backbone, "a", "b")
        await program("read_plainly")(server.url, user.user, user.password)
        assert "fengsui.alert.raised" in capsys.readouterr().out


def event(alert: str) -> bytes:
    """Return the message of an alert."""
    return (
        b'{"specversion": "1.0", "id": "1", "type": "fengsui.alert.raised", "time": "2026-11-28T08:00:00Z",'
        b' "data": {"id": "%s"}}' % alert.encode()
    )


def test_every_event_schema_and_field_has_its_line() -> None:
    rows = {
        word
        for line in GUIDE.splitlines()
        if line.startswith("| ")
        for word in re.findall(r"[\w-]+", line.split("|")[1])
    }
    assert {kind.value for kind in AlertEvent} | {WORK_ITEM, FLOOD} <= rows
    assert set(schema_names()) <= rows
    told = {"unit", "day", "timezone", "begins_ns", "ends_ns", "revision"}
    assert set(DailyFact.model_fields) - told <= rows
