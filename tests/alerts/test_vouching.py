"""A second person vouches for an act: who may, who may not, what stands in the audit, and that no session begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import RefusedError
from tests.alerts.test_accounts import (
    ADMIN_PASSWORD,
    ELSEWHERE,
    HERE,
    OPERATOR_PASSWORD,
    STAFF_PASSWORD,
    Bench,
    bench,
)

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
        assert await vouch(one, "wang", BOSS_PASSWORD, unit="hotel") == {"outcome": "in", "wait_s": 0.0, "by": "王主任"}
        assert (await one.service.sessions({}))["sessions"] == []
        entry = (await one.entries())[-1]
        assert (entry.action, entry.actor) == ("vouched", "王主任")
        assert BOSS_PASSWORD not in entry.details
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
        assert (await vouch(one, "zhou", BOSS_PASSWORD, unit="hotel"))["by"] == "周主任"


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
        assert await vouch(one, "wang", BOSS_PASSWORD) == {"outcome": "wrong", "wait_s": 0.0, "by": None}
