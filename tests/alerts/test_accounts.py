"""Accounts in the alerts service: a real database, a clock moved by hand, requests as they come over the bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import audit
from alerts.accounts import sessions
from alerts.accounts.service import AccountsService
from alerts.accounts_face import Subject, key_of, new_secret
from alerts.desk import Desk
from alerts.schema import AuditEntry, User
from domain.accounts import RIGHTS, Right, UserRole
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError
from tests.alerts.alerts_scene import Scene, hotel, scene

ADMIN_PASSWORD = "of the first start"  # noqa: S105  # of a test
OPERATOR_PASSWORD = "of the control room"  # noqa: S105  # as above
STAFF_PASSWORD = "陈师傅的口令要足够长才行呢"  # noqa: S105  # as above
HERE, ELSEWHERE = "192.0.2.7", "203.0.113.9"


@dataclass
class Bench:
    """The service and what it works on."""

    scene: Scene
    service: AccountsService

    async def sign_in(self, user: str, password: str, *, address: str = HERE) -> tuple[str, dict[str, Any]]:
        """Return the key of a new session, and the reply."""
        key = key_of(new_secret())
        body = {"user": user, "password": password, "key": key, "address": address, "agent": "a test"}
        return key, await self.service.sign_in(body)

    async def who(self, key: str, *, token: bool = False) -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await self.service.resolve({"key": key, "token": token}))["principal"]
        return found

    async def staff(self, **changes: Any) -> None:
        """Make the account of Mr Chen, who sees the hotel only."""
        body = {"id": "chen", "name": "陈师傅", "roles": ["unit_staff"], "units": ["hotel"], "person": "p-chen"}
        await self.service.add_user(
            {**body, "password": STAFF_PASSWORD, "must_change": False, "by": "管理员", **changes}
        )

    async def actions(self) -> list[str]:
        """Return what stands in the audit."""
        return [entry.action for entry in await self.entries()]

    async def entries(self) -> list[AuditEntry]:
        def read(session: Any) -> list[AuditEntry]:
            return list(session.query(AuditEntry).order_by(AuditEntry.number))

        return await self.scene.office.database.read(read)


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    site = hotel()
    async with scene(folder, site) as opened:
        service = AccountsService(opened.office)
        await service.make_first({UserRole.ADMIN: ADMIN_PASSWORD, UserRole.OPERATOR: OPERATOR_PASSWORD})
        yield Bench(opened, service)
        service.close()


async def test_the_first_start_makes_an_administrator_and_an_operator_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.service.make_first({UserRole.ADMIN: "quite another one", UserRole.INSTALLER: "and a third account"})
        users = (await one.service.users({}))["users"]
        assert [(user["id"], user["roles"], user["everywhere"]) for user in users] == [
            ("admin", ["admin"], True),
            ("operator", ["operator"], True),
        ]
        key, reply = await one.sign_in("admin", ADMIN_PASSWORD)
        assert reply["outcome"] == "in"
        found = await one.who(key)
        assert found is not None
        assert set(found["rights"]) == {right.value for right in RIGHTS[UserRole.ADMIN]}
        assert (await one.sign_in("admin", "quite another one"))[1]["outcome"] == "wrong"


async def test_nobody_comes_in_by_a_wrong_name_an_empty_password_or_a_disabled_account(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.service.add_user(
            {"id": "none", "name": "无口令", "roles": ["operator"], "everywhere": True, "by": "admin"}
        )
        await one.service.change_user({"id": "operator", "disabled": True, "by": "admin"})
        for user, password in (("nobody", "x"), ("none", ""), ("operator", OPERATOR_PASSWORD), ("", "")):
            key, reply = await one.sign_in(user, password, address=f"198.51.100.{len(user)}")
            assert (reply["outcome"], await one.who(key)) == ("wrong", None)


async def test_wrong_passwords_cost_more_and_more_and_never_the_one_who_is_known_there(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        assert (await one.sign_in("operator", OPERATOR_PASSWORD))[1]["outcome"] == "in"
        waits = []
        for _ in range(12):
            reply = (await one.sign_in("operator", "guess", address=ELSEWHERE))[1]
            while reply["outcome"] == "wait":
                waits.append(reply["wait_s"])
                one.scene.clock.advance(reply["wait_s"])
                reply = (await one.sign_in("operator", "guess", address=ELSEWHERE))[1]
            assert reply["outcome"] == "wrong"
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        assert (await one.sign_in("operator", OPERATOR_PASSWORD, address=ELSEWHERE))[1]["outcome"] == "wait"
        assert (await one.sign_in("operator", OPERATOR_PASSWORD, address="203.0.113.77"))[1]["outcome"] == "wait"
        assert (await one.sign_in("operator", OPERATOR_PASSWORD, address=HERE))[1]["outcome"] == "in"
        assert (await one.actions()).count("sign_in_failed") == 12


async def test_many_tries_at_once_are_no_way_around_the_wait(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        replies = await asyncio.gather(*(one.sign_in("admin", f"guess {number}") for number in range(12)))
        outcomes = [reply["outcome"] for _, reply in replies]
        assert outcomes.count("wrong") <= 4
        assert outcomes.count("in") == 0


async def test_the_record_is_written_while_passwords_are_looked_at(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        tries = [asyncio.create_task(one.sign_in(f"u{n}", "x", address=f"198.51.100.{n}")) for n in range(10)]
        await asyncio.sleep(0)
        await one.scene.office.change(lambda desk: desk.write(None, "meanwhile"))
        assert not all(task.done() for task in tries)
        await asyncio.gather(*tries)


async def test_a_session_ends_by_silence_by_time_and_not_while_it_is_seen(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        silent, _ = await one.sign_in("operator", OPERATOR_PASSWORD)
        seen, _ = await one.sign_in("operator", OPERATOR_PASSWORD)
        for _ in range(13):
            one.scene.clock.advance(3600)
            assert await one.who(seen) is not None
        assert await one.who(silent) is None
        found = await one.who(seen)
        assert found is not None
        ends_in_s = (found["ends_ns"] - one.scene.clock.now_ns()) / NS_PER_S
        assert 29 * 86_400 < ends_in_s < 31 * 86_400
        for _ in range(int(ends_in_s / 39_600) + 1):
            one.scene.clock.advance(39_600)
            alive = await one.who(seen)
        assert alive is None


@pytest.mark.parametrize(
    ("roles", "idle_s", "hour"),
    [
        ([UserRole.OPERATOR], 43_200, 9),
        ([UserRole.OPERATOR, UserRole.ADMIN], 1_800, None),
        ([UserRole.UNIT_STAFF, UserRole.SUPERVISOR], 43_200, 9),
    ],
)
def test_the_shortest_of_several_roles_counts_and_long_ones_end_in_the_morning(
    roles: list[UserRole], idle_s: int, hour: int | None
) -> None:
    begun_ns = 1_800_000_000 * NS_PER_S
    idle, ends_ns = sessions.life(roles, begun_ns, "Asia/Shanghai")
    assert idle == idle_s
    assert ends_ns >= begun_ns + min(sessions.LIVES_S[role][1] for role in roles) * NS_PER_S
    if hour is not None:
        assert (ends_ns // NS_PER_S + 8 * 3600) % 86_400 == hour * 3600


async def test_what_an_administrator_changes_holds_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.staff()
        key, _ = await one.sign_in("chen", STAFF_PASSWORD)
        found = await one.who(key)
        assert found is not None
        assert (found["units"], found["rights"], found["person"]) == (["hotel"], ["read", "act"], "p-chen")
        await one.service.change_user(
            {"id": "chen", "roles": ["supervisor"], "scope": {"everywhere": True}, "by": "管理员"}
        )
        found = await one.who(key)
        assert found is not None
        assert (found["units"], "shelve_fire" in found["rights"]) == (None, True)
        await one.service.change_user({"id": "chen", "disabled": True, "by": "管理员"})
        assert await one.who(key) is None
        await one.service.change_user({"id": "chen", "disabled": False, "by": "管理员"})
        assert await one.who(key) is None  # enabled again is not signed in again


async def test_an_area_is_the_units_that_are_in_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        registry = one.scene.office.directory.registry
        placed = registry.units["hotel"].model_copy(update={"area": "gulou"})
        one.scene.office.directory._registry = type(registry)(
            **{**{name: getattr(registry, name) for name in registry.__dataclass_fields__}, "units": {"hotel": placed}}
        )
        await one.staff(units=[], areas=["gulou"])
        key, _ = await one.sign_in("chen", STAFF_PASSWORD)
        found = await one.who(key)
        assert found is not None
        assert found["units"] == ["hotel"]
        with pytest.raises(RefusedError, match="taijiang"):
            await one.staff(id="lin", name="林", units=[], areas=["taijiang"])


async def test_a_new_password_ends_the_other_sessions_and_a_given_one_must_be_changed(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.staff()
        mine, _ = await one.sign_in("chen", STAFF_PASSWORD)
        other, _ = await one.sign_in("chen", STAFF_PASSWORD)
        with pytest.raises(RefusedError, match="old password"):
            await one.service.own_password({"key": mine, "old": "guess", "new": "another good one"})
        await one.service.own_password({"key": mine, "old": STAFF_PASSWORD, "new": "another good one"})
        assert await one.who(mine) is not None
        assert await one.who(other) is None
        await one.service.set_password({"id": "chen", "password": "given by somebody", "by": "管理员"})
        assert await one.who(mine) is None
        key, reply = await one.sign_in("chen", "given by somebody")
        assert reply["principal"]["must_change"]
        assert reply["principal"]["rights"] == []
        await one.service.own_password({"key": key, "old": "given by somebody", "new": "chosen by myself"})
        found = await one.who(key)
        assert found is not None
        assert found["rights"] == ["read", "act"]


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "chenchenchen", "陈师傅陈师傅陈师傅陈师傅"])
async def test_passwords_that_guess_themselves_are_refused(tmp_path: Path, password: str) -> None:
    async with bench(tmp_path) as one:
        with pytest.raises(RefusedError, match="password"):
            await one.staff(password=password)


async def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        for change in ({"disabled": True}, {"roles": ["operator"]}, {"scope": {"units": ["hotel"]}}):
            with pytest.raises(RefusedError, match="administrator"):
                await one.service.change_user({"id": "admin", "by": "admin", **change})
        await one.staff(id="lin", name="林经理", roles=["admin"], units=[], everywhere=True, person="p-lin")
        await one.service.change_user({"id": "admin", "disabled": True, "by": "林经理"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "operator"}, "already"),
        ({"name": "值班员"}, "operator has this name"),
        ({"name": "system"}, "choose another"),
        ({"id": "console"}, "choose another"),
        ({"name": "a\u200bb"}, "invisible"),
        ({"person": "p-nobody"}, "no person"),
        ({"units": ["school"]}, "no such unit"),
        ({"units": []}, "scope"),
        ({"everywhere": True}, "scope"),
    ],
)
async def test_an_account_that_would_mislead_is_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    async with bench(tmp_path) as one:
        with pytest.raises(RefusedError, match=reason):
            await one.staff(**change)
        assert [user["id"] for user in (await one.service.users({}))["users"]] == ["admin", "operator"]


async def test_a_token_may_what_it_was_given_until_it_is_over(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        key = key_of(new_secret())
        body = {"key": key, "name": "grafana", "rights": ["read"], "units": ["hotel"], "lasts_s": 3600, "by": "管理员"}
        token = (await one.service.create_token(body))["token"]
        found = await one.who(key, token=True)
        assert found is not None
        assert (found["rights"], found["units"], found["kind"]) == (["read"], ["hotel"], "token")
        assert await one.who(key) is None  # a token is no session
        with pytest.raises(RefusedError, match="in use"):
            await one.service.create_token({**body, "key": key_of("x")})
        with pytest.raises(RefusedError, match="role or a right"):
            await one.service.create_token({**body, "key": key_of("x"), "name": "b", "rights": []})
        one.scene.clock.advance(3601)
        assert await one.who(key, token=True) is None
        lasting = {**body, "key": key_of("y"), "name": "lasting", "lasts_s": None}
        made = await one.service.create_token({name: value for name, value in lasting.items() if value is not None})
        assert await one.who(key_of("y"), token=True) is not None
        await one.service.revoke_token({"id": made["token"]["id"], "by": "管理员"})
        assert await one.who(key_of("y"), token=True) is None
        assert (await one.service.tokens({}))["tokens"][-1]["id"] == token["id"]


async def test_sessions_are_listed_and_ended_by_their_short_name(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        key, reply = await one.sign_in("operator", OPERATOR_PASSWORD)
        (listed,) = (await one.service.sessions({"user": "operator"}))["sessions"]
        assert (listed["id"], listed["address"]) == (reply["principal"]["session"], HERE)
        assert key not in str(listed)
        await one.service.end_session({"id": listed["id"], "by": "管理员"})
        assert await one.who(key) is None
        with pytest.raises(RefusedError, match="no session"):
            await one.service.end_session({"id": listed["id"], "by": "管理员"})


async def test_everything_stands_in_the_audit_and_no_secret_in_the_database(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.staff()
        secret = new_secret()
        await one.service.sign_in({"user": "chen", "password": STAFF_PASSWORD, "key": key_of(secret)})
        await one.service.sign_in({"user": STAFF_PASSWORD, "password": "typed in the wrong field", "key": key_of("z")})
        await one.service.change_user({"id": "chen", "disabled": True, "by": "管理员"})
        assert await one.actions() == [
            "user_added",
            "user_added",
            "user_added",
            "signed_in",
            "sign_in_failed",
            "user_changed",
            "session_ended",
        ]
        assert (await one.scene.office.database.read(audit.verify)).intact
        hashes = await one.scene.office.database.read(
            lambda session: [user.password_hash for user in session.query(User)]
        )
        assert all(found is not None and found.startswith("$argon2id$v=19$m=65536,t=3,p=1$") for found in hashes)
    files = {path.name: path.read_bytes() for path in tmp_path.glob("alerts.db*")}  # noqa: ASYNC240  # nothing else runs
    assert "alerts.db" in files
    for word in (STAFF_PASSWORD, secret, "typed in the wrong field", ADMIN_PASSWORD):
        assert not [name for name, content in files.items() if word.encode() in content]


async def test_an_account_that_changed_while_its_password_was_looked_at_stays_out(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        coming = asyncio.create_task(one.sign_in("operator", OPERATOR_PASSWORD))
        while one.service._passwords._waiting == 0:
            await asyncio.sleep(0)

        def lock_out(desk: Desk) -> None:
            desk.session.get_one(User, "operator").disabled_ns = desk.now_ns

        await one.scene.office.change(lock_out)
        key, reply = await coming
        assert (reply["outcome"], await one.who(key)) in (("wrong", None), ("in", None))


HANDLERS = {
    Subject.SIGN_IN: "sign_in",
    Subject.VOUCH: "vouch",
    Subject.VOUCH_HERE: "vouch_here",
    Subject.RESOLVE: "resolve",
    Subject.USER_ADD: "add_user",
    Subject.USER_CHANGE: "change_user",
    Subject.TOKEN_CREATE: "create_token",
    Subject.SESSION_END: "end_session",
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "user", "password", "key", "by", "roles", "units", "scope", "disabled", "token", "name"]
)


async def test_junk_is_refused_without_being_repeated(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        for handler, body in (
            (one.service.sign_in, {"user": "x", "password": ["hunter2 in a list"], "key": "k"}),
            (one.service.own_password, {"key": "hunter2 as a key", "old": "hunter2", "new": 7}),
            (one.service.set_password, {"id": "chen", "password": {"hunter2": 1}, "by": "a"}),
            (one.service.add_user, {"id": "x", "password": "hunter2" * 40, "by": "a"}),
        ):
            with pytest.raises(ValueError, match="validation error") as caught:
                await handler(body)
            assert "hunter2" not in str(caught.value)

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(sorted(HANDLERS.values())), st.dictionaries(FIELDS, JUNK, max_size=6))
        def any_request(name: str, body: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(refused_or_answered(name, body), loop).result(60)

        async def refused_or_answered(name: str, body: dict[str, Any]) -> None:
            with contextlib.suppress(FengsuiError, ValueError):
                assert isinstance(await getattr(one.service, name)(body), dict)

        loop = asyncio.get_running_loop()
        await asyncio.to_thread(any_request)


def test_every_role_reads_and_only_one_keeps_accounts() -> None:
    assert all(Right.READ in rights for rights in RIGHTS.values())
    assert [role for role, rights in RIGHTS.items() if Right.ADMINISTER in rights] == [UserRole.ADMIN]
    assert set(RIGHTS) == set(UserRole)
    assert {right for rights in RIGHTS.values() for right in rights} == set(Right)
    assert Right.ACT not in RIGHTS[UserRole.INSTALLER] | RIGHTS[UserRole.ADMIN]
