"""``fengsui alerts`` against a running process, as a person and as a pipe would use it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backbone.client import Backbone
from cli import alerts_commands
from domain.alarm import TransitionKind
from tests.alerts.alerts_scene import EBIKE_TEXT, EXIT, fire, transition
from tests.alerts.test_alerts_process import Running, running


async def fengsui(bench: Running, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run a command in a thread of its own, as it makes its own event loop; it joins the bench's server."""

    async def connect_service() -> Backbone:
        return await Backbone.connect(bench.server.url, credentials=bench.server.credentials["service"], name="cli")

    monkeypatch.setattr(alerts_commands, "connect_service", connect_service)
    return await asyncio.to_thread(CliRunner(env={"COLUMNS": "250"}).invoke, alerts_commands.app, list(arguments))


async def test_a_fire_from_list_to_reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:
        alert = await bench.say(fire(place=EXIT))
        await bench.alert(alert)
        listed = await fengsui(bench, monkeypatch, "list")
        assert listed.exit_code == 0
        assert alert[:8] in listed.output
        assert "火警" in listed.output
        assert "未应答" in listed.output

        taken = await fengsui(bench, monkeypatch, "ack", alert[:8], "--by", "王值班", "--json")
        assert json.loads(taken.output)["acknowledged_by"] == "王值班"
        again = await fengsui(bench, monkeypatch, "ack", alert[:8], "--by", "王值班")
        assert (again.exit_code, "已由 王值班 应答" in again.output) == (1, True)
        held = await fengsui(bench, monkeypatch, "reset", alert)
        assert (held.exit_code, "设备数据仍在报警" in held.output) == (1, True)
        found = await fengsui(bench, monkeypatch, "confirm", alert, "real", "--text", "三楼冒烟", "--json")
        assert json.loads(found.output)["confirmed"] == "real"

        await bench.say(fire(TransitionKind.CLEARED, place=EXIT))
        await bench.alert(alert, lambda view: not view.active)
        done = await fengsui(bench, monkeypatch, "reset", alert, "--lang", "en")
        assert (done.exit_code, "closed" in done.output) == (0, True)
        assert json.loads((await fengsui(bench, monkeypatch, "list", "--json")).output) == []
        shown = await fengsui(bench, monkeypatch, "list", "--all", "--json")
        assert [entry["id"] for entry in json.loads(shown.output)] == [alert]


async def test_show_tells_who_was_told_and_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.phone.wait_for(1)
        said = await fengsui(bench, monkeypatch, "comment", alert, "已电话通知", "--by", "op")
        assert said.exit_code == 0
        shown = await fengsui(bench, monkeypatch, "show", alert[:10])
        for word in (EBIKE_TEXT[:8], "p-chen", "phone", "raised", "told", "commented"):
            assert word in shown.output
        detail = json.loads((await fengsui(bench, monkeypatch, "show", alert, "--json")).output)
        assert detail["comments"][0]["text"] == "已电话通知"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("show", "zzzz"), 1, "0 条告警"),
        (("show", "0" * 32), 1, "no such alert"),
        (("ack", "no/such"), 1, "0 条告警"),
        (("show", "!" * 40), 2, "id"),
    ],
)
async def test_mistakes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    async with running(tmp_path) as bench:
        result = await fengsui(bench, monkeypatch, *arguments)
        assert (result.exit_code, reason in result.output) == (code, True)
