"""``fengsui influx setup`` on a real InfluxDB 1.6, on a site, and where nobody answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.ingest.store_servers import free_port, influxd

RUNNER = CliRunner()


def test_a_store_is_set_up_and_what_was_done_is_told(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd") as url:
        asked = ["influx", "setup", "--store", f"influxdb://{url.removeprefix('http://')}/fire"]
        planned = RUNNER.invoke(app, [*asked, "--dry-run", "--lang", "en"], env={"COLUMNS": "200"})
        done = RUNNER.invoke(app, [*asked, "--lang", "zh"], env={"COLUMNS": "200"})
        again = RUNNER.invoke(app, [*asked, "--json"])
    assert (planned.exit_code, done.exit_code, again.exit_code) == (0, 0, 0), planned.output + done.output
    assert "would be created" in planned.stdout
    assert "已创建" in done.stdout
    assert {step["outcome"] for step in json.loads(again.stdout)} == {"unchanged"}


def test_where_nobody_answers_the_address_is_named() -> None:
    away = RUNNER.invoke(app, ["influx", "setup", "--store", f"influxdb://127.0.0.1:{free_port()}/fire"])
    assert away.exit_code == 3
    assert "no answer from http://127.0.0.1" in away.stderr


@pytest.mark.parametrize("arguments", [[], ["--site", ".", "--store", "influxdb://x"], ["--store", "ftp://x"]])
def test_a_store_must_be_named_once_and_well(arguments: list[str]) -> None:
    assert RUNNER.invoke(app, ["influx", "setup", *arguments]).exit_code == 2


def test_victoria_metrics_is_told_plainly() -> None:
    told = RUNNER.invoke(app, ["influx", "setup", "--store", "victoria://x:1", "--json"])
    assert told.exit_code == 1
    assert {step["outcome"] for step in json.loads(told.stdout)} == {"not_possible"}


def test_a_site_names_its_own_store() -> None:
    told = RUNNER.invoke(app, ["influx", "setup", "--site", "examples/hotel", "--json"], env={"FENGSUI_STORE": ""})
    assert told.exit_code == 0
    assert [step["name"] for step in json.loads(told.stdout)] == ["duckdb", "duckdb"]
