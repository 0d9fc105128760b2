"""Accounts that were guessed at: listed with their wait, unlocked by an administrator; and the audit by time."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.labelled_service import LabelledService
from domain.errors import RefusedError
from tests.alerts.test_accounts import ELSEWHERE, HERE, OPERATOR_PASSWORD, Bench, bench
from tests.alerts.test_vouching import vouch


async def waits(one: Bench) -> dict[str, float]:
    return {user["id"]: user["wait_s"] for user in (await one.service.users({}))["users"]}


async def test_a_list_of_accounts_says_who_has_to_wait_and_unlocking_ends_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        for number in range(6):
            await one.sign_in("operator", "a guess", address=f"198.51.100.{number}")
        found = await waits(one)
        assert found["operator"] > 0
        assert found["admin"] == 0
        reply = await one.service.unlock({"id": "operator", "by": "管理员"})
        assert reply["user"]["id"] == "operator"
        assert (await waits(one))["operator"] == 0
        assert (await one.sign_in("operator", OPERATOR_PASSWORD, address=HERE))[1]["outcome"] == "in"
        assert "user_unlocked" in await one.actions()


async def test_unlocking_forgets_what_was_tried_from_known_places_too(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.sign_in("operator", OPERATOR_PASSWORD, address=HERE)
        for _ in range(6):
            await vouch(one, "operator", "a guess", address=HERE)
        assert (await waits(one))["operator"] > 0
        await one.service.unlock({"id": "operator", "by": "管理员"})
        assert (await waits(one))["operator"] == 0


async def test_unlocking_nobody_is_refused_and_an_address_stays_slow(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        with pytest.raises(RefusedError, match="no account"):
            await one.service.unlock({"id": "nobody", "by": "管理员"})
        for _ in range(6):
            await one.sign_in("operator", "a guess", address=ELSEWHERE)
        await one.service.unlock({"id": "operator", "by": "管理员"})
        assert (await one.sign_in("admin", "a guess", address=ELSEWHERE))[1]["outcome"] == "wait"


async def test_the_audit_is_found_by_when_it_was_written(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        service = LabelledService(one.scene.office, None)  # type: ignore[arg-type]  # nobody asks over the bus here
        first_ns = one.scene.clock.now_ns()
        one.scene.clock.advance(60)
        await one.staff()
        later_ns = one.scene.clock.now_ns()
        entries = (await service.audit({"from_ns": later_ns}))["entries"]
        assert [entry["details"]["user"] for entry in entries] == ["chen"]
        before = (await service.audit({"until_ns": later_ns}))["entries"]
        assert {entry["details"]["user"] for entry in before} == {"admin", "operator"}
        assert (await service.audit({"from_ns": first_ns, "until_ns": first_ns}))["entries"] == []
