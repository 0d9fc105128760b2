"""``fengsui roster show`` and ``fengsui escalation explain``; and what ``fengsui check`` warns of."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.site_files import load_registry
from cli.site_warnings import site_warnings
from domain.clock import NS_PER_S

GOOD = Path(__file__).parent / "broken_sites" / "good"
HOTEL = Path(__file__).parents[2] / "examples" / "hotel"
ROSTERS = """
rosters:
  - id: watch
    labels: {zh: 值班, en: Watch}
    shifts:
      - {id: day, from: "08:00", to: "20:00", people: [p-chen]}
      - {id: night, days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00", people: [p-lin]}
    changes:
      - {dates: 2026-12-05, shift: night, people: [p-chen]}
"""
NOW_NS = round(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * NS_PER_S


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments], env={"COLUMNS": "160", "FENGSUI_LANG": "en"})


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site whose roster has nobody in the nights of week-ends."""
    folder = tmp_path / "site"
    shutil.copytree(GOOD, folder)
    file = folder / "site.yaml"
    file.write_text(file.read_text() + ROSTERS, encoding="utf-8")
    return folder


def data(result: Result) -> Any:
    return json.loads(result.stdout)


def test_who_is_on_duty_at_a_time(site: Path) -> None:
    result = run("roster", "show", str(site), "--at", "2026-12-01 21:00", "--json")
    assert result.exit_code == 0
    (found,) = data(result)
    assert (found["roster"], found["gap"]) == ("watch", False)
    assert found["people"] == [{"person": "p-lin", "zh": "林", "en": "Lin", "shift": "night", "instead_of": None}]
    assert "Lin" in run("roster", "show", str(site), "--at", "2026-12-01 21:00").stdout


def test_nobody_on_duty_is_an_exit_code_and_is_shown(site: Path) -> None:
    result = run("roster", "show", str(site), "--at", "2026-12-06T21:00")
    assert result.exit_code == 3
    assert "nobody on duty" in result.stdout


def test_a_week_has_no_holes(site: Path) -> None:
    result = run("roster", "show", str(site), "--at", "2026-11-30", "--week", "--json")
    parts = data(result)
    assert result.exit_code == 3
    assert parts[0]["from"] == "2026-11-30T00:00:00+08:00"
    assert parts[-1]["to"] == "2026-12-07T00:00:00+08:00"
    assert all(before["to"] == after["from"] for before, after in pairwise(parts))
    assert [part["from"][:16] for part in parts if part["gap"]] == [
        "2026-11-30T00:00",  # of the Sunday before
        "2026-12-05T20:00",
        "2026-12-06T20:00",
    ]
    assert "Sun 20:00" in run("roster", "show", str(site), "--at", "2026-11-30", "--week").stdout


def test_a_site_without_rosters_says_so() -> None:
    result = run("roster", "show", str(GOOD))
    assert result.exit_code == 0
    assert "no rosters" in result.stdout


def test_what_is_no_time_and_a_site_with_problems(site: Path) -> None:
    assert run("roster", "show", str(site), "--at", "tomorrow").exit_code == 2
    (site / "site.yaml").write_text("site: 1\n")
    assert run("roster", "show", str(site)).exit_code == 1


def test_a_ladder_is_explained_before_anything_burns() -> None:
    night = run("escalation", "explain", str(HOTEL), "--zone", "east-1-exit", "--at", "2026-12-01 23:00", "--json")
    assert night.exit_code == 0
    found = data(night)
    assert found["policy"] == "exits-at-night"
    assert [(one["kind"], one["step"], sorted(one["told"])) for one in found["timers"]] == [
        ("step", 0, ["p-chen"]),
        ("step", 1, ["p-lin", "p-wu"]),
        ("step", 2, ["s-wang"]),
        ("answer", 2, ["s-wang"]),
    ]
    assert found["timers"][1]["at"] == "2026-12-01T23:00:08+08:00"
    assert found["timers"][0]["told"] == {"p-chen": ["phone"]}
    day = run("escalation", "explain", str(HOTEL), "--zone", "east-1-exit", "--at", "2026-12-01 12:00")
    for words in ("policy usual", "Ms Lin", "safety manager", "alert_unanswered"):
        assert words in day.stdout


def test_explaining_says_who_stands_in_and_whose_quiet_hours_it_is(site: Path) -> None:
    file = site / "site.yaml"
    quiet = '    quiet: {from: "22:00", to: "07:00"}\n    role: unit_staff'
    file.write_text(file.read_text().replace("    role: unit_staff", quiet, 1), encoding="utf-8")
    result = run("escalation", "explain", str(site), "--zone", "exit-1", "--at", "2026-12-01 23:00", "--lang", "zh")
    assert "陈 免打扰，延至 07:00" in result.stdout
    fire = run("escalation", "explain", str(site), "--zone", "exit-1", "--at", "2026-12-01 23:00", "--class", "fire")
    assert "quiet" not in fire.stdout


def test_unknown_places_are_named() -> None:
    assert run("escalation", "explain", str(HOTEL), "--unit", "hotle").exit_code == 2
    wrong = run("escalation", "explain", str(HOTEL), "--zone", "east-1-exti")
    assert wrong.exit_code == 2
    assert "east-1-exit" in wrong.output


def test_a_check_warns_of_gaps_and_of_classes_without_a_policy_and_the_site_runs(site: Path) -> None:
    result = run("check", str(site))
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line.startswith("warning: site.yaml:")]
    assert any("nobody is on duty for" in line and "→" in line for line in lines)
    assert any("no policy is for class system" in line for line in lines)
    assert "提醒：" in run("check", str(site), "--lang", "zh").stdout
    found = data(run("check", str(site), "--json"))["warnings"]
    assert {one["file"] for one in found} == {"site.yaml"}


def test_warnings_look_four_weeks_ahead_and_at_every_change(site: Path) -> None:
    file = site / "site.yaml"
    file.write_text(file.read_text() + "      - {dates: 2026-12-06, shift: night, people: [p-lin]}\n", encoding="utf-8")
    found = site_warnings(site, load_registry(site), now_ns=NOW_NS)
    texts = [f"{one.field}: {one.message}" for one in found]
    assert "rosters[0]: nobody is on duty for 96 h of the next 4 weeks, first on 2026-12-05 20:00" in texts
    changes = [text for text in texts if "changes nothing" in text]
    assert changes == [  # nobody is on that shift on a Saturday or Sunday
        "rosters[0].changes[0]: this change changes nothing: no such shift or person on these days",
        "rosters[0].changes[1]: this change changes nothing: no such shift or person on these days",
    ]


def test_a_site_in_order_has_no_warnings() -> None:
    registry = load_registry(HOTEL)
    assert site_warnings(HOTEL, registry, now_ns=NOW_NS) == []
