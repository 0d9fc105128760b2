"""Accounts over HTTP against a running console: who comes in, what they see, what they may, and how they are out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.accounts_face import new_secret
from dashboards.api.sessions import COOKIE, CSRF_HEADER
from domain.alarm import Place
from tests.dashboards.control_room import ADMIN_PASSWORD, API_TOKEN, ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "made at the first start"  # noqa: S105  # of a test
STAFF_PASSWORD = "long enough for a person"  # noqa: S105  # as above
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
SCHOOL = Place(unit="school", building="a", floor=1, zone="gate", zone_kind="exit")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("accounts"), operator_password=PASSWORD) as opened:
        yield opened


@asynccontextmanager
async def browser(room: ControlRoom, user: str, password: str) -> AsyncIterator[httpx.AsyncClient]:
    """Sign in, and send the proof against CSRF with every request, as our own pages do."""
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        answer = await http.post("/api/v1/session", json={"user": user, "password": password})
        assert answer.status_code == 200, answer.text
        http.headers[CSRF_HEADER] = answer.json()["csrf"]
        yield http


async def staff(room: ControlRoom, **changes: Any) -> str:
    """Make an account and return its id."""
    name = f"staff-{time.time_ns()}"
    body = {"id": name, "name": name, "roles": ["unit_staff"], "units": ["hotel"], "must_change": False}
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http:
        answer = await http.post("/api/v1/users", json={**body, "password": STAFF_PASSWORD, **changes})
        assert answer.status_code == 201, answer.text
    return name


async def alert_of(room: ControlRoom, **changes: Any) -> str:
    """Raise an alarm and return the id of its alert when the record has it."""
    sent = await room.alarm(f"rule-{time.time_ns()}", **changes)
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as http, asyncio.timeout(30):
        while True:
            found = (await http.get("/api/v1/alerts", params={"rule": sent.rule})).json().get("alerts")
            if found:
                return str(found[0]["id"])
            await asyncio.sleep(0.1)


async def test_a_person_acts_in_their_own_name_whatever_they_say(room: ControlRoom) -> None:
    alert = await alert_of(room)
    async with browser(room, "operator", PASSWORD) as http:
        me = (await http.get("/api/v1/session")).json()
        assert (me["kind"], me["id"], me["roles"], me["units"]) == ("user", "operator", ["operator"], None)
        answer = await http.post(f"/api/v1/alerts/{alert}/acknowledge", json={"by": "somebody else"})
        assert answer.json()["acknowledged_by"] == me["name"] == "值班员"


async def test_a_request_that_does_not_come_from_our_pages_changes_nothing(room: ControlRoom) -> None:
    alert = await alert_of(room)
    where = f"/api/v1/alerts/{alert}/acknowledge"
    async with browser(room, "operator", PASSWORD) as http:
        proof = http.headers.pop(CSRF_HEADER)
        host = room.console.url.rstrip("/")
        for headers in (
            {},
            {CSRF_HEADER: ""},
            {CSRF_HEADER: "0" * 64},
            {CSRF_HEADER: proof, "Origin": "https://evil.example"},
            {CSRF_HEADER: proof, "Origin": "null"},
            {CSRF_HEADER: proof, "Sec-Fetch-Site": "cross-site"},
        ):
            answer = await http.post(where, json={}, headers=headers)
            assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "forbidden"), headers
        async with browser(room, "operator", PASSWORD) as other:  # the proof is of one session only
            answer = await other.post(where, json={}, headers={CSRF_HEADER: proof})
            assert answer.status_code == 403
        assert (await http.get(f"/api/v1/alerts/{alert}")).json()["alert"]["acknowledged_at_ns"] is None
        answer = await http.post(where, json={}, headers={CSRF_HEADER: proof, "Origin": host})
        assert answer.status_code == 200


async def test_nobody_is_signed_in_by_a_form_of_somebody_else(room: ControlRoom) -> None:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        data = {"user": "operator", "password": PASSWORD}
        assert (await http.post("/login", data=data)).status_code == 403
        assert (await http.post("/login", data={**data, "form": "x"})).status_code == 403
        foreign = {"Origin": "https://evil.example"}
        assert (await http.post("/api/v1/session", json=data, headers=foreign)).status_code == 403
        assert COOKIE not in http.cookies


async def test_a_planted_session_is_never_taken_over(room: ControlRoom) -> None:
    planted = new_secret()
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30, cookies={COOKIE: planted}) as http:
        answer = await http.post("/api/v1/session", json={"user": "operator", "password": PASSWORD})
        given = answer.cookies[COOKIE]
        assert given != planted
    for secret, status in ((planted, 401), (given, 200)):
        async with httpx.AsyncClient(base_url=room.console.url, cookies={COOKIE: secret}, timeout=30) as http:
            assert (await http.get("/api/v1/alerts")).status_code == status
            if status == 200:  # signing in anew ends the session that the browser had
                await http.post("/api/v1/session", json={"user": "operator", "password": PASSWORD})
    async with httpx.AsyncClient(base_url=room.console.url, cookies={COOKIE: given}, timeout=30) as http:
        assert (await http.get("/api/v1/alerts")).status_code == 401


async def test_a_cookie_is_worth_nothing_after_signing_out(room: ControlRoom) -> None:
    async with browser(room, "operator", PASSWORD) as http:
        stolen = {COOKIE: http.cookies[COOKIE]}
        assert (await http.delete("/api/v1/session")).status_code == 204
    async with httpx.AsyncClient(base_url=room.console.url, cookies=stolen, timeout=30) as thief:
        assert (await thief.get("/api/v1/session")).status_code == 401
        assert (await thief.get("/")).status_code == 303


async def test_what_lies_outside_a_scope_does_not_exist(room: ControlRoom) -> None:
    inside, outside = await alert_of(room), await alert_of(room, place=SCHOOL)
    name = await staff(room)
    async with browser(room, name, STAFF_PASSWORD) as http:
        listed = (await http.get("/api/v1/alerts", params={"limit": 500})).json()["alerts"]
        assert {alert["place"]["unit"] for alert in listed} == {"hotel"}
        assert (await http.get("/api/v1/alerts", params={"unit": "school"})).json()["alerts"] == []
        assert (await http.get(f"/api/v1/alerts/{inside}")).status_code == 200
        hidden = await http.get(f"/api/v1/alerts/{outside}")
        missing = await http.get(f"/api/v1/alerts/{'0' * 32}")
        assert hidden.status_code == missing.status_code == 404
        assert hidden.text.replace(outside, "ID") == missing.text.replace("0" * 32, "ID")
        answer = await http.post(f"/api/v1/alerts/{outside}/acknowledge", json={})
        assert (answer.status_code, answer.text) == (404, hidden.text)
        assert (await http.post(f"/api/v1/alerts/{inside}/acknowledge", json={})).status_code == 200
        for path, params in (
            ("", {"point": "school/x/y"}),
            ("/gaps", {"point": "school/x/y"}),
            ("/latest", {"unit": "school"}),
            ("/latest", {"device": "school/x"}),
        ):
            assert (await http.get(f"/api/v1/readings{path}", params=params)).status_code == 404
        assert (await http.get("/api/v1/readings/latest", params={"point": "school/x/y"})).json() == {"points": {}}


async def test_events_of_other_units_are_passed_over_and_the_stream_ends_with_the_account(room: ControlRoom) -> None:
    name = await staff(room)
    async with browser(room, name, STAFF_PASSWORD) as http, asyncio.timeout(60):
        async with http.stream("GET", "/api/v1/events") as stream:
            lines = stream.aiter_lines()
            await alert_of(room, place=SCHOOL)
            mine = await alert_of(room)
            told = (
                json.loads(line.removeprefix("data: "))["data"] async for line in lines if line.startswith("data: ")
            )
            heard = [await anext(told)]  # alerts of other tests may have news of their own
            while heard[-1]["id"] != mine:
                heard.append(await anext(told))
            assert {one["place"]["unit"] for one in heard} == {"hotel"}
            async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as admin:
                assert (await admin.patch(f"/api/v1/users/{name}", json={"disabled": True})).status_code == 200
            await alert_of(room)
            rest = [line async for line in lines if line.startswith("event: ")]
            assert len(rest) < 100  # it ended, whatever came within the two seconds of memory
        assert (await http.get("/api/v1/alerts")).status_code == 401


async def test_a_disabled_account_acts_no_more_from_that_moment(room: ControlRoom) -> None:
    alert, name = await alert_of(room), await staff(room)
    async with browser(room, name, STAFF_PASSWORD) as http:
        assert (await http.get("/api/v1/alerts")).status_code == 200  # remembered for reading, for two seconds
        async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as admin:
            await admin.patch(f"/api/v1/users/{name}", json={"disabled": True})
        answer = await http.post(f"/api/v1/alerts/{alert}/acknowledge", json={})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("rights", "method", "path", "status"),
    [
        (["read"], "GET", "/api/v1/alerts", 200),
        (["read"], "POST", "/api/v1/alerts/x/acknowledge", 403),
        (["act"], "POST", "/api/v1/alerts/x/acknowledge", 404),
        (["act"], "GET", "/api/v1/alerts", 403),
        (["act"], "POST", "/api/v1/alerts/x/reset", 403),
        (["read", "configure"], "GET", "/api/v1/users", 403),
        (["administer"], "GET", "/api/v1/users", 200),
    ],
)
async def test_a_token_may_what_it_was_given(
    room: ControlRoom, rights: list[str], method: str, path: str, status: int
) -> None:
    async with browser(room, "admin", ADMIN_PASSWORD) as admin:
        body = {"name": f"t-{time.time_ns()}", "rights": rights, "everywhere": True}
        made = (await admin.post("/api/v1/tokens", json=body)).json()
        assert made["secret"] not in (await admin.get("/api/v1/tokens")).text
        headers = {"Authorization": f"Bearer {made['secret']}"}
        async with httpx.AsyncClient(base_url=room.console.url, headers=headers, timeout=30) as program:
            answer = await program.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code == status, answer.text
            await admin.delete(f"/api/v1/tokens/{made['token']['id']}")
            if method == "POST":
                answer = await program.request(method, path, json={})
                assert answer.status_code == 401


async def test_an_administrator_of_some_units_keeps_no_accounts(room: ControlRoom) -> None:
    name = await staff(room, roles=["admin"])
    async with browser(room, name, STAFF_PASSWORD) as http:
        assert (await http.get("/api/v1/users")).status_code == 403


async def test_a_program_speaks_for_a_person_and_the_record_names_both(room: ControlRoom) -> None:
    alert = await alert_of(room)
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as http:
        body = {"name": f"bridge-{time.time_ns()}", "roles": ["operator"], "everywhere": True}
        made = (await http.post("/api/v1/tokens", json=body)).json()
        headers = {"Authorization": f"Bearer {made['secret']}"}
        answer = await http.post(f"/api/v1/alerts/{alert}/acknowledge", json={"by": "李值班"}, headers=headers)
        assert answer.json()["acknowledged_by"] == f"李值班 ({body['name']})"


async def test_a_given_password_opens_nothing_but_the_page_to_change_it(room: ControlRoom) -> None:
    name = await staff(room, must_change=True)
    async with browser(room, name, STAFF_PASSWORD) as http:
        assert (await http.get("/api/v1/session")).json()["must_change_password"]
        assert (await http.get("/api/v1/alerts")).status_code == 403
        assert (await http.get("/")).headers["location"] == "/password"
        page = await http.get("/password?lang=en")
        assert "Old password" in page.text
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        new = {"old": STAFF_PASSWORD, "new": "chosen by the person", "again": "chosen by the person", "csrf": csrf}
        assert "differ" in (await http.post("/password?lang=en", data={**new, "again": "x"})).text
        assert (await http.post("/password", data={**new, "csrf": "x"})).status_code == 403
        assert (await http.post("/password", data=new)).headers["location"] == "/"
        assert (await http.get("/api/v1/alerts")).status_code == 200


async def test_guessing_is_slowed_down_and_says_when_to_come_again(room: ControlRoom) -> None:
    name = await staff(room)
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http, asyncio.timeout(60):
        while True:
            answer = await http.post("/api/v1/session", json={"user": name, "password": "guess"})
            if answer.status_code == 429:
                break
            assert answer.status_code == 401
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["error"]["kind"] == "too_many"
    async with browser(room, "operator", PASSWORD) as known:  # the same address, known for this account
        assert (await known.get("/api/v1/session")).status_code == 200


LATIN = st.characters(codec="latin-1", exclude_characters=[chr(code) for code in (*range(32), *range(127, 161))])
HEADER = st.text(LATIN, max_size=60)
NAMES = st.sampled_from(["Cookie", "Authorization", CSRF_HEADER, "Origin", "Sec-Fetch-Site", "X-Forwarded-For"])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.dictionaries(NAMES, HEADER | HEADER.map(f"{COOKIE}={{}}".format) | HEADER.map("Bearer {}".format)))
async def test_no_header_whatever_it_holds_lets_anybody_in(room: ControlRoom, texts: dict[str, str]) -> None:
    headers = [(name.encode(), text.strip().encode("latin-1")) for name, text in texts.items()]
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        for method, path in (("GET", "/api/v1/alerts"), ("POST", "/api/v1/alerts/x/acknowledge")):
            answer = await http.request(method, path, headers=headers, json={} if method == "POST" else None)
            assert answer.status_code in (400, 401, 403), (headers, answer.text)
        assert (await http.get("/", headers=headers)).status_code in (303, 400)


async def test_the_log_of_the_console_holds_no_secret(room: ControlRoom) -> None:
    async with browser(room, "operator", PASSWORD) as http:
        cookie = http.cookies[COOKIE]
        await http.post("/api/v1/session", json={"user": "x" * 100, "password": PASSWORD})
        answer = await http.post("/api/v1/session/password", json={"old": PASSWORD, "new": [PASSWORD]})
        assert (answer.status_code, PASSWORD in answer.text) == (400, False)
    told = room.console.log.read_text()
    assert not [word for word in (PASSWORD, STAFF_PASSWORD, ADMIN_PASSWORD, API_TOKEN, cookie) if word in told]


async def test_while_the_service_is_away_those_who_are_in_go_on_reading(tmp_path: Path) -> None:
    async with control_room(tmp_path, operator_password=PASSWORD) as room:
        async with browser(room, "operator", PASSWORD) as http:
            assert (await http.get("/api/v1/session")).status_code == 200
            await room.stop_alerts()
            await asyncio.sleep(3)  # longer than a memory is taken for fresh
            assert (await http.get("/")).status_code == 200
            assert (await http.get("/api/v1/readings/latest", params={"unit": "hotel"})).status_code == 200
            answer = await http.post("/api/v1/alerts/x/acknowledge", json={})
            assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "unavailable")
            assert (await http.delete("/api/v1/session")).status_code == 503
        async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as stranger:
            assert (await stranger.get("/api/v1/readings/latest", params={"unit": "hotel"})).status_code == 401
            answer = await stranger.post("/api/v1/session", json={"user": "operator", "password": PASSWORD})
            assert answer.status_code == 503
            stranger.cookies[COOKIE] = new_secret()
            answer = await stranger.get("/api/v1/session")
            assert answer.status_code == 503
        async with httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as program:
            assert (await program.get("/api/v1/session")).json()["kind"] == "bootstrap"
