"""Every route of the API: who is let in by which right, and what somebody with a scope sees and touches outside it.

`TABLE` has every operation of the description; one that is missing fails the first test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio

from alerts.walk_test_face import BeginRequest, WalkTestFace
from dashboards.api.sessions import CSRF_HEADER
from domain.accounts import Right
from domain.alarm import AlarmClass, Place
from tests.dashboards.accounts_of_rooms import employ
from tests.dashboards.control_room import API_TOKEN, ControlRoom, control_room
from tests.dashboards.district import district

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEARER = {"Authorization": f"Bearer {API_TOKEN}"}
PASSWORD = "long enough for a person"  # noqa: S105  # of a test
TRANSMITTERS = 8
ELSEWHERE = "u0001"
MALL = Place(unit=ELSEWHERE, building="east", floor=3, zone="corridor", zone_kind="corridor")
POINT = next(point.key for point in district(TRANSMITTERS).points if point.unit == "hotel")
MARKED = POINT.removeprefix("hotel/")
SECRET = "只有酒店能看到"  # noqa: S105  # the text of the hotel's alert

ONE = "/api/v1/alerts/{alert_id}"
SILENCE = "/api/v1/silences"
HANDOVERS = "/api/v1/handovers"
WALKS = "/api/v1/walk-tests"
NO_ID = "0123456789abcdef0123456789abcdef"
SHA256 = "0" * 64
UNTIL = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7 * 3600))
"""The tests come long after they were collected, and a fire is shelved for 8 h at most."""
START = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
MATCHER = {"name": "alertname", "value": "none", "isRegex": False, "isEqual": True}
V2_SILENCE = {"matchers": [MATCHER], "startsAt": START, "endsAt": UNTIL, "createdBy": "x", "comment": "x"}
FOREIGN = {"labels": {"alertname": "Foreign"}}


@dataclass(frozen=True)
class Route:
    """What an operation needs, how it is called about the hotel, and what somebody from elsewhere is answered."""

    right: Right | None
    elsewhere: int = 200
    body: Any = None
    params: dict[str, Any] = field(default_factory=dict)


READ = Route(Right.READ)
HIDDEN = Route(Right.READ, 404)
ADMIN = Route(Right.ADMINISTER, 403)


def acts(right: Right, **body: Any) -> Route:
    """Return a route that changes something of the hotel's."""
    return Route(right, 404, body)


