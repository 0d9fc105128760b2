"""Server-sent events: filters, and going on over restarts of the console that serves them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from dashboards.api.events import Wanted
from domain.alarm import AlarmClass
from tests.dashboards.control_room import ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("events")) as opened:
        yield opened


def parsed(text: str) -> list[dict[str, str]]:
    """Return the events of a stream, as a browser would dispatch them."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            found.append(fields)
    return found


async def events(room: ControlRoom, params: dict[str, Any], last: str | None = None) -> list[dict[str, str]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http, asyncio.timeout(60):
        while True:
            answer = await http.get("/api/v1/events", params={"for_s": 0, **params}, headers=headers)
            if answer.status_code == 200:
                return parsed(answer.text)
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.2)


async def raised(room: ControlRoom, alarm_class: AlarmClass) -> str:
    """Raise an alarm and wait until the console tells of it; returns its rule."""
    rule = f"rule-{time.time_ns()}"
    await room.alarm(rule, alarm_class=alarm_class)
    async with asyncio.timeout(60):
        while rule not in [rule_of(event) for event in await events(room, {"event": "raised"}, "0")]:
            await asyncio.sleep(0.1)
    return rule


def rule_of(event: dict[str, str]) -> str:
    return str(json.loads(event["data"]).get("data", {}).get("rule"))


async def test_filters_leave_out_the_rest(room: ControlRoom) -> None:
    hazard, duty = await raised(room, AlarmClass.HAZARD), await raised(room, AlarmClass.DUTY)
    found = [rule_of(one) for one in await events(room, {"class": "hazard", "event": "raised"}, "0")]
    assert hazard in found
    assert duty not in found
    assert await events(room, {"unit": "school"}, "0") == []
    both = [rule_of(one) for one in await events(room, {"class": ["hazard", "duty"], "unit": "hotel"}, "0")]
    assert {hazard, duty} <= set(both)
    assert await events(room, {"event": "closed"}, "0") == []


async def test_a_follower_goes_on_over_a_restart_of_the_console(room: ControlRoom) -> None:
    first = await raised(room, AlarmClass.HAZARD)
    before = await events(room, {}, "0")
    await room.console.kill()
    await room.alarm("meanwhile", alarm_class=AlarmClass.HAZARD)
    await room.console.start()
    second = await raised(room, AlarmClass.HAZARD)
    after = await events(room, {}, before[-1]["id"])
    assert {"meanwhile", second} <= {rule_of(one) for one in after}
    assert first not in {rule_of(one) for one in after}
    assert [int(one["id"]) for one in after] == sorted({int(one["id"]) for one in after})
    assert int(after[0]["id"]) == int(before[-1]["id"]) + 1


async def test_an_id_beyond_the_stream_is_told_to_begin_anew(room: ControlRoom) -> None:
    (told, *_) = await events(room, {}, "4000000000")
    assert told["event"] == "fengsui.stream.restarted"


@pytest.mark.parametrize("params", [{"class": "flood"}, {"unit": "a b"}, {"for_s": -1}, {"what": 1}])
async def test_a_filter_that_is_none_is_refused(room: ControlRoom, params: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        assert (await http.get("/api/v1/events", params=params)).status_code == 400


async def test_a_subject_of_another_form_passes_no_filter() -> None:
    assert Wanted(frozenset(), frozenset(), frozenset()).has("alert.x")
    assert not Wanted(frozenset(), frozenset({"fire"}), frozenset()).has("alert.x")
