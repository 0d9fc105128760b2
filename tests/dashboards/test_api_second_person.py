"""The second person of a fire over HTTP: proved by their own password, slowed, written down, and never just a name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from dashboards.api.sessions import CSRF_HEADER
from tests.dashboards.accounts_of_rooms import BEARER, SECOND_PASSWORD, employ
from tests.dashboards.control_room import ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATOR_PASSWORD = "of the control room's"  # noqa: S105  # of a test
WANG = {"user": "wang", "password": SECOND_PASSWORD}


@dataclass
class Fires:
    """A room where fires are raised and shelved."""

    room: ControlRoom
    http: httpx.AsyncClient
    fire: str = ""

    async def shelve(self, action: str = "shelve", minutes: int = 60, **body: Any) -> httpx.Response:
        """Ask the fire to be shelved, for Li."""
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + minutes * 60))
        asked = {"by": "li", "reason": "热烟试验", "until": until, **body}
        return await self.http.post(f"/api/v1/alerts/{self.fire}/{action}", json=asked)

    async def is_shelved(self) -> bool:
        """Tell whether it is."""
        alert = (await self.http.get(f"/api/v1/alerts/{self.fire}")).json()["alert"]
        return alert["shelved_until_ns"] is not None

    async def audit(self, **asked: str) -> list[dict[str, Any]]:
        """Return the newest entries."""
        found: list[dict[str, Any]] = (await self.http.get("/api/v1/audit", params=asked)).json()["entries"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("second"), operator_password=OPERATOR_PASSWORD) as opened:
        await employ(opened, "wang", "王参谋", "supervisor")
        await employ(opened, "chen", "陈值班", "operator")
        await employ(opened, "target", "赵参谋", "supervisor")
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def fires(room: ControlRoom) -> AsyncIterator[Fires]:
    """A fire of its own for each test."""
    sent = await room.alarm(f"fire-{time.time_ns()}")
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as http:
        async with asyncio.timeout(60):
            while not (found := (await http.get("/api/v1/alerts", params={"rule": sent.rule})).json()["alerts"]):
                await asyncio.sleep(0.1)
        yield Fires(room, http, found[0]["id"])


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 409, "takes two"),
        ({"second_by": "wang"}, 400, "second_by"),
        ({"second": "wang"}, 400, "a name alone is no second person"),
        ({"second": {"user": "wang"}}, 400, "password"),
        ({"second": {"user": "nobody", "password": SECOND_PASSWORD}}, 403, "wrong account or password"),
        ({"second": {"user": "wang", "password": "a guess of mine"}}, 403, "wrong account or password"),
        ({"second": {**WANG, "user": "chen"}}, 409, "no right to it"),
        ({"second": WANG, "by": "wang"}, 409, "another person"),
        ({"second": WANG, "by": "王参谋"}, 409, "another person"),
    ],
)
async def test_whoever_is_no_second_person_is_refused(
    fires: Fires, body: dict[str, Any], status: int, reason: str
) -> None:
    answer = await fires.shelve(**body)
    assert (answer.status_code, reason in answer.text) == (status, True), answer.text
    assert SECOND_PASSWORD not in answer.text
    assert "a guess of mine" not in answer.text
    assert not await fires.is_shelved()


async def test_a_second_person_with_the_unit_in_their_scope_is_enough(fires: Fires) -> None:
    await employ(fires.room, "hotelier", "酒店主管", "supervisor", units=["hotel"])
    assert (await fires.shelve(second={**WANG, "user": "hotelier"})).status_code == 200


async def test_a_fire_is_shelved_and_extended_with_the_second_person_and_the_audit_names_both(fires: Fires) -> None:
    assert (await fires.shelve(second=WANG)).json()["shelved_with"] == "王参谋"
    assert (await fires.shelve("extend", 120)).status_code == 409
    longer = await fires.shelve("extend", 120, second=WANG, reason="未结束")
    assert (longer.status_code, longer.json()["shelve_reason"]) == (200, "未结束"), longer.text
    assert (await fires.shelve("extend", 9 * 60, second=WANG)).status_code == 409
    vouched = await fires.audit(action="vouched")
    assert (vouched[0]["actor"], vouched[0]["details"]["beside"]) == ("王参谋", "li")
    shelved = [one for one in await fires.audit(action="shelved") if one["alert_id"] == fires.fire]
    assert [(one["actor"], one["details"]["second_by"], one["details"]["outcome"]) for one in shelved] == [
        ("li", "王参谋", "extended"),
        ("li", "王参谋", "begins"),
    ]
    assert SECOND_PASSWORD not in str(await fires.audit())
    assert SECOND_PASSWORD not in fires.room.console.log.read_text()


async def test_the_same_request_under_its_key_is_done_once_with_the_same_person(fires: Fires) -> None:
    fires.http.headers["Idempotency-Key"] = f"shelf-{fires.fire}"
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    answers = [await fires.shelve(second=WANG, until=until) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    other = await fires.shelve(second={**WANG, "user": "target"}, until=until)
    assert other.status_code == 409


async def test_a_signed_in_person_confirms_a_silence_of_fires_with_their_session(room: ControlRoom) -> None:
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    matcher = {"name": "alertname", "value": "drill", "isRegex": False}
    body = {"matchers": [matcher], "ends": ends, "comment": "x", "fire": True}
    async with (
        httpx.AsyncClient(base_url=room.console.url, timeout=30) as person,
        httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER) as root,
    ):
        made = (await root.post("/api/v1/silences", json={**body, "by": "li"})).json()
        own = (await root.post("/api/v1/silences", json={**body, "by": "王参谋"})).json()
        signed_in = await person.post("/api/v1/session", json=WANG)
        csrf = {CSRF_HEADER: signed_in.json()["csrf"]}
        blind = await person.post(f"/api/v1/silences/{made['id']}/confirm", json={}, headers=csrf)
        assert (blind.status_code, "version" in blind.text) == (400, True), blind.text
        seen = {"version": made["version"]}
        confirmed = await person.post(f"/api/v1/silences/{made['id']}/confirm", json=seen, headers=csrf)
        assert (confirmed.status_code, confirmed.json()["second_by"]) == (200, "王参谋"), confirmed.text
        seen = {"version": own["version"]}
        alone = await person.post(f"/api/v1/silences/{own['id']}/confirm", json=seen, headers=csrf)
        assert (alone.status_code, alone.json()["detail_en"]) == (409, "it has to be another person")


async def test_guessing_the_second_persons_password_is_slowed_like_at_the_door(fires: Fires) -> None:
    """How much, and that a right one waits, too: `tests.alerts.test_vouching`, on a clock of its own."""
    guesses = ({"user": "target", "password": f"guess {number}"} for number in range(12))
    answers = await asyncio.gather(*(fires.shelve(second=guess) for guess in guesses))
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert slowed, [answer.text for answer in answers]
    assert {answer.json()["title"] for answer in slowed} == {"too_many"}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in slowed)
    assert not await fires.is_shelved()
