"""Every query of every board against a real InfluxDB that the hotel's demonstration filled.

``board_rows.csv`` says how many rows each must return at least, or why it returns none. A query without a line fails,
and so does one that returns nothing without a reason.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from dashboards.grafana.build import built
from dashboards.grafana.check import statements
from tests.dashboards.demo_store import DATABASE, played
from tests.ingest.store_servers import influxd

TABLE = Path(__file__).parent / "board_rows.csv"

Key = tuple[str, str, str]


def expected() -> dict[Key, tuple[int, str]]:
    """Return least rows and reason by board, panel and target."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["board"], row["panel"], row["ref"]): (int(row["least"]), row["reason"]) for row in csv.DictReader(file)
        }


def test_every_query_has_a_line_and_every_nothing_a_reason() -> None:
    table = expected()
    asked = {
        (one.board.removeprefix("en/").removesuffix(".json"), one.panel, one.ref)
        for name, text in built().items()
        if name.startswith("en/")
        for one in statements(name, json.loads(text))
    }
    assert asked == table.keys()
    assert not [key for key, (least, reason) in table.items() if (least == 0) != bool(reason)]


@pytest.mark.timeout(300)
async def test_every_query_returns_the_rows_expected_of_it(tmp_path: Path) -> None:
    table = expected()
    with influxd(tmp_path / "influxd") as url:
        server = await played(tmp_path, url)
        result = CliRunner().invoke(
            app, ["dashboards", "check", "--store", server.url, "--database", DATABASE, "--json"]
        )
        shown = CliRunner().invoke(
            app, ["dashboards", "check", "--site", str(tmp_path / "hotel"), "--lang", "en"], env={"COLUMNS": "250"}
        )
    assert result.exit_code == 0, result.output
    counted = json.loads(result.stdout)["queries"]
    wrong = []
    for one in counted:
        language, _, board = one["asked"]["board"].removesuffix(".json").partition("/")
        if language == "en":
            key = (board, one["asked"]["panel"], one["asked"]["ref"])
            if one["error"] or one["rows"] < table[key][0]:
                wrong.append((key, one["rows"], one["error"], one["sent"]))
    assert not wrong
    by_language = {
        language: [one["rows"] for one in counted if one["asked"]["board"].startswith(language)]
        for language in ("zh", "en")
    }
    assert len(by_language["zh"]) == len(by_language["en"]) == len(table)
    assert shown.exit_code == 0, shown.output
    assert "Control-room overview" not in shown.output
    assert "nothing wrong" in shown.output
