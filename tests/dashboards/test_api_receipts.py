"""``POST /receipts/{channel}`` of a running console: signed by the channel, small, not too often."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from alerts.channels.webhook import signature
from alerts.face import AlertsFace, NotificationView
from alerts.receipts_face import MOST_BYTES
from dashboards.api.receipts import MOST_ADDRESSES, WINDOW_S, Allowance
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.premises import PHONE_SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("receipts")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def http(room: ControlRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as client:
        yield client


async def post(
    http: httpx.AsyncClient, content: bytes, *, channel: str = "phone", secret: str = PHONE_SECRET
) -> httpx.Response:
    """Report as a platform does."""
    stamp = int(time.time())
    headers = {"X-Fengsui-Timestamp": str(stamp), "X-Fengsui-Signature": signature(secret, stamp, content)}
    return await http.post(f"/receipts/{channel}", content=content, headers=headers)


async def told(room: ControlRoom) -> tuple[str, NotificationView]:
    """Raise an alarm; returns its id and the message that somebody is told by."""
    face, raised = AlertsFace(room.backbone), await room.alarm(f"rule-{time.time_ns()}")
    async with asyncio.timeout(30):
        while True:
            for alert in await face.list(rule=raised.rule):
                notices = (await face.get(alert.id)).notifications
                if notices:
                    return alert.id, notices[0]
            await asyncio.sleep(0.1)


async def test_a_platform_says_that_it_delivered(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert, notice = await told(room)
    answer = await post(http, json.dumps({"key": notice.id, "outcome": "delivered"}).encode())
    assert (answer.status_code, answer.json()) == (200, {"taken": 1, "unknown": 0})
    found = (await AlertsFace(room.backbone).get(alert)).notifications
    assert next(one for one in found if one.id == notice.id).delivered_at_ns is not None


@pytest.mark.parametrize(
    ("channel", "secret"), [("phone", "guessed"), ("unknown", PHONE_SECRET), ("phone", PHONE_SECRET + " ")]
)
async def test_everything_that_is_not_signed_gets_the_same_answer(
    http: httpx.AsyncClient, channel: str, secret: str
) -> None:
    answer = await post(http, b'{"key": "k", "outcome": "delivered"}', channel=channel, secret=secret)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (401, "unauthorized")
    assert PHONE_SECRET not in answer.text


async def test_a_report_without_any_header_is_not_let_in(http: httpx.AsyncClient) -> None:
    answer = await http.post("/receipts/phone", content=b"{}")
    assert answer.status_code == 401
    assert (await http.get("/receipts/phone")).status_code in {404, 405}
    assert (await http.post("/receipts/a%20b", content=b"{}")).status_code == 400


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (b"\xff\xfe", 400),
        (b"[" * 4000, 400),
        (b"[]", 200),
        (b'{"key": "k"}', 400),
        (b'{"key": "nobody", "outcome": "delivered"}', 200),
        (b'{"key": "\\u0000\\ud800", "outcome": "busy"}', None),
        (b" " * (MOST_BYTES + 1), 413),
    ],
)
async def test_any_body_gets_an_answer(http: httpx.AsyncClient, content: bytes, status: int | None) -> None:
    answer = await post(http, content)
    assert answer.status_code == status if status else answer.status_code in {200, 400}


async def test_an_address_may_report_so_often_and_no_more() -> None:
    now = [0.0]
    allowance = Allowance(most=3, now_s=lambda: now[0])
    assert [allowance.wait_s("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert allowance.wait_s("a") == WINDOW_S
    assert allowance.wait_s("b") == 0.0
    now[0] = WINDOW_S
    assert allowance.wait_s("a") == 0.0


async def test_addresses_are_forgotten_before_they_fill_the_memory() -> None:
    allowance = Allowance(most=1)
    for number in range(MOST_ADDRESSES + 10):
        allowance.wait_s(str(number))
    assert len(allowance._calls) == MOST_ADDRESSES
