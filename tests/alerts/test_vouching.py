"""A second person vouches for an act: who may, who may not, what stands in the audit, and that no session begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alerts.accounts.vouchers import GOOD_S, Vouched
from alerts.actions_service import ActionsService
from alerts.once import OnceService
from domain.accounts import Right
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import fire
from tests.alerts.test_accounts import (
    ADMIN_PASSWORD,
    ELSEWHERE,
    HERE,
    OPERATOR_PASSWORD,
    STAFF_PASSWORD,
    Bench,
    bench,
)

HOUR_NS = 3600 * NS_PER_S
BOSS_PASSWORD = "of the shift's head"  # noqa: S105  # of a test


async def boss(one: Bench, **changes: Any) -> None:
    """Make the account of a supervisor for everywhere."""
    body = {"id": "wang", "name": "王主任", "roles": ["supervisor"], "everywhere": True, "password": BOSS_PASSWORD}
    await one.service.add_user({**body, "must_change": False, "by": "管理员", **changes})


async def vouch(one: Bench, user: str, password: str, **changes: Any) -> dict[str, Any]:
    body = {"user": user, "password": password, "right": "shelve_fire", "beside": "值班员", "address": HERE}
    return await one.service.vouch({**body, **changes})


async def test_another_person_with_the_right_vouches_and_no_session_begins(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        reply = await vouch(one, "wang", BOSS_PASSWORD, unit="hotel")
        assert (reply["outcome"], reply["second"]["by"]) == ("in", "王主任")
        assert (await one.service.sessions({}))["sessions"] == []
        entry = (await one.entries())[-1]
        assert (entry.action, entry.actor) == ("vouched", "王主任")
        assert BOSS_PASSWORD not in entry.details
        assert reply["second"]["proof"] not in entry.details
        told = json.loads(entry.details)
        assert (told["beside"], told["right"], told["unit"]) == ("值班员", "shelve_fire", "hotel")


async def test_the_first_person_is_no_second_and_neither_is_their_other_account(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one, person="p-chen")
        await one.staff()
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "operator", OPERATOR_PASSWORD, right="shelve")
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "wang", BOSS_PASSWORD, beside="陈师傅")
        assert (await one.actions())[-2:] == ["vouch_refused", "vouch_refused"]


@pytest.mark.parametrize(
    "beside",
    [
        "王主任 (grafana)",
        "WANG",
        "p-lin",
        "p-lin (grafana)",
        " 王主任",
        "Head Wang",
        "wang (ci (prod))",
        "Wang (a) (b (c))",
    ],
)
async def test_whom_a_program_speaks_for_is_no_second_however_they_are_written(tmp_path: Path, beside: str) -> None:
    async with bench(tmp_path) as one:
        await boss(one, person="p-lin", name_en="Head Wang")
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "wang", BOSS_PASSWORD, beside=beside)


@pytest.mark.parametrize("beside", ["Night-Wang", "王夜班 (bridge)", "wang by night", "NIGHT-WANG (ci (prod))"])
async def test_nobody_is_the_second_of_their_other_account_however_that_is_written(tmp_path: Path, beside: str) -> None:
    async with bench(tmp_path) as one:
        await boss(one, person="p-lin")
        await boss(one, id="night-wang", name="王夜班", name_en="Wang by Night", person="p-lin")
        await boss(one, id="zhou", name="周主任")
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "wang", BOSS_PASSWORD, beside=beside)
        assert (await vouch(one, "zhou", BOSS_PASSWORD, beside=beside))["second"]["by"] == "周主任"


async def test_who_is_signed_in_vouches_with_their_session_while_it_runs(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        key, _ = await one.sign_in("wang", BOSS_PASSWORD)
        body = {"key": key, "right": "shelve_fire", "beside": "值班员"}
        assert (await one.service.vouch_here(body))["second"]["by"] == "王主任"
        assert (await one.actions())[-1] == "vouched"
        with pytest.raises(RefusedError, match="another person"):
            await one.service.vouch_here({**body, "beside": "王主任"})
        await one.service.sign_out({"key": key})
        with pytest.raises(RefusedError, match="sign in again"):
            await one.service.vouch_here(body)


async def test_a_fire_is_shelved_with_who_vouched_for_it_and_with_nobody_who_is_only_named(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        alert = await one.scene.say(fire())
        record = ActionsService(one.scene.office, b"no link is signed here")
        asked = {"id": alert, "by": "值班员", "reason": "test", "until_ns": one.scene.clock.now_ns() + HOUR_NS}

        async def refused(reason: str, **changes: Any) -> None:
            with pytest.raises((RefusedError, ValueError), match=reason):
                await record.shelve({**asked, **changes})
            assert (await one.scene.alert(alert)).shelved_until_ns is None

        await refused("takes two")
        await refused("second", second="王主任")
        await refused("second_by", second_by="王主任")
        await refused("show who they are", second={"by": "王主任", "proof": "0" * 64})
        await refused("another deed", second=(await vouch(one, "wang", BOSS_PASSWORD))["second"], by="somebody")
        spent = (await vouch(one, "wang", BOSS_PASSWORD))["second"]
        await refused("show who they are", second={**spent, "by": "陈师傅"})
        await refused("show who they are", second=spent)
        late = (await vouch(one, "wang", BOSS_PASSWORD))["second"]
        one.scene.clock.advance(GOOD_S + 1)
        await refused("show who they are", second=late)
        narrow = Vouched("周主任", "值班员", Right.SHELVE_FIRE, ("school",))
        given = one.scene.office.vouchers.give(narrow, one.scene.clock.now_ns())
        await refused("outside the second", second=given.model_dump())
        await record.shelve({**asked, "second": (await vouch(one, "wang", BOSS_PASSWORD, unit="hotel"))["second"]})
        assert (await one.scene.alert(alert)).shelved_with == "王主任"


async def test_a_deed_that_is_sent_again_under_its_key_is_known_whatever_the_new_proof_is(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        alert = await one.scene.say(fire())
        once = OnceService(one.scene.office, None, b"no link is signed here")  # type: ignore[arg-type]  # nothing served
        asked = {"id": alert, "by": "值班员", "reason": "test", "until_ns": one.scene.clock.now_ns() + HOUR_NS}

        async def sent(**changes: Any) -> dict[str, Any]:
            second = (await vouch(one, "wang", BOSS_PASSWORD))["second"]
            return await once.do({"key": "k", "action": "shelve", "body": {**asked, "second": {**second, **changes}}})

        assert await sent() == await sent()
        with pytest.raises(RefusedError, match="another request"):
            await sent(by="周主任")


async def test_a_second_needs_the_right_the_scope_and_a_password_of_their_own(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.staff()
        await boss(one, must_change=True)
        await boss(one, id="zhou", name="周主任", everywhere=False, units=["hotel"])
        with pytest.raises(RefusedError, match="no right"):
            await vouch(one, "chen", STAFF_PASSWORD)
        with pytest.raises(RefusedError, match="no right"):
            await vouch(one, "admin", ADMIN_PASSWORD)
        with pytest.raises(RefusedError, match="change their password"):
            await vouch(one, "wang", BOSS_PASSWORD)
        with pytest.raises(RefusedError, match="outside"):
            await vouch(one, "zhou", BOSS_PASSWORD, unit="school")
        assert (await vouch(one, "zhou", BOSS_PASSWORD, unit="hotel"))["second"]["by"] == "周主任"


async def test_guessing_a_second_costs_like_guessing_at_the_door(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        outcomes = [(await vouch(one, "wang", "guess", address=ELSEWHERE))["outcome"] for _ in range(6)]
        assert outcomes == ["wrong"] * 4 + ["wait"] * 2
        assert (await one.sign_in("wang", BOSS_PASSWORD, address=ELSEWHERE))[1]["outcome"] == "wait"
        assert (await one.actions()).count("sign_in_failed") == 4


async def test_a_disabled_second_is_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        await one.service.change_user({"id": "wang", "disabled": True, "by": "管理员"})
        assert await vouch(one, "wang", BOSS_PASSWORD) == {"outcome": "wrong", "wait_s": 0.0, "second": None}
