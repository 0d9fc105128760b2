"""``fengsui alerts shelve|unshelve|assign|attach|recheck`` and ``fengsui maintenance`` against a running process."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from alerts.accounts_face import AccountsFace, UserAddRequest
from backbone.client import Backbone
from cli import alerts_commands, maintenance_command
from cli.app import app
from domain.accounts import UserRole
from domain.alarm import TransitionKind
from tests.alerts.alerts_scene import EXIT, fire, transition
from tests.alerts.test_alerts_process import Running, running

PASSWORD = "of a person who types it"  # noqa: S105  # of a test


async def fengsui(bench: Running, monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str | None = None) -> Result:
    """Run a command in a thread of its own, as it makes its own event loop; it joins the bench's server."""

    async def connect_service() -> Backbone:
        return await Backbone.connect(bench.server.url, credentials=bench.server.credentials["service"], name="cli")

    def asked(_site: object, _state: object, work: Callable[[Backbone], Awaitable[object]]) -> object:
        async def main() -> object:
            async with await connect_service() as backbone:
                return await work(backbone)

        try:
            return asyncio.run(main())
        except Exception as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error

    monkeypatch.setattr(alerts_commands, "connect_service", connect_service)
    monkeypatch.setattr(maintenance_command, "_asked", asked)
    runner = CliRunner(env={"COLUMNS": "250"})
    return await asyncio.to_thread(lambda: runner.invoke(app, list(arguments), input=stdin))


async def hire(bench: Running, account: str, name: str, *roles: UserRole) -> None:
    """Make an account for everywhere."""
    request = UserAddRequest(
        id=account, name=name, roles=roles, everywhere=True, password=PASSWORD, must_change=False, by="test"
    )
    await AccountsFace(bench.backbone).add_user(request)


async def test_an_alert_from_shelf_to_recheck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.alert(alert)

        async def alerts(*arguments: str) -> Result:
            return await fengsui(bench, monkeypatch, "alerts", *arguments)

        shelved = await alerts("shelve", alert[:8], "--hours", "2", "--reason", "清洗", "--by", "王值班")
        assert (shelved.exit_code, "搁置" in shelved.output) == (0, True)
        longer = await alerts("extend", alert, "--hours", "4", "--reason", "等备件", "--by", "王值班", "--json")
        assert json.loads(longer.stdout)["shelve_reason"] == "等备件"
        shorter = await alerts("extend", alert, "--hours", "1", "--reason", "等备件", "--lang", "en")
        assert (shorter.exit_code, "no later than" in shorter.output) == (1, True)
        assert (await alerts("unshelve", alert, "--json")).exit_code == 0
        assert json.loads((await alerts("assign", alert, "p-lin", "--by", "op", "--json")).stdout)["owner"] == "p-lin"
        picture = tmp_path / "after.jpg"
        picture.write_bytes(b"jpeg")
        attached = await alerts("attach", alert, "https://files.example/after.jpg", "--file", str(picture))
        assert attached.exit_code == 0
        assert (await alerts("attach", alert, "https://files.example/x")).exit_code == 2
        assert (await alerts("attach", alert, "file:///x", "--sha256", "0" * 64)).exit_code == 2
        assert (await alerts("ack", alert, "--by", "p-chen")).exit_code == 0
        refused = await alerts("confirm", alert, "false", "--lang", "en")
        assert (refused.exit_code, "needs its cause" in refused.output) == (1, True)
        assert (await alerts("confirm", alert, "false", "--cause", "steam")).exit_code == 0
        await bench.say(transition(kind=TransitionKind.CLEARED))
        await bench.alert(alert, lambda view: view.closed_at_ns is not None)
        again = await alerts("recheck", alert, "--by", "p-chen")
        assert (again.exit_code, "another person" in again.output) == (1, True)
        assert (await alerts("recheck", alert, "--by", "s-wang", "--note", "gone")).exit_code == 0
        shown = await alerts("show", alert, "--lang", "en")
        for word in ("steam", "re-checked", hashlib.sha256(b"jpeg").hexdigest()[:20], "image/jpeg", "shelved"):
            assert word in shown.output


async def test_a_fire_is_shelved_by_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:
        alert = await bench.say(fire(place=EXIT))
        await bench.alert(alert)
        command = ("alerts", "shelve", alert, "--hours", "1", "--reason", "test of the loop", "--by", "op")
        alone = await fengsui(bench, monkeypatch, *command)
        assert (alone.exit_code, "搁置火警须两人" in alone.output) == (1, True)
        await hire(bench, "wang", "王参谋", UserRole.SUPERVISOR)
        await hire(bench, "chen", "陈值班", UserRole.OPERATOR)
        for account, typed, reason in (
            ("wang", "a guess", "wrong account or password"),
            ("s-wang", PASSWORD, "wrong account or password"),
            ("chen", PASSWORD, "no right to it"),
        ):
            refused = await fengsui(bench, monkeypatch, *command, "--second", account, stdin=f"{typed}\n")
            assert (refused.exit_code, reason in refused.output) == (1, True), refused.output
            assert typed not in refused.output
        same = (*command[:-1], "王参谋", "--second", "wang")
        assert (await fengsui(bench, monkeypatch, *same, stdin=f"{PASSWORD}\n")).exit_code == 1
        file = tmp_path / "theirs"
        file.write_text(f"{PASSWORD}\n")
        second = ("--second", "wang", "--second-password-file", str(file), "--json")
        done = await fengsui(bench, monkeypatch, *command, *second)
        assert json.loads(done.stdout)["shelved_with"] == "王参谋", done.output
        window = ("maintenance", "begin", "hotel", "--hours", "1", "--reason", "x", "--by", "op", *second)
        (planned,) = json.loads((await fengsui(bench, monkeypatch, *window)).stdout)
        assert planned["second_by"] == "王参谋"


async def test_maintenance_from_plan_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:

        async def maintenance(*arguments: str) -> Result:
            return await fengsui(bench, monkeypatch, "maintenance", *arguments)

        begun = await maintenance(
            "begin", "hotel", "--hours", "1", "--reason", "水泵检修", "--zone", "east-1-exit", "--json"
        )
        (window,) = json.loads(begun.stdout)
        alert = await bench.say(transition())
        await bench.alert(alert, lambda view: view.suppressed_by == window["id"])
        listed = await maintenance("list")
        assert all(word in listed.output for word in (window["id"][:8], "水泵检修", "进行中", "east-1-exit"))
        assert (await maintenance("end", window["id"][:8], "--by", "op", "--lang", "en")).exit_code == 0
        assert (await maintenance("end", window["id"][:8])).exit_code == 1
        await bench.alert(alert, lambda view: view.suppressed_by is None)
        await bench.phone.wait_for(1)
        assert "由 op 结束" in (await maintenance("list", "--ended")).output
        planned = await maintenance("begin", "hotel", "--hours", "1", "--reason", "x", "--from", "2099-01-01T00:00")
        assert (planned.exit_code, "a year ahead" in planned.output) == (1, True)
        assert (await maintenance("begin", "hotel", "--hours", "1", "--reason", "x", "--from", "soon")).exit_code == 2
        assert (await maintenance("begin", "no unit", "--hours", "1", "--reason", "x")).exit_code == 1
