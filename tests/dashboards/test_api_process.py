"""The HTTP API of a running console: real nats-server, real alerts service, real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from alerts.links import Claims, expiry, make_token
from domain.alarm import AlarmClass, TransitionKind
from domain.clock import to_iso
from tests.dashboards.control_room import API_TOKEN, GATEWAY, SIGNING_KEY, ControlRoom, control_room
from tests.dashboards.premises import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
POINT = "hotel/pressure/pressure"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("api")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def http(room: ControlRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as client:
        yield client


async def raised(room: ControlRoom, http: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Raise an alarm by a rule of its own and return its alert as the API shows it."""
    rule = f"rule-{time.time_ns()}"
    await room.alarm(rule, **changes)
    async with asyncio.timeout(60):
        while True:
            found = (await http.get("/api/v1/alerts", params={"rule": rule})).json().get("alerts", [])
            if found:
                alert: dict[str, Any] = found[0]
                return alert
            await asyncio.sleep(0.1)


async def until_ready(http: httpx.AsyncClient) -> httpx.Response:
    async with asyncio.timeout(60):
        while (answer := await http.get("/readyz")).status_code != 200 or answer.json()["conditions"][
            GATEWAY
        ] != "fine":
            await asyncio.sleep(0.2)
    return answer


async def test_health_tells_alive_from_ready(room: ControlRoom, http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "alive"}
    await until_ready(http)
    room.puppets.alive.discard("rules.main")
    try:
        async with asyncio.timeout(60):
            while (answer := await http.get("/readyz")).json()["conditions"]["rules.main"] != "silent":
                await asyncio.sleep(0.2)
    finally:
        room.puppets.alive.add("rules.main")
    assert answer.status_code == 503


async def test_a_status_document_that_is_junk_stands_for_nobody_and_harms_nobody(
    room: ControlRoom, http: httpx.AsyncClient
) -> None:
    for number, junk in enumerate((b"{", b"[1]", b"\xff", b'{"time_ns": "x", "spool": 3}')):
        await room.backbone.kv_put("status", f"gateway.hotel.junk-{number}", junk)
    await asyncio.sleep(1.5)
    await until_ready(http)
    assert "junk-0" not in (await http.get("/metrics")).text


async def test_metrics_have_what_processes_count(http: httpx.AsyncClient) -> None:
    await until_ready(http)
    async with asyncio.timeout(60):  # figures of the record are asked for less often than who is well
        while "fengsui_record_notifications_delivered 0.0" not in (answer := await http.get("/metrics")).text:
            await asyncio.sleep(0.2)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'fengsui_ingest_stored{id="main"} 7.0' in answer.text
    assert 'fengsui_gateway_spool_batches{id="hotel.gw-east"} 12.0' in answer.text


async def test_the_record_is_worked_on_over_http(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http, latched=True)
    where = f"/api/v1/alerts/{alert['id']}"
    answer = await http.post(f"{where}/acknowledge", json={"by": "李值班"}, headers=BEARER)
    assert answer.json()["acknowledged_by"] == "李值班"
    answer = await http.post(
        f"{where}/confirm", json={"by": "李值班", "finding": "false", "text": "水蒸气"}, headers=BEARER
    )
    assert answer.json()["confirmed"] == "false"
    await http.post(f"{where}/comment", json={"by": "李值班", "text": "已通风"}, headers=BEARER)
    detail = (await http.get(where)).json()
    assert {comment["text"] for comment in detail["comments"]} == {"水蒸气", "已通风"}
    assert [entry["actor"] for entry in detail["audit"]].count("李值班") == 4
    answer = await http.post(f"{where}/reset", json={"by": "李值班"}, headers=BEARER)
    assert answer.status_code == 409
    assert answer.json()["error"]["kind"] == "refused"
    assert "不能复位" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "options", "wanted"),
    [
        ("POST", "/api/v1/alerts/x/acknowledge", {"json": {"by": "li"}}, (401, "unauthorized")),
        (
            "POST",
            "/api/v1/alerts/x/acknowledge",
            {"json": {"by": "li"}, "headers": {"Authorization": "Bearer wrong"}},
            (401, "unauthorized"),
        ),
        ("POST", "/api/v1/alerts/x/acknowledge", {"json": {"by": "li"}, "headers": BEARER}, (404, "not_found")),
        ("POST", "/api/v1/alerts/x/acknowledge", {"json": {"by": ""}, "headers": BEARER}, (400, "bad_request")),
        ("POST", "/api/v1/alerts/x/acknowledge", {"json": {"who": 1}, "headers": BEARER}, (400, "bad_request")),
        ("POST", "/api/v1/alerts/x/acknowledge", {"content": b"{", "headers": BEARER}, (400, "bad_request")),
        ("GET", "/api/v1/alerts/no-such", {}, (404, "not_found")),
        ("GET", "/api/v1/alerts?limit=100000", {}, (400, "bad_request")),
        ("GET", "/api/v1/alerts?class=flood", {}, (400, "bad_request")),
        ("GET", "/api/v1/readings", {}, (400, "bad_request")),
        ("GET", "/api/v1/readings?point=hotel/x/y", {}, (404, "not_found")),
        ("GET", f"/api/v1/readings?point={POINT}&start=2026-01-01T00:00:00", {}, (400, "bad_request")),
        ("GET", "/api/v1/nothing", {}, (404, "not_found")),
        ("DELETE", "/api/v1/alerts", {}, (405, "bad_request")),
        ("POST", "/api/v1/alerts/x/comment", {"content": b"x" * 70_000, "headers": BEARER}, (413, "too_large")),
    ],
)
async def test_every_error_has_the_one_shape(
    http: httpx.AsyncClient, method: str, path: str, options: dict[str, Any], wanted: tuple[int, str]
) -> None:
    answer = await http.request(method, path, **options)
    assert (answer.status_code, answer.json()["error"]["kind"]) == wanted
    assert answer.json()["error"]["message"]


