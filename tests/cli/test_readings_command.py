"""``fengsui readings`` on a running backbone, with the query service over an embedded store."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from cli.readings_command import fitting, moment_ns, seconds_of
from cli.readings_tables import curve
from ingest.catalogue import Catalogue
from ingest.duckdb_store import DuckDbStore
from ingest.face import Series
from ingest.latest import LatestValues
from ingest.query_service import QueryService
from tests.cli.gateway_desk import Desk
from tests.ingest.ingest_site import START_NS, load, readings, site
from tests.servers import connected, embedded_server

SITE = site()
KEY = "hotel/pressure-1/pressure"
FROM, TO = "2027-01-15T08:00:00+00:00", "2027-01-15T08:01:00+00:00"


async def test_readings_are_shown_as_a_curve_as_csv_and_as_json_with_gaps_and_qualities(tmp_path: Path) -> None:
    store = DuckDbStore(SITE.points, tmp_path / "readings.duckdb")
    store.write(load(SITE, 20), {})
    store.write(readings(SITE, ["pressure-1/pressure"], [30], [math.nan], quality=[500]), {})
    span = ["--from", FROM, "--to", TO]
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        service = QueryService(store, Catalogue(SITE, tmp_path), LatestValues(SITE.points))
        await service.serve(backbone)
        desk = Desk(tmp_path, backbone)
        table = (await desk.fengsui("readings", KEY, *span, "--resolution", "1s", "--lang", "en")).stdout
        told = await desk.fengsui("readings", KEY, *span, "--resolution", "10s", "--aggregate", "count", "--json")
        rows = await desk.fengsui("readings", KEY, *span, "--resolution", "0", "--csv")
        quality = await desk.fengsui("readings", KEY, *span, "--quality", "--json")
        gaps = await desk.fengsui("readings", KEY, *span, "--gaps", "--json")
        nobody = await desk.fengsui("readings", "hotel/nobody/p", *span)
        backwards = await desk.fengsui("readings", KEY, "--from", TO, "--to", FROM)
        both = await desk.fengsui("readings", KEY, "--gaps", "--csv")
    store.close()
    assert "▁" in table
    assert "█" in table
    assert "×" in table
    (series,) = json.loads(told.stdout)
    assert series["value"] == [10, 10, 0]
    written = list(csv.DictReader(rows.stdout.splitlines()))
    assert len(written) == 21
    assert written[0] == {"point": KEY, "time": "2027-01-15T08:00:00.000Z", "value": "0.0", "quality": "192"}
    assert written[-1]["value"] == ""
    (shares,) = json.loads(quality.stdout)
    assert (shares["good"], shares["bad"], shares["stale"]) == ([20], [0], [1])
    (silences,) = json.loads(gaps.stdout)
    assert silences["gaps"] == [], "the span lies in the future of this machine's clock: no silence yet"
    assert nobody.exit_code == 1
    assert "no point" in nobody.stderr
    assert (backwards.exit_code, both.exit_code) == (2, 2)


NOW = datetime(2027, 1, 15, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("now", 1800), ("-90s", 1710), ("-30m", 0), ("2027-01-15T16:00:05+08:00", 5), ("-1h", -1800)]
)
def test_moments_are_absolute_or_ago(text: str, seconds: int) -> None:
    assert moment_ns(text, NOW) == START_NS + seconds * 10**9


@pytest.mark.parametrize("text", ["", "yesterday", "-5", "-5w", "99999-01-01"])
def test_other_moments_are_refused_with_examples(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="-90m"):
        moment_ns(text, NOW)


def test_widths_have_letters_and_the_default_one_makes_few_buckets() -> None:
    assert [seconds_of(text) for text in ("0", "0.5", "10s", "5m", "1h", "1d")] == [0, 0.5, 10, 300, 3600, 86_400]
    with pytest.raises(typer.BadParameter):
        seconds_of("soon")
    assert [fitting(span) for span in (30, 3_600, 86_400, 400 * 86_400)] == [1, 60, 1_800, 604_800]


def test_a_curve_leaves_silence_blank_and_marks_what_has_no_value() -> None:
    series = Series(point=KEY, time_ns=(0, 1, 5, 9), value=(1.0, 3.0, None, 2.0), quality=(192, 192, 500, 192))
    assert curve(series, 0, 10, columns=10) == "▁█   ×   ▅"
    flat = Series(point=KEY, time_ns=(0,), value=(7.0,), quality=(192,))
    assert curve(flat, 0, 10, columns=2) == "▅ "
