"""`fengsui check` on a site that is right: whether a fire reaches everybody on two paths."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import typer
from typer.testing import CliRunner

from cli.check_command import check

GOOD = Path(__file__).parent / "broken_sites" / "good"
SPARE = "channels:\n  - {id: spare, kind: webhook, url: 'http://127.0.0.1:9/', path: gsm}\n"

application = typer.Typer()
application.command()(check)


def notes(site: Path) -> list[str]:
    result = CliRunner().invoke(application, [str(site), "--json"], env={"FENGSUI_LANG": "en"})
    assert result.exit_code == 0
    found: list[str] = json.loads(result.stdout)["notes"]
    return found


def test_people_on_one_path_are_named() -> None:
    assert len(notes(GOOD)) == 1
    assert "by one path only (Chen, Lin)" in notes(GOOD)[0]


def test_two_channels_on_two_paths_are_enough(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(GOOD, site)
    text = (site / "site.yaml").read_text("utf-8").replace("channels: [phone]", "channels: [phone, spare]")
    (site / "site.yaml").write_text(text.replace("\nchannels:\n", f"\n{SPARE}", 1), "utf-8")
    assert notes(site) == []


def test_the_note_stands_below_the_table_in_the_language_of_the_screen() -> None:
    result = CliRunner().invoke(application, [str(GOOD)], env={"FENGSUI_LANG": "zh"})
    assert "只能经一条通路收到火警" in result.stdout