async def test_readings_of_a_span(http: httpx.AsyncClient) -> None:
    now_ns = time.time_ns()
    params: dict[str, str | int] = {
        "point": POINT,
        "start": to_iso(now_ns - 60 * 10**9),
        "end": to_iso(now_ns),
        "resolution_s": 2,
    }
    (series,) = (await http.get("/api/v1/readings", params=params)).json()["series"]
    assert series["point"] == POINT
    assert len(series["time_ns"]) == len(series["value"]) == 50
    backwards = {**params, "start": params["end"], "end": params["start"]}
    answer = await http.get("/api/v1/readings", params=backwards)
    assert (answer.status_code, answer.json()["error"]["kind"]) == ((400, "bad_request"))


async def test_readings_as_csv_the_newest_ones_gaps_and_qualities(http: httpx.AsyncClient) -> None:
    table = await http.get("/api/v1/readings", params={"point": POINT, "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.text.splitlines()
    assert lines[0] == "point,time,value,quality"
    assert len(lines) == 51
    assert lines[1].startswith(f"{POINT},20")
    newest = (await http.get("/api/v1/readings/latest", params={"device": POINT.rpartition("/")[0]})).json()
    assert POINT in newest["points"]
    (gaps,) = (await http.get("/api/v1/readings/gaps", params={"point": POINT, "longer_s": 5})).json()["points"]
    assert (gaps["longer_s"], gaps["silent_s"]) == (5, 900)
    (quality,) = (await http.get("/api/v1/readings/quality", params={"point": POINT})).json()["points"]
    assert (quality["good"], quality["bad"], quality["stale"]) == ([8], [1], [1])
    for path in ("", "/gaps", "/quality"):
        assert (await http.get(f"/api/v1/readings{path}", params={"point": "hotel/x/y"})).status_code == 404
    assert (await http.get("/api/v1/readings/latest")).status_code == 400
    assert (await http.get("/api/v1/readings", params={"point": POINT, "format": "xls"})).status_code == 400


async def next_event(lines: AsyncIterator[str]) -> dict[str, str]:
    """Return the fields of the next event that carries data."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            return fields
    raise AssertionError("the stream ended")


async def test_events_come_live_and_resume_where_a_client_left(room: ControlRoom, http: httpx.AsyncClient) -> None:
    await until_ready(http)
    async with asyncio.timeout(30), http.stream("GET", "/api/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        sent = await room.alarm(f"rule-{time.time_ns()}", text_zh="第一条")
        first = await next_event(lines)
    event = json.loads(first["data"])
    assert first["event"] == event["type"] == "fengsui.alert.raised"
    assert (event["specversion"], event["data"]["rule"]) == ("1.0", sent.rule)
    missed = await room.alarm(f"rule-{time.time_ns()}", text_zh="第二条")
    async with asyncio.timeout(30):
        headers = {"Last-Event-ID": first["id"]}
        async with http.stream("GET", "/api/v1/events", headers=headers) as stream:
            second = await next_event(stream.aiter_lines())
        async with http.stream("GET", "/api/v1/events", headers={"Last-Event-ID": "0"}) as stream:
            again = await next_event(stream.aiter_lines())
    assert json.loads(second["data"])["data"]["rule"] == missed.rule
    assert int(second["id"]) == int(first["id"]) + 1
    assert again["id"] == "1"


async def test_junk_in_the_alert_stream_is_passed_over(room: ControlRoom, http: httpx.AsyncClient) -> None:
    await until_ready(http)
    ack = await room.backbone.publish("alert.hotel.fire.raised", b"no JSON")
    sent = await room.alarm(f"rule-{time.time_ns()}")
    headers = {"Last-Event-ID": str(ack.seq - 1)}
    async with asyncio.timeout(30), http.stream("GET", "/api/v1/events", headers=headers) as stream:
        event = await next_event(stream.aiter_lines())
    assert json.loads(event["data"])["data"]["rule"] == sent.rule


async def link_of(http: httpx.AsyncClient, alert: dict[str, Any]) -> str:
    """Return the token of the link that was pushed to the responsible person."""
    async with asyncio.timeout(60):
        while True:
            detail = (await http.get(f"/api/v1/alerts/{alert['id']}")).json()
            if detail["notifications"]:
                break
            await asyncio.sleep(0.1)
    notice = detail["notifications"][0]
    claims = Claims(
        alert=alert["id"],
        person=notice["person"],
        notification=notice["id"],
        expires_ns=expiry(notice["created_ns"]),
    )
    return make_token(claims, SIGNING_KEY)


async def test_opening_a_receipt_link_answers_nothing(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http, text_zh=f"火警 {HOSTILE}")
    token = await link_of(http, alert)
    for _ in range(3):
        page = await http.get(f"/answer/{token}")
    assert "陈师傅" in page.text
    assert "收到" in page.text
    assert HOSTILE not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Received" in (await http.get(f"/answer/{token}?lang=en")).text
    detail = (await http.get(f"/api/v1/alerts/{alert['id']}")).json()
    assert detail["alert"]["acknowledged_at_ns"] is None
    assert detail["notifications"][0]["answer"] is None


async def test_reading_is_recorded_once_and_opening_is_none(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    token = await link_of(http, alert)

    async def read_at() -> int | None:
        found = (await http.get(f"/api/v1/alerts/{alert['id']}")).json()["notifications"][0]["read_at_ns"]
        return int(found) if found is not None else None

    page = await http.get(f"/answer/{token}")
    assert "isTrusted" in page.text
    assert await read_at() is None
    assert (await http.post(f"/answer/{token}/read")).status_code == 204
    first = await read_at()
    assert first is not None
    assert (await http.post(f"/answer/{token}/read")).status_code == 204
    assert await read_at() == first
    assert (await http.post("/answer/a.b/read")).status_code >= 400


async def test_a_receipt_by_the_form_is_recorded_once(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    token = await link_of(http, alert)
    answer = await http.post(f"/answer/{token}", data={"answer": "received", "note": "马上到"})
    assert answer.status_code == 200
    assert "回执已记录：收到" in answer.text
    detail = (await http.get(f"/api/v1/alerts/{alert['id']}")).json()
    assert detail["notifications"][0]["answer"] == "received"
    assert detail["alert"]["acknowledged_at_ns"] is not None
    assert "此链接已回执：收到" in (await http.get(f"/answer/{token}")).text
    assert (await http.post(f"/answer/{token}", data={"answer": "on_site"})).status_code == 409


async def test_a_receipt_in_json_is_recorded(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    token = await link_of(http, alert)
    answer = await http.post(f"/answer/{token}", json={"answer": "on_site", "note": ""})
    assert answer.json() == {"answer": "on_site", "alert": alert["id"]}


@pytest.mark.parametrize("body", [{"answer": "perhaps"}, {}, {"answer": "received", "by": "x"}])
async def test_an_answer_that_is_none_is_refused(http: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await http.post("/answer/x.y", json=body)).status_code == 400
    assert (await http.post("/answer/x.y", data=body)).status_code == 400


async def test_a_forged_link_is_refused_with_a_reason(http: httpx.AsyncClient) -> None:
    page = await http.get("/answer/forged.token")
    assert page.status_code == 409
    assert "链接无效" in page.text
    answer = await http.post("/answer/forged.token", json={"answer": "received"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "refused")


async def test_the_description_of_the_api_needs_no_cdn(http: httpx.AsyncClient) -> None:
    description = (await http.get("/api/v1/openapi.json")).json()
    assert "/api/v1/alerts/{alert_id}/acknowledge" in description["paths"]
    assert (await http.get("/docs")).status_code == 404


async def test_a_cleared_alert_closes_and_leaves_the_open_list(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http, alarm_class=AlarmClass.FAULT)
    await http.post(f"/api/v1/alerts/{alert['id']}/acknowledge", json={"by": "li"}, headers=BEARER)
    await room.alarm(alert["rule"], kind=TransitionKind.CLEARED, alarm_class=AlarmClass.FAULT)
    async with asyncio.timeout(60):
        while (await http.get("/api/v1/alerts", params={"rule": alert["rule"], "open": True})).json()["alerts"]:
            await asyncio.sleep(0.1)


async def test_the_console_leaves_no_files_where_it_was_started(room: ControlRoom) -> None:
    assert room.console.log.is_file()
    assert not (Path(__file__).parents[2] / ".nicegui").exists()


async def test_the_schemas_of_the_feed_are_served_as_published(http: httpx.AsyncClient) -> None:
    names = (await http.get("/api/v1/schemas")).json()["schemas"]
    assert "alert-event-v1" in names
    for name in names:
        found = (await http.get(f"/api/v1/schemas/{name}.json")).json()
        assert found["$id"] == f"urn:fengsui:schema:{name}"
    assert (await http.get("/api/v1/schemas/nothing.json")).status_code == 404
