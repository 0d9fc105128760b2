"""``fengsui feed``: the stream as lines, schemas, readers and facts, as a person and as a pipe would use them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from alerts.feed_face import schema_names
from alerts.feeding.daily import Known, daily_fact
from alerts.feeding.days import LocalDays
from alerts.feeding.facts_store import issue
from alerts.schema import FeedEvent
from backbone.client import Backbone
from cli import feed_commands
from cli.feed_since import since
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EBIKE_TEXT, fire, scene, transition
from tests.alerts.test_alerts_process import Running, running, until

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


async def fengsui(bench: Running, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run a command in a thread of its own, as it makes its own event loop; it joins the bench's server."""

    async def connect_service() -> Backbone:
        return await Backbone.connect(bench.server.url, credentials=bench.server.credentials["service"], name="cli")

    monkeypatch.setattr(feed_commands, "connect_service", connect_service)
    return await asyncio.to_thread(CliRunner(env={"COLUMNS": "250"}).invoke, feed_commands.app, list(arguments))


async def test_the_tail_shows_a_line_for_each_event_and_json_for_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as bench:
        await bench.say(fire(), transition())

        async def all_there() -> str | None:
            shown = await fengsui(bench, monkeypatch, "tail", "--no-follow", "--event", "raised")
            assert shown.exit_code == 0, shown.output
            return shown.output if len(shown.output.splitlines()) == 2 else None

        output = await until(all_there, timeout_s=60)
        for word in ("火警", "隐患", "产生", "hotel", EBIKE_TEXT[:8]):
            assert word in output
        english = await fengsui(bench, monkeypatch, "tail", "--no-follow", "--class", "hazard", "--lang", "en")
        assert "Hazard" in english.output
        assert "Fire" not in english.output
        piped = await fengsui(bench, monkeypatch, "tail", "--no-follow", "--class", "fire", "--since", "1d", "--json")
        lines = [json.loads(line) for line in piped.output.splitlines()]
        assert {line["data"]["alarm_class"] for line in lines} == {"fire"}
        after = await fengsui(bench, monkeypatch, "tail", "--no-follow", "--since", str(lines[-1]["seq"]), "--json")
        assert json.loads(after.output.splitlines()[0])["seq"] == lines[-1]["seq"]
        assert (await fengsui(bench, monkeypatch, "tail", "--no-follow", "--unit", "school")).output == ""


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("tail", "--event", "exploded"), 2, "workitem"),
        (("tail", "--unit", "a b"), 2, "unit"),
        (("facts", "--day", "28/11"), 2, "day"),
        (("tail", "--no-follow", "--since", "yesterday"), 1, "2026-11-28"),
        (("schema", "alerts"), 1, "alert-event-v1"),
    ],
)
async def test_mistakes_are_told_with_what_to_write_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, word: str
) -> None:
    async with running(tmp_path) as bench:
        told = await fengsui(bench, monkeypatch, *arguments)
        assert (told.exit_code, word in told.output) == (code, True), told.output


async def test_readers_and_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as bench:
        shown = await fengsui(bench, monkeypatch, "consumers", "--lang", "en")
        assert [word for word in ("units", "risk", "ALERTS", "FACTS") if word in shown.output] == [
            "units", "risk", "ALERTS", "FACTS",
        ]  # fmt: skip
        piped = json.loads((await fengsui(bench, monkeypatch, "consumers", "--json")).output)
        assert {(one["name"], one["used"]) for one in piped} == {("units", False), ("risk", False)}
        (tmp_path / "own").mkdir()
        async with scene(tmp_path / "own") as own:
            days = LocalDays("Asia/Shanghai")
            fact = daily_fact("hotel", days.day_of(1_800_000_000 * NS_PER_S), days, Known())
            await own.office.change(lambda desk: issue(desk, [fact]))
            row = await own.office.database.read(lambda session: session.query(FeedEvent).one())
        await bench.backbone.publish(row.subject, row.payload.encode(), message_id=row.id)
        table = await fengsui(bench, monkeypatch, "facts", "--unit", "hotel")
        assert table.exit_code == 0, table.output
        assert "2027-01-15" in table.output
        found = json.loads((await fengsui(bench, monkeypatch, "facts", "--day", "2027-01-15", "--json")).output)
        assert [one["unit"] for one in found] == ["hotel"]
        assert json.loads((await fengsui(bench, monkeypatch, "facts", "--unit", "school", "--json")).output) == []


def test_schemas_are_written_as_they_are_published() -> None:
    names = CliRunner().invoke(feed_commands.app, ["schema"])
    assert tuple(names.output.split()) == schema_names()
    for name in schema_names():
        shown = CliRunner().invoke(feed_commands.app, ["schema", name])
        assert json.loads(shown.output)["$id"] == f"urn:fengsui:schema:{name}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1234", 1234),
        ("2h", NOW - timedelta(hours=2)),
        (" 90s ", NOW - timedelta(seconds=90)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-28T08:00:00+08:00", datetime(2026, 11, 28, tzinfo=UTC)),
    ],
)
def test_a_place_in_the_feed_is_written_as_people_do(text: str, wanted: int | datetime) -> None:
    assert since(text, NOW) == wanted


@given(st.text(max_size=60))
def test_whatever_is_written_is_a_place_or_refused(text: str) -> None:
    try:
        found = since(text, NOW)
    except RefusedError as error:
        assert "2h" in str(error)
        return
    assert isinstance(found, int) or found.tzinfo is not None
