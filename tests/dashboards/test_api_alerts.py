"""Alerts over HTTP: pages, actions, keys that make them happen once, CSV, audit. Real server, real service."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest
import pytest_asyncio

from domain.alarm import AlarmClass
from tests.dashboards.control_room import API_TOKEN, ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEARER = {"Authorization": f"Bearer {API_TOKEN}"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("alerts")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def http(room: ControlRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as client:
        yield client


HAZARDS = {"class": "hazard"}
"""What two lists are compared in: nobody answers here, and an alert of duty may come between them."""


async def raised(room: ControlRoom, http: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    rule = f"rule-{time.time_ns()}"
    await room.alarm(rule, **{"alarm_class": AlarmClass.HAZARD, **changes})
    async with asyncio.timeout(60):
        while not (found := (await http.get("/api/v1/alerts", params={"rule": rule})).json()["alerts"]):
            await asyncio.sleep(0.1)
    alert: dict[str, Any] = found[0]
    return alert


async def test_pages_are_walked_by_their_cursors(room: ControlRoom, http: httpx.AsyncClient) -> None:
    wanted = {(await raised(room, http))["id"] for _ in range(5)}
    seen: list[str] = []
    params: dict[str, Any] = {"open": True, "class": ["hazard", "duty"], "unit": "hotel", "limit": 2}
    while True:
        page = (await http.get("/api/v1/alerts", params=params)).json()
        seen += [alert["id"] for alert in page["alerts"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert wanted <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"zone": "exit"}, 409),
        ({"open": True, "state": "closed"}, 409),
        ({"since": "5"}, 400),
        ({"since": "2026-11-28"}, 400),
        ({"clas": "fire"}, 400),
        ({"cursor": "x"}, 400),
        ({"until": "9999-12-31T23:59:59Z"}, 200),
        ({"since": "0001-01-01T00:00:00Z"}, 200),
    ],
)
async def test_filters_are_read_or_refused(http: httpx.AsyncClient, params: dict[str, Any], status: int) -> None:
    for path in ("/api/v1/alerts", "/api/v1/alerts.csv"):
        answer = await http.get(path, params=params)
        assert answer.status_code == status, answer.text
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


async def test_a_repeated_click_does_nothing_twice(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    where = f"/api/v1/alerts/{alert['id']}"
    key = {"Idempotency-Key": f"click-{alert['id']}"}
    body = {"by": "li", "text": "去看看"}
    answers = await asyncio.gather(*(http.post(f"{where}/comment", json=body, headers=key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len((await http.get(where)).json()["comments"]) == 1
    other = await http.post(f"{where}/comment", json={"by": "li", "text": "另一句"}, headers=key)
    assert (other.status_code, other.json()["detail_en"]) == (
        409,
        "this Idempotency-Key was used for another request",
    )
    await http.post(f"{where}/comment", json=body)
    assert len((await http.get(where)).json()["comments"]) == 2


async def test_a_refusal_under_a_key_is_judged_anew(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    where, key = f"/api/v1/alerts/{alert['id']}", {"Idempotency-Key": "judged"}
    body = {"by": "li", "finding": "real"}
    assert (await http.post(f"{where}/confirm", json=body, headers=key)).status_code == 409
    await http.post(f"{where}/acknowledge", json={"by": "li"})
    assert (await http.post(f"{where}/confirm", json=body, headers=key)).json()["confirmed"] == "real"
    assert (await http.post(f"{where}/confirm", json=body, headers=key)).json()["confirmed"] == "real"
    assert (await http.post(f"{where}/confirm", json=body)).status_code == 409


async def test_every_action_goes_over_http(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert = await raised(room, http)
    where = f"/api/v1/alerts/{alert['id']}"
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1200))
    acts: list[tuple[str, dict[str, Any], str, Any]] = [
        ("acknowledge", {}, "acknowledged_by", "li"),
        ("assign", {"to": "chen"}, "owner", "chen"),
        ("shelve", {"reason": "等备件", "until": until}, "shelved_by", "li"),
        ("extend", {"reason": "备件未到", "until": later}, "shelve_reason", "备件未到"),
        ("unshelve", {}, "shelved_by", None),
        ("attach", {"url": "http://x/y.png", "sha256": "0" * 64, "media_type": "image/png"}, "attachments", 1),
        ("confirm", {"finding": "false", "cause": "蒸汽"}, "false_cause", "蒸汽"),
    ]
    for action, body, field, wanted in acts:
        answer = await http.post(f"{where}/{action}", json={"by": "li", **body})
        assert answer.status_code == 200, answer.text
        assert answer.json()[field] == wanted
    early = await http.post(f"{where}/recheck", json={"by": "wang", "note": "还在"})
    assert early.status_code == 409  # the telemetry still says it
    entries = (await http.get(f"{where}/audit", params={"actor": "li", "limit": 3})).json()
    assert [entry["action"] for entry in entries["entries"]] == ["confirmed", "attached", "shelved"]
    more = (await http.get(f"{where}/audit", params={"actor": "li", "cursor": entries["next_cursor"]})).json()
    assert [entry["action"] for entry in more["entries"]] == ["shelved", "shelved", "assigned", "acknowledged"]
    everything = (await http.get("/api/v1/audit", params={"action": "attached"})).json()["entries"]
    assert alert["id"] in {entry["alert_id"] for entry in everything}
    assert (await http.get("/api/v1/alerts/none/audit")).status_code == 404


async def test_an_alert_tells_its_notifications_and_the_record_its_figures(
    room: ControlRoom, http: httpx.AsyncClient
) -> None:
    alert = await raised(room, http)
    async with asyncio.timeout(60):
        while not (await http.get(f"/api/v1/alerts/{alert['id']}/notifications")).json()["notifications"]:
            await asyncio.sleep(0.1)
    assert (await http.get("/api/v1/stats")).json()["raised"] >= 1


async def test_a_list_as_csv_says_where_it_was_cut(room: ControlRoom, http: httpx.AsyncClient) -> None:
    await raised(room, http, text_zh="=1+1")
    await raised(room, http)
    whole = list(csv.reader(io.StringIO((await http.get("/api/v1/alerts.csv", params=HAZARDS)).text)))
    assert whole[0][:4] == ["id", "alarm_class", "level", "rule"]
    assert "'=1+1" in [row[4] for row in whole]
    cut = list(csv.reader(io.StringIO((await http.get("/api/v1/alerts.csv", params={**HAZARDS, "limit": 1})).text)))
    assert cut[:2] == whole[:2]
    assert cut[2][0] == "next_cursor"
    rest = (await http.get("/api/v1/alerts.csv", params={**HAZARDS, "cursor": cut[2][1]})).text
    assert list(csv.reader(io.StringIO(rest)))[1:] == whole[2:]


async def test_a_list_as_a_workbook_is_read_back_and_holds_no_formula(
    room: ControlRoom, http: httpx.AsyncClient
) -> None:
    await raised(room, http, text_zh='=HYPERLINK("http://evil.example")', text_en="\x07bell")
    answer = await http.get("/api/v1/alerts.xlsx", params=HAZARDS)
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    head, *rows = sheet.iter_rows()
    columns = {str(cell.value).partition(" ")[0]: at for at, cell in enumerate(head)}
    whole = list(csv.DictReader(io.StringIO((await http.get("/api/v1/alerts.csv", params=HAZARDS)).text)))
    assert [row[columns["id"]].value for row in rows] == [row["id"] for row in whole]
    assert answer.headers["fengsui-rows"] == str(len(whole))
    assert "f" not in {cell.data_type for row in rows for cell in row}
    assert '\'=HYPERLINK("http://evil.example")' in [row[columns["text_zh"]].value for row in rows]
    assert "bell" in [row[columns["text_en"]].value for row in rows]
    raised_at = datetime.fromisoformat(whole[0]["raised_at"])
    local = rows[0][columns["raised_at"]].value
    assert local == raised_at.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None, microsecond=0)
    cut = await http.get("/api/v1/alerts.xlsx", params={**HAZARDS, "limit": 1})
    rest = await http.get("/api/v1/alerts.csv", params={**HAZARDS, "cursor": cut.headers["fengsui-next-cursor"]})
    assert [row["id"] for row in csv.DictReader(io.StringIO(rest.text))] == [row["id"] for row in whole[1:]]


async def test_a_file_for_spreadsheets_says_that_it_is_utf_8(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/alerts.csv", params={"bom": True})).content.startswith(b"\xef\xbb\xbfid,")


async def test_alerts_are_found_by_finding_and_by_person(room: ControlRoom, http: httpx.AsyncClient) -> None:
    alert, name = await raised(room, http), f"li-{time.time_ns()}"
    where = f"/api/v1/alerts/{alert['id']}"
    await http.post(f"{where}/acknowledge", json={"by": name})
    await http.post(f"{where}/confirm", json={"by": name, "finding": "false", "cause": "steam"})
    await http.post(f"{where}/assign", json={"by": name, "to": "p-chen"})

    async def found(**params: str) -> list[str]:
        answer = await http.get("/api/v1/alerts", params=params)
        return [one["id"] for one in answer.json()["alerts"]]

    assert await found(person=name) == [alert["id"]]
    assert await found(person=name, confirmed="false") == [alert["id"]]
    assert await found(person=name, confirmed="real") == []
    assert alert["id"] in await found(person="陈师傅")
    assert alert["id"] in await found(person="p-chen", open="true")
    assert await found(area="no-such-area") == []
