"""Set-up and roll-ups of InfluxDB 2 and 3 against loopback servers that follow their documents (not the real ones)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.site.models import RetentionSettings, StoreKind, StoreSettings
from ingest.influx_copies import lines_of
from ingest.influx_flux import roll_by_flux, task_flux
from ingest.influx_setup import set_up, wanting
from ingest.influx_store import open_influx
from ingest.rollup_choice import rolls_of
from ingest.rollups import HOUR_NS, tiers_of
from ingest.setup_report import Outcome, Part
from ingest.store import StoreDeniedError
from tests.ingest.documented_influx import Documented, documented_influx2, documented_influx3, serving
from tests.ingest.ingest_site import START_NS, site

SITE = site()
MINUTE, HOUR = tiers_of(RetentionSettings())


@pytest.fixture
def two() -> Iterator[Documented]:
    with serving(documented_influx2()) as server:
        yield server


@pytest.fixture
def three() -> Iterator[Documented]:
    with serving(documented_influx3()) as server:
        yield server


def store_at(server: Documented, kind: StoreKind, **changes: Any) -> StoreSettings:
    return StoreSettings(kind=kind, url=server.url, token=server.token, **changes)


def test_influxdb_2_gets_buckets_tasks_and_mappings_once(two: Documented) -> None:
    store = store_at(two, StoreKind.INFLUXDB2)
    planned = set_up(store, dry_run=True)
    assert not any(two.kept.values()), "a dry run does nothing"
    done = set_up(store)
    assert [(step.part, step.name, step.outcome) for step in done] == [
        (step.part, step.name, step.outcome) for step in planned
    ]
    assert {step.outcome for step in done} == {Outcome.CREATED}
    buckets = {one["name"]: one["retentionRules"][0]["everySeconds"] for one in two.kept["buckets"]}
    assert buckets == {"fengsui": 90 * 86_400, "fengsui/1m": 400 * 86_400, "fengsui/1h": 1_830 * 86_400}
    ids = {one["name"]: one["id"] for one in two.kept["buckets"]}
    mapped = {(one["database"], one["retention_policy"]): one["bucketID"] for one in two.kept["dbrps"]}
    assert mapped == {
        ("fengsui", "raw"): ids["fengsui"],
        ("fengsui", "1m"): ids["fengsui/1m"],
        ("fengsui", "1h"): ids["fengsui/1h"],
    }
    assert [one["default"] for one in two.kept["dbrps"]] == [True, False, False]
    assert {one["name"]: one["status"] for one in two.kept["tasks"]} == {
        "fengsui_fengsui_1m": "active",
        "fengsui_fengsui_1h": "active",
    }
    assert {step.outcome for step in set_up(store)} == {Outcome.UNCHANGED}
    assert wanting(store) == []


def test_influxdb_2_changes_what_is_different_and_shortens_only_when_told(two: Documented) -> None:
    store = store_at(two, StoreKind.INFLUXDB2)
    set_up(store)
    two.kept["tasks"][0]["flux"] = "something else"
    two.kept["dbrps"][1]["bucketID"] = "another"
    longer = store.model_copy(update={"retention": RetentionSettings(raw_days=100, minute_days=30)})
    found = {(step.part, step.name): step.outcome for step in set_up(longer)}
    assert found[Part.DATABASE, "fengsui"] is Outcome.CHANGED
    assert found[Part.ROLL_UP_STORE, "fengsui/1m"] is Outcome.UNDECIDED
    assert found[Part.ROLL_UP, "fengsui_fengsui_1m"] is Outcome.CHANGED
    assert found[Part.MAPPING, "fengsui.1m → fengsui/1m"] is Outcome.CHANGED
    assert two.kept["tasks"][0]["flux"] == task_flux(longer, MINUTE, "fengsui_fengsui_1m")
    assert {step.outcome for step in set_up(longer, shorten=True)} == {Outcome.UNCHANGED, Outcome.CHANGED}
    assert {step.outcome for step in set_up(longer)} == {Outcome.UNCHANGED}


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"token": "wrong"}, "buckets, tasks and DBRP"), ({"org": "other"}, "no organisation 'other'")],
)
def test_influxdb_2_refuses_in_words(two: Documented, changes: dict[str, str], words: str) -> None:
    with pytest.raises(StoreDeniedError, match=words):
        set_up(store_at(two, StoreKind.INFLUXDB2).model_copy(update=changes))


def test_influxdb_2_makes_a_span_by_flux_on_the_server(two: Documented) -> None:
    two.answers["/api/v2/query"] = None
    store = store_at(two, StoreKind.INFLUXDB2)
    roll_by_flux(store)(HOUR, START_NS, START_NS + HOUR_NS)
    ((_, body),) = two.bodies
    text = body.decode()
    assert "range(start: 2027-01-15T08:00:00.000Z, stop: 2027-01-15T09:00:00.000Z)" in text
    for name in ("mean", "min", "max", "count", "last"):
        assert f'_field: "{name}_" + r._field' in text
    assert text.count('to(bucket: "fengsui/1h", org: "fengsui")') == 5
    two.token = "changed"  # noqa: S105  # of a test
    with pytest.raises(StoreDeniedError, match="401"):
        roll_by_flux(store)(HOUR, START_NS, START_NS + HOUR_NS)


def test_influxdb_3_gets_databases_once_and_no_roll_ups_of_its_own(three: Documented) -> None:
    store = store_at(three, StoreKind.INFLUXDB3)
    steps = set_up(store)
    assert three.databases == {
        "fengsui": {"db": "fengsui", "retention_period": "90d"},
        "fengsui/1m": {"db": "fengsui/1m", "retention_period": "400d"},
        "fengsui/1h": {"db": "fengsui/1h", "retention_period": "1830d"},
    }
    assert [step.outcome for step in steps] == [Outcome.CREATED] * 3 + [Outcome.UNCHANGED] * 2
    assert {step.outcome for step in set_up(store)} == {Outcome.UNCHANGED}
    with pytest.raises(StoreDeniedError, match="401"):
        set_up(store.model_copy(update={"token": "wrong"}))


def test_influxdb_3_is_rolled_up_by_reading_buckets_and_writing_them(three: Documented) -> None:
    series = {
        "name": "pressure_transmitter",
        "tags": {"unit": "hotel", "device": "pressure-1"},
        "columns": ["time", "mean_pressure", "count_pressure", "last_pressure.quality", "last_pressure.text"],
        "values": [[START_NS, 600.5, 2, 500, 'a "b"'], [START_NS + HOUR_NS, None, None, None, None]],
    }
    three.answers["/query"] = {"results": [{"statement_id": 0, "series": [series]}]}
    three.answers["/api/v3/write_lp"] = None
    store = store_at(three, StoreKind.INFLUXDB3)
    inner = open_influx(SITE, store)
    rolls = rolls_of(inner, store)
    assert rolls is not None
    rolls.roll_up(HOUR, START_NS, START_NS + HOUR_NS)
    rolls.close()
    inner.close()
    line = (
        b"pressure_transmitter,device=pressure-1,unit=hotel mean_pressure=600.5,count_pressure=2i,"
        b'last_pressure.quality=500i,last_pressure.text="a \\"b\\"" %d' % START_NS
    )
    writes = [body for path, body in three.bodies if path == "/api/v3/write_lp?fengsui/1h"]
    assert writes == [line, line], "one for each kind of device: this server answers both questions alike"


def test_a_row_of_nothing_makes_no_line() -> None:
    assert lines_of([{"name": "m", "columns": ["time", "mean_p"], "values": [[1, None]]}]) == []
