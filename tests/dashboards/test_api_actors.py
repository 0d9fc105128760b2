"""Two persons over HTTP are two accounts: what was seen is what is confirmed, and no name makes one into two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from alerts.silences_face import SetSilence, SilencesFace
from dashboards.api.sessions import CSRF_HEADER
from domain.alarm import AlarmClass, TransitionKind
from domain.clock import NS_PER_S
from domain.matchers import Matcher
from tests.dashboards.accounts_of_rooms import BEARER, SECOND_PASSWORD, employ
from tests.dashboards.control_room import ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATOR_PASSWORD = "of the control room's"  # noqa: S105  # of a test
HOUR_NS = 3600 * NS_PER_S


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("actors"), operator_password=OPERATOR_PASSWORD) as opened:
        await employ(opened, "wang", "王参谋", "supervisor")
        await employ(opened, "namesake", "孙值班", "operator", everywhere=True, name_en="值班员")
        yield opened


@asynccontextmanager
async def signed_in(
    room: ControlRoom, account: str, password: str = SECOND_PASSWORD
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a browser's session."""
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as person:
        answer = await person.post("/api/v1/session", json={"user": account, "password": password})
        person.headers[CSRF_HEADER] = answer.json()["csrf"]
        yield person


def program(room: ControlRoom) -> httpx.AsyncClient:
    """Return a program with the installation's own token."""
    return httpx.AsyncClient(base_url=room.console.url, timeout=30, headers=BEARER)


async def test_nobody_confirms_other_times_than_those_they_saw(room: ControlRoom) -> None:
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    matcher = {"name": "alertname", "value": f"drill-{time.time_ns()}", "isRegex": False}
    body = {"matchers": [matcher], "ends": ends, "comment": "热烟试验", "fire": True}
    async with (
        signed_in(room, "wang") as wang,
        signed_in(room, "operator", OPERATOR_PASSWORD) as maker,
        program(room) as other,
    ):
        seen = (await maker.post("/api/v1/silences", json=body)).json()
        assert (seen["created_account"], len(seen["version"])) == ("operator", 32)
        longer = SetSilence(
            id=seen["id"],
            matchers=(Matcher.model_validate(matcher),),
            starts_ns=seen["starts_ns"],
            ends_ns=seen["ends_ns"] + 100 * HOUR_NS,
            by=seen["created_by"],
            account="operator",
            comment=seen["comment"],
            fire=True,
        )
        changed = await SilencesFace(room.backbone).set(longer)
        confirm, stale = f"/api/v1/silences/{seen['id']}/confirm", {"version": seen["version"]}
        second = {"user": "wang", "password": SECOND_PASSWORD}
        for sent in (await wang.post(confirm, json=stale), await other.post(confirm, json={**stale, "second": second})):
            assert (sent.status_code, "changed since you looked at it" in sent.text) == (409, True), sent.text
        known = (await wang.get(f"/api/v1/silences/{seen['id']}")).json()
        assert (known["second_by"], known["version"]) == (None, changed.version)
        confirmed = await wang.post(confirm, json={"version": known["version"]})
        assert (confirmed.status_code, confirmed.json()["second_by"]) == (200, "王参谋"), confirmed.text


async def test_who_gave_a_shift_takes_it_under_no_other_name_and_a_namesake_does(room: ControlRoom) -> None:
    async with (
        signed_in(room, "operator", OPERATOR_PASSWORD) as giver,
        signed_in(room, "namesake") as taker,
        program(room) as other,
    ):
        given = (await giver.post("/api/v1/handovers", json={"notes": "x"})).json()
        assert (given["given_by"], given["given_account"]) == ("值班员", "operator")
        take = f"/api/v1/handovers/{given['id']}/take"
        for sent in (
            await giver.post(take, json={"by": "somebody else"}),
            await other.post(take, json={"by": "Operator"}),
            await other.post(take, json={"by": "值 班 员"}),
        ):
            assert (sent.status_code, "another person" in sent.text) == (409, True), sent.text
        taken = await taker.post(take, json={})
        assert (taken.status_code, taken.json()["taken_by"]) == (200, "孙值班"), taken.text


async def test_a_hazard_is_rechecked_by_another_account_than_took_it_on(room: ControlRoom) -> None:
    rule = f"hazard-{time.time_ns()}"
    await room.alarm(rule, alarm_class=AlarmClass.HAZARD)
    await room.alarm(rule, alarm_class=AlarmClass.HAZARD, kind=TransitionKind.CLEARED)
    async with (
        signed_in(room, "operator", OPERATOR_PASSWORD) as first,
        signed_in(room, "namesake") as second,
        program(room) as other,
    ):
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            while not found or found[0]["active"]:
                found = (await first.get("/api/v1/alerts", params={"rule": rule})).json()["alerts"]
        where = f"/api/v1/alerts/{found[0]['id']}"
        assert (await first.post(f"{where}/acknowledge", json={})).status_code == 200
        for again in (
            await first.post(f"{where}/recheck", json={}),
            await other.post(f"{where}/recheck", json={"by": "operator"}),
        ):
            assert (again.status_code, "another person" in again.text) == (409, True), again.text
        done = await second.post(f"{where}/recheck", json={})
        assert (done.status_code, done.json()["rechecked_by"]) == (200, "孙值班"), done.text
