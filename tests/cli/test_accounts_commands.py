"""``fengsui users``, ``tokens`` and ``sessions`` against the running service, and what none of them shows."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.accounts_face import AccountsFace, Outcome, SignInRequest, key_of, new_secret
from cli.app import app
from cli.secrets_removed import without_secrets
from cli.state import State
from domain.accounts import RIGHTS, Right, UserRole
from domain.glossary import label_of
from tests.alerts.test_accounts import bench
from tests.servers import connected, embedded_server

ROOT = Path(__file__).parents[2]
SITE = Path(__file__).parent / "broken_sites" / "good"
PASSWORD = "of a person who types it"  # noqa: S105  # of a test


@dataclass
class Desk:
    folder: Path
    face: AccountsFace

    async def fengsui(self, *arguments: str, stdin: str | None = None) -> Result:
        """Run a command in a thread of its own, as it makes its own event loop."""
        words = [*arguments, "--site", str(SITE), "--state", str(self.folder)]
        runner = CliRunner(env={"FENGSUI_LANG": "en", "COLUMNS": "240"})
        return await asyncio.to_thread(lambda: runner.invoke(app, words, input=stdin))

    async def sign_in(self, user: str, password: str) -> Outcome:
        request = SignInRequest(user=user, password=password, key=key_of(new_secret()), address="192.0.2.1")
        return (await self.face.sign_in(request)).outcome


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with embedded_server(folder) as server, connected(server) as backbone, bench(folder / "alerts") as one:
        await one.service.serve(backbone)
        yield Desk(folder, AccountsFace(backbone))


async def test_an_account_from_its_making_to_its_end(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        added = await here.fengsui(
            *("users", "add", "chen", "--name", "陈师傅", "--role", "unit_staff", "--unit", "hotel", "--json"),
            stdin=f"{PASSWORD}\n",
        )
        assert added.exit_code == 0, added.output
        (user,) = json.loads(added.stdout)
        assert (user["id"], user["roles"], user["units"]) == ("chen", ["unit_staff"], ["hotel"])
        assert PASSWORD not in added.output
        assert await here.sign_in("chen", PASSWORD) is Outcome.IN
        listed = await here.fengsui("users", "list")
        assert "Unit staff" in listed.output
        assert "must change password" in listed.output
        file = tmp_path / "new-password"
        file.write_text("another that is long enough\n")
        done = await here.fengsui("users", "set-password", "chen", "--keep", "--password-file", str(file))
        assert done.exit_code == 0
        assert await here.sign_in("chen", PASSWORD) is Outcome.WRONG
        assert await here.sign_in("chen", "another that is long enough") is Outcome.IN
        for words in (("roles", "chen", "--role", "operator"), ("scope", "chen", "--everywhere"), ("disable", "chen")):
            assert (await here.fengsui("users", *words, "--by", "管理员")).exit_code == 0
        (user,) = [one for one in await here.face.users() if one.id == "chen"]
        assert (user.roles, user.everywhere, user.disabled_ns is not None) == ((UserRole.OPERATOR,), True, True)
        assert (await here.fengsui("users", "enable", "chen")).exit_code == 0


async def test_a_token_is_shown_once_or_written_where_only_its_owner_reads(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        shown = await here.fengsui("tokens", "create", "grafana", "--right", "read", "--everywhere", "--json")
        made = json.loads(shown.stdout)
        assert await here.face.resolve(key_of(made["secret"]), token=True) is not None
        file = tmp_path / "bridge.token"
        words = ("tokens", "create", "bridge", "--role", "operator", "--unit", "hotel", "--days", "2")
        written = await here.fengsui(*words, "--out", str(file))
        secret = file.read_text().strip()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert secret not in written.output
        assert await here.face.resolve(key_of(secret), token=True) is not None
        listed = await here.fengsui("tokens", "list")
        assert "Operator" in listed.output
        assert not [one for one in (secret, made["secret"]) if one in listed.output]
        revoked = await here.fengsui("tokens", "revoke", made["id"][:10])
        assert (revoked.exit_code, "revoked" in revoked.output) == (0, True)
        assert await here.face.resolve(key_of(made["secret"]), token=True) is None
        assert len(json.loads((await here.fengsui("tokens", "list", "--json")).stdout)) == 1
        assert without_secrets(f"log of {secret}; Cookie: fengsui_session={new_secret()}").count("<removed>") == 2


async def test_a_session_is_listed_and_ended(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        assert await here.sign_in("operator", "of the control room") is Outcome.IN
        (listed,) = json.loads((await here.fengsui("sessions", "list", "--user", "operator", "--json")).stdout)
        assert (await here.fengsui("sessions", "end", listed["id"])).exit_code == 0
        assert "192.0.2.1" not in (await here.fengsui("sessions", "list")).output


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("users", "disable", "admin"), 1, "one administrator"),
        (("users", "disable", "nobody"), 1, "no account nobody"),
        (("users", "add", "x", "--name", "X", "--role", "operator", "--no-password"), 1, "scope"),
        (("users", "add", "x", "--name", "X", "--role", "king", "--everywhere"), 2, "king"),
        (("users", "add", "a b", "--name", "X", "--role", "operator", "--everywhere", "--no-password"), 1, "id"),
        (("tokens", "create", "x", "--everywhere"), 1, "role or a right"),
        (("sessions", "end", "zzz"), 1, "0 ids"),
    ],
)
async def test_mistakes_are_told(tmp_path: Path, words: tuple[str, ...], code: int, reason: str) -> None:
    async with desk(tmp_path) as here:
        done = await here.fengsui(*words)
        assert (done.exit_code, reason in done.output) == (code, True), done.output


async def test_without_a_service_the_exit_code_says_so(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        done = await Desk(tmp_path, AccountsFace(backbone)).fengsui("users", "list")
        assert done.exit_code == 3


def test_secrets_are_made_once_whoever_asks_first(tmp_path: Path) -> None:
    state = State(tmp_path)
    passwords = state.first_passwords()
    assert set(passwords) == {UserRole.ADMIN, UserRole.OPERATOR, UserRole.SUPERVISOR}
    assert len(set(passwords.values())) == 3
    assert State(tmp_path).first_passwords() == passwords
    files = sorted((tmp_path / "secrets").iterdir())
    assert [file.name for file in files] == ["admin.password", "operator.password", "supervisor.password"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_an_installation_from_before_the_supervisor_has_no_password_of_one(tmp_path: Path) -> None:
    state = State(tmp_path)
    before = {role: state.secret(f"{role.value}.password") for role in (UserRole.ADMIN, UserRole.OPERATOR)}
    assert state.first_passwords() == before
    assert not (tmp_path / "secrets" / "supervisor.password").exists()


def test_the_document_shows_the_table_of_rights_as_it_is() -> None:
    found = re.search(
        r"<!-- rights -->\n(.*?)\n<!-- /rights -->", (ROOT / "docs" / "accounts.md").read_text(), re.DOTALL
    )
    assert found is not None
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]
    assert rows[0] == ["right", "权限", *(role.value for role in UserRole)]
    assert rows[2:] == [
        [right.value, label_of(right, "zh"), *("✓" if right in RIGHTS[role] else "" for role in UserRole)]
        for right in Right
    ]