TABLE: dict[tuple[str, str], Route] = {
    ("GET", "/api/v1/alerts"): READ,
    ("GET", "/api/v1/alerts.csv"): READ,
    ("GET", "/api/v1/alerts.xlsx"): READ,
    ("GET", "/api/v1/alerts/kpi"): READ,
    ("GET", "/api/v1/alerts/work-items"): READ,
    ("GET", "/api/v1/audit"): READ,
    ("GET", "/api/v1/stats"): Route(Right.READ, 403),
    ("GET", ONE): HIDDEN,
    ("GET", f"{ONE}/audit"): HIDDEN,
    ("GET", f"{ONE}/notifications"): HIDDEN,
    ("POST", f"{ONE}/acknowledge"): acts(Right.ACT),
    ("POST", f"{ONE}/confirm"): acts(Right.ACT, finding="real"),
    ("POST", f"{ONE}/recheck"): acts(Right.ACT),
    ("POST", f"{ONE}/comment"): acts(Right.ACT, text="x"),
    ("POST", f"{ONE}/assign"): acts(Right.ACT, to="x"),
    ("POST", f"{ONE}/attach"): acts(Right.ACT, url="http://x/y", sha256=SHA256, media_type="image/png"),
    ("POST", f"{ONE}/reset"): acts(Right.RESET),
    ("POST", f"{ONE}/shelve"): acts(Right.SHELVE, reason="x", until=UNTIL),
    ("POST", f"{ONE}/extend"): acts(Right.SHELVE, reason="x", until=UNTIL),
    ("POST", f"{ONE}/unshelve"): acts(Right.SHELVE),
    ("GET", SILENCE): READ,
    ("POST", SILENCE): Route(Right.SILENCE, 200, {"matchers": [MATCHER], "ends": UNTIL, "comment": "x"}),
    ("GET", SILENCE + "/{silence_id}"): HIDDEN,
    ("POST", SILENCE + "/{silence_id}/confirm"): acts(Right.SHELVE_FIRE, version="0" * 32),
    ("POST", SILENCE + "/{silence_id}/expire"): acts(Right.SILENCE),
    ("GET", HANDOVERS): Route(Right.READ, 403),
    ("GET", f"{HANDOVERS}/now"): Route(Right.READ, 403),
    ("POST", HANDOVERS): Route(Right.ACT, 403, {"notes": "x"}),
    ("POST", HANDOVERS + "/{handover_id}/take"): Route(Right.ACT, 403, {"remark": "x"}),
    ("GET", WALKS): READ,
    ("GET", WALKS + "/{walk_test_id}/marks"): HIDDEN,
    ("POST", WALKS + "/{walk_test_id}/marks"): acts(Right.WALK_TEST, point=MARKED, works=False, remark="x"),
    ("GET", "/api/v1/units/{unit}/buildings/{building}/floors/{floor}/plan"): Route(Right.READ, 404),
    ("GET", "/api/v1/readings"): Route(Right.READ, 404, params={"point": POINT}),
    ("GET", "/api/v1/readings/latest"): Route(Right.READ, 404, params={"unit": "hotel"}),
    ("GET", "/api/v1/readings/gaps"): Route(Right.READ, 404, params={"point": POINT}),
    ("GET", "/api/v1/readings/quality"): Route(Right.READ, 404, params={"point": POINT}),
    ("GET", "/api/v1/rules"): READ,
    ("GET", "/api/v1/rules/{rule}"): HIDDEN,
    ("GET", "/api/v1/roll-calls"): Route(Right.READ, params={"unit": "hotel"}),
    ("GET", "/api/v1/roll-calls.csv"): Route(Right.READ, params={"unit": "hotel"}),
    ("GET", "/api/v1/events"): Route(Right.READ, params={"for_s": 0}),
    ("GET", "/api/v1/schemas"): READ,
    ("GET", "/api/v1/schemas/{name}.json"): READ,
    ("GET", "/api/v1/session"): Route(None),
    ("DELETE", "/api/v1/session"): Route(None, 204),
    ("POST", "/api/v1/session/password"): Route(None, 403, {"old": "x", "new": "x"}),
    ("GET", "/api/v1/users"): ADMIN,
    ("POST", "/api/v1/users"): Route(
        Right.ADMINISTER, 403, {"id": "x", "name": "x", "roles": ["operator"], "everywhere": True}
    ),
    ("PATCH", "/api/v1/users/{user_id}"): Route(Right.ADMINISTER, 403, {"disabled": True}),
    ("POST", "/api/v1/users/{user_id}/password"): Route(Right.ADMINISTER, 403, {"password": "x"}),
    ("GET", "/api/v1/tokens"): ADMIN,
    ("POST", "/api/v1/tokens"): Route(Right.ADMINISTER, 403, {"name": "x", "rights": ["read"], "everywhere": True}),
    ("DELETE", "/api/v1/tokens/{token_id}"): ADMIN,
    ("GET", "/api/v1/sessions"): ADMIN,
    ("DELETE", "/api/v1/sessions/{session_id}"): ADMIN,
    ("GET", "/api/v2/alerts"): READ,
    ("POST", "/api/v2/alerts"): Route(Right.POST_ALERTS, 200, [FOREIGN]),
    ("GET", "/api/v2/alerts/groups"): READ,
    ("GET", "/api/v2/silences"): READ,
    ("POST", "/api/v2/silences"): Route(Right.SILENCE, 200, V2_SILENCE),
    ("GET", "/api/v2/silence/{silence_id}"): HIDDEN,
    ("DELETE", "/api/v2/silence/{silence_id}"): Route(Right.SILENCE, 404),
    ("GET", "/api/v2/status"): READ,
    ("GET", "/api/v2/receivers"): READ,
}
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("POST", "/api/v1/session")}
"""For monitoring, and the sign-in itself."""


LADDER = {"escalation_step", "next_escalation_ns"}


@dataclass
class District:
    """A room with an alert and a silence of the hotel, and an alert elsewhere."""

    room: ControlRoom
    root: httpx.AsyncClient
    alert: str = ""
    rule: str = ""
    other: str = ""
    silence: str = ""
    walk: str = ""

    def about(self, path: str) -> str:
        """Return a path with the hotel's ids in it."""
        ids = {
            "alert_id": self.alert,
            "silence_id": self.silence,
            "walk_test_id": self.walk,
            "name": "alert-event-v1",
            "user_id": "operator",
            "rule": "none",
            "unit": "hotel",
            "building": "east",
            "floor": "1",
        }
        return path.format(**ids, token_id=NO_ID, session_id=NO_ID, handover_id=NO_ID)

    async def call(self, http: httpx.AsyncClient, method: str, path: str, **headers: str) -> httpx.Response:
        """Send what the table says."""
        route = TABLE[(method, path.removeprefix("/alertmanager"))]
        return await http.request(method, self.about(path), json=route.body, params=route.params, headers=headers)

    async def detail(self) -> str:
        """Return all that there is about the hotel's alert and its walk test, less what was told of it meanwhile.

        Nobody answers, so its ladder goes on: a step after five minutes is nobody's doing.
        """
        found = (await self.root.get(f"/api/v1/alerts/{self.alert}")).json()
        marks = (await self.root.get(f"{WALKS}/{self.walk}/marks")).json()["marks"]
        alert = {name: value for name, value in found["alert"].items() if name not in LADDER}
        return str([alert, found["comments"], found["attachments"], marks])

    @asynccontextmanager
    async def token(
        self, rights: Sequence[Right], units: Sequence[str] | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Make a token and speak with it."""
        scope: dict[str, Any] = {"everywhere": True} if units is None else {"units": list(units)}
        body = {"name": f"t-{time.time_ns()}", "rights": [right.value for right in rights], **scope}
        made = await self.root.post("/api/v1/tokens", json=body)
        assert made.status_code == 201, made.text
        headers = {"Authorization": f"Bearer {made.json()['secret']}"}
        async with httpx.AsyncClient(base_url=self.room.console.url, timeout=30, headers=headers) as http:
            yield http


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    folder = tmp_path_factory.mktemp("scope")
    async with (
        control_room(folder, operator_password=PASSWORD, transmitters=TRANSMITTERS) as room,
        httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as root,
    ):
        found = District(room, root)
        found.rule = f"rule-{time.time_ns()}"
        found.alert = await raised(found, found.rule, text_zh=SECRET, alarm_class=AlarmClass.HAZARD)
        found.other = await raised(found, f"{found.rule}-mall", alarm_class=AlarmClass.HAZARD, place=MALL)
        body = {"matchers": [MATCHER], "ends": UNTIL, "comment": SECRET, "by": "li", "fire": True}
        made = await root.post(SILENCE, json=body)
        found.silence = made.json()["id"]
        walk = BeginRequest(unit="hotel", devices=(MARKED.partition("/")[0],), by="li", note=SECRET)
        found.walk = (await WalkTestFace(room.backbone).begin(walk)).id
        yield found


async def raised(site: District, rule: str, **changes: Any) -> str:
    """Raise an alarm and return the id of its alert."""
    await site.room.alarm(rule, **changes)
    async with asyncio.timeout(60):
        while True:
            alerts = (await site.root.get("/api/v1/alerts", params={"rule": rule})).json().get("alerts")
            if alerts:
                return str(alerts[0]["id"])
            await asyncio.sleep(0.1)


def operations() -> Iterator[tuple[str, str]]:
    """Yield those of the table, and the Alertmanager API at its second place."""
    for method, path in TABLE:
        yield method, path
        if path.startswith("/api/v2"):
            yield method, f"/alertmanager{path}"


async def test_the_table_has_every_operation(site: District) -> None:
    paths = (await site.root.get("/api/v1/openapi.json")).json()["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert described == set(TABLE) | OPEN


async def test_nobody_is_let_in_without_showing_who_they_are(site: District) -> None:
    before = await site.detail()
    async with httpx.AsyncClient(base_url=site.room.console.url, timeout=30) as stranger:
        for method, path in operations():
            for headers in ({}, {"Authorization": "Bearer fst_wrong"}, {"Authorization": "Basic eDp5"}):
                answer = await site.call(stranger, method, path, **headers)
                assert answer.status_code == 401, (method, path, headers)
    assert await site.detail() == before


@pytest.mark.parametrize("right", list(Right))
async def test_a_token_with_every_right_but_the_one_is_refused(site: District, right: Right) -> None:
    before = await site.detail()
    async with site.token([one for one in Right if one is not right]) as http:
        for method, path in operations():
            if TABLE[(method, path.removeprefix("/alertmanager"))].right is right:
                answer = await site.call(http, method, path)
                assert answer.status_code == 403, (method, path, answer.text)
                assert right.value in answer.text
    assert await site.detail() == before


@pytest.mark.parametrize(("method", "path"), list(operations()))
async def test_somebody_from_elsewhere_sees_and_touches_nothing_of_the_hotel(
    site: District, method: str, path: str
) -> None:
    before = await site.detail()
    async with site.token(list(Right), [ELSEWHERE]) as http:
        headers = {"Last-Event-ID": "0"} if path.endswith("/events") else {}
        answer = await site.call(http, method, path, **headers)
        assert answer.status_code == TABLE[(method, path.removeprefix("/alertmanager"))].elsewhere, answer.text
        for hidden in (SECRET, site.rule + '"', "闽江"):
            assert hidden not in answer.text
        if answer.status_code == 200 and method == "GET":
            assert '"hotel"' not in answer.text
            assert site.alert not in answer.text
    assert await site.detail() == before


async def test_lists_of_somebody_from_elsewhere_are_not_just_empty(site: District) -> None:
    async with site.token([Right.READ], [ELSEWHERE]) as http:
        for path in (
            "/api/v1/alerts",
            "/api/v1/alerts.csv",
            "/api/v2/alerts",
            "/api/v2/alerts/groups",
            "/api/v1/audit",
        ):
            assert site.other in (await http.get(path)).text, path
        events = await http.get("/api/v1/events", params={"for_s": 0}, headers={"Last-Event-ID": "0"})
        assert site.other in events.text
        for named in ({"unit": "hotel"}, {"position": "x"}):
            assert (await http.get("/api/v1/alerts/kpi", params=named)).status_code in (403, 409)
        assert (await http.get("/api/v1/alerts/kpi")).json()["unit"] == ELSEWHERE
        assert (await http.get("/api/v1/alerts/work-items", params={"unit": "hotel"})).json() == {"work_items": []}


async def test_the_audit_of_accounts_is_for_who_keeps_them(site: District) -> None:
    async with site.token([Right.READ]) as http:
        entries = (await http.get("/api/v1/audit", params={"limit": 500})).json()["entries"]
        assert entries
        assert all(entry["alert_id"] for entry in entries)
    entries = (await site.root.get("/api/v1/audit", params={"limit": 500})).json()["entries"]
    assert any(entry["alert_id"] is None for entry in entries)


async def test_a_silence_from_elsewhere_covers_what_is_there_only(site: District) -> None:
    wide = {"name": "alertname", "value": f"{site.rule}.*", "isRegex": True}
    async with site.token([Right.READ, Right.SILENCE], [ELSEWHERE]) as http:
        body = {"matchers": [wide], "ends": UNTIL, "comment": "x"}
        made = (await http.post(SILENCE, json=body)).json()
        assert (made["alerts"], made["units"]) == (1, [ELSEWHERE])
        assert (await site.root.get(f"/api/v1/alerts/{site.alert}")).json()["alert"]["shelved_until_ns"] is None
        assert made["id"] in (await http.get(SILENCE)).text
        async with site.token(list(Right), ["hotel"]) as hotel:
            assert made["id"] not in (await hotel.get(SILENCE)).text
            assert (await hotel.post(f"{SILENCE}/{made['id']}/expire", json={})).status_code == 404
        changed = {**V2_SILENCE, "matchers": [wide], "id": made["id"]}
        anew = (await site.root.post("/api/v2/silences", json=changed)).json()["silenceID"]
        widened = (await site.root.get(f"{SILENCE}/{anew}")).json()  # by somebody without a scope: it is not
        assert (widened["units"], widened["alerts"]) == ([ELSEWHERE], 1)
        assert (await http.delete(f"/api/v2/silence/{anew}")).status_code == 200


async def test_what_a_person_shelved_is_ended_with_the_right_to_shelve_only(site: District) -> None:
    body = {"by": "li", "reason": "x", "until": UNTIL}
    assert (await site.root.post(f"/api/v1/alerts/{site.alert}/shelve", json=body)).status_code == 200
    shelf = f"shelve-{site.alert}"
    async with site.token([Right.READ, Right.SILENCE]) as http:
        assert (await http.get(f"/api/v2/silence/{shelf}")).status_code == 200
        assert (await http.delete(f"/api/v2/silence/{shelf}")).status_code == 403
    async with site.token(list(Right), [ELSEWHERE]) as http:
        assert (await http.get(f"/api/v2/silence/{shelf}")).status_code == 404
        assert (await http.delete(f"/api/v2/silence/{shelf}")).status_code == 404
    assert (await site.root.delete(f"/api/v2/silence/{shelf}")).status_code == 200


async def test_one_of_two_persons_has_the_right_to_shelve_a_fire_and_it_is_who_vouches(site: District) -> None:
    fire = await raised(site, f"fire-{time.time_ns()}")
    second = await employ(site.room, "wang", "王参谋", "supervisor")
    body = {"by": "li", "second": second, "reason": "x", "until": UNTIL}
    async with site.token([Right.SHELVE_FIRE]) as http:
        assert (await http.post(f"/api/v1/alerts/{fire}/shelve", json=body)).status_code == 403
    async with site.token([Right.SHELVE]) as http:
        alone = {name: body[name] for name in ("by", "reason", "until")}
        assert (await http.post(f"/api/v1/alerts/{fire}/shelve", json=alone)).status_code == 409
        without = await employ(site.room, "sun", "孙值班", "operator")
        refused = await http.post(f"/api/v1/alerts/{fire}/shelve", json={**body, "second": without})
        assert (refused.status_code, "no right to it" in refused.text) == (409, True)
        stranger = await employ(site.room, "zhou", "周参谋", "supervisor", units=[ELSEWHERE])
        outside = await http.post(f"/api/v1/alerts/{fire}/shelve", json={**body, "second": stranger})
        assert (outside.status_code, "outside" in outside.text) == (409, True)
        assert (await http.post(f"/api/v1/alerts/{fire}/shelve", json=body)).status_code == 200


async def test_the_key_of_somebody_else_is_another_key(site: District) -> None:
    key, body = {"Idempotency-Key": f"k-{time.time_ns()}"}, {"text": "一次"}
    where = f"/api/v1/alerts/{site.alert}/comment"
    before = len((await site.root.get(f"/api/v1/alerts/{site.alert}")).json()["comments"])
    async with site.token([Right.ACT]) as first, site.token([Right.ACT]) as second:
        for http in (first, first, second):
            assert (await http.post(where, json=body, headers=key)).status_code == 200
        assert (await second.post(where, json={"text": "另一句"}, headers=key)).status_code == 409
    async with site.token(list(Right), [ELSEWHERE]) as http:
        assert (await http.post(where, json=body, headers=key)).status_code == 404
    assert len((await site.root.get(f"/api/v1/alerts/{site.alert}")).json()["comments"]) == before + 2


async def test_a_mark_by_hand_is_in_the_name_of_who_makes_it_and_only_within_the_test(site: District) -> None:
    where = f"{WALKS}/{site.walk}/marks"
    async with site.token([Right.READ, Right.WALK_TEST], ["hotel"]) as http:
        body = {"by": "李工", "point": MARKED, "works": False, "remark": "听不到", "reason": "声响器"}
        made = await http.post(where, json=body)
        assert made.status_code == 200, made.text
        assert made.json()["by"].startswith("李工 (t-")
        assert (await http.post(where, json={**body, "works": True})).json()["works"]
        told = (await http.get(where)).json()
        assert told["walk_test"]["id"] == site.walk
        assert [(one["works"], one["remark"]) for one in told["marks"]][-2:] == [(False, "听不到"), (True, "听不到")]
        listed = (await http.get(WALKS, params={"running": True})).json()["walk_tests"]
        assert [one["id"] for one in listed] == [site.walk]
        outside = await http.post(where, json={**body, "point": "moon/x"})
        assert (outside.status_code, "moon/x" in outside.text) == (409, True)
        for wrong in ({"point": "moon"}, {"works": "perhaps"}, {"remark": "x" * 201}):
            assert (await http.post(where, json={**body, **wrong})).status_code == 400
        assert (await http.post(f"{WALKS}/{NO_ID}/marks", json=body)).status_code == 404


async def test_an_alert_posted_from_elsewhere_stands_there_whatever_it_says(site: District) -> None:
    labels = {"alertname": f"Foreign{time.time_ns()}", "unit": "hotel", "zone": "corridor"}
    async with site.token([Right.POST_ALERTS], [ELSEWHERE]) as http:
        assert (await http.post("/api/v2/alerts", json=[{"labels": labels}])).status_code == 200
        assert (await http.get("/api/v2/alerts")).status_code == 403
    listed = (await site.root.get("/api/v1/alerts", params={"text": labels["alertname"]})).json()["alerts"]
    assert [alert["place"]["unit"] for alert in listed] == [ELSEWHERE]
    async with site.token([Right.POST_ALERTS], ["hotel"]) as http:  # the same labels are another alert there
        over = [{"labels": labels, "startsAt": START, "endsAt": START}]
        assert (await http.post("/api/v2/alerts", json=over)).status_code == 200
    assert (await site.root.get(f"/api/v1/alerts/{listed[0]['id']}")).json()["alert"]["active"]


async def test_a_cookie_alone_changes_nothing_on_any_route(site: District) -> None:
    name = f"all-{time.time_ns()}"
    account = {"id": name, "name": name, "roles": ["supervisor", "installer", "admin"], "must_change": False}
    made = await site.root.post("/api/v1/users", json={**account, "everywhere": True, "password": PASSWORD})
    assert made.status_code == 201, made.text
    before = await site.detail()
    async with httpx.AsyncClient(base_url=site.room.console.url, timeout=30) as http:
        proof = (await http.post("/api/v1/session", json={"user": name, "password": PASSWORD})).json()["csrf"]
        for method, path in operations():
            if method == "GET":
                continue
            for headers in ({}, {CSRF_HEADER: proof, "Origin": "https://evil.example"}):
                answer = await site.call(http, method, path, **headers)
                assert answer.status_code == 403, (method, path)
                assert CSRF_HEADER in answer.text
        assert await site.detail() == before
        assert (await site.call(http, "POST", f"{ONE}/comment", **{CSRF_HEADER: proof})).status_code == 200
        assert (await site.root.get(f"/api/v1/alerts/{site.alert}")).json()["comments"][-1]["by"] == name
