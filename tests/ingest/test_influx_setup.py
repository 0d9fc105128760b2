"""Set-up of a real InfluxDB 1.6: what is made, what is changed, what is left, and what is said when it can't be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.site.models import RetentionSettings, StoreKind, StoreSettings
from ingest.influx1_setup import seconds_of
from ingest.influx_setup import set_up, wanting
from ingest.setup_report import Outcome, Part, Step
from ingest.store import StoreDeniedError, StoreDownError
from tests.ingest.store_servers import free_port, influxd


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxd(tmp_path_factory.mktemp("influxd")) as address:
        yield address


@pytest.fixture
def store(url: str, tmp_path: Path) -> StoreSettings:
    return StoreSettings(kind=StoreKind.INFLUXDB1, url=url, database=f"db {tmp_path.name}")


def asked(store: StoreSettings, statement: str, **more: str) -> list[Any]:
    with httpx.Client(base_url=store.url or "", trust_env=False) as client:
        answer = client.post("/query", params={"db": store.database, "epoch": "ns", **more}, data={"q": statement})
    series = answer.raise_for_status().json()["results"][0].get("series", [])
    return [row for one in series for row in one.get("values", [])]


def outcomes(steps: list[Step]) -> dict[tuple[Part, str], Outcome]:
    return {(step.part, step.name): step.outcome for step in steps}


def kept(store: StoreSettings, **changes: Any) -> StoreSettings:
    return store.model_copy(update={"retention": RetentionSettings(**changes)})


def policies(store: StoreSettings) -> dict[str, tuple[int, bool]]:
    found = asked(store, f'SHOW RETENTION POLICIES ON "{store.database}"')
    return {row[0]: (seconds_of(row[1]) // 86_400, row[4]) for row in found}


def test_a_missing_database_is_made_with_all_it_needs_and_the_second_time_nothing_is_done(store: StoreSettings) -> None:
    planned = set_up(store, dry_run=True)
    assert {step.outcome for step in planned} == {Outcome.CREATED}
    assert [store.database] not in asked(store, "SHOW DATABASES"), "a dry run does nothing"
    assert set_up(store) == planned
    assert policies(store) == {"raw": (90, True), "1m": (400, False), "1h": (1830, False)}
    again = set_up(store)
    assert {step.outcome for step in again} == {Outcome.UNCHANGED}
    assert [(step.part, step.name) for step in again if step.part is Part.ROLL_UP] == [
        (Part.ROLL_UP, "fengsui_1m"),
        (Part.ROLL_UP, "fengsui_1h"),
    ]


def test_retention_grows_when_asked_and_shrinks_only_when_that_is_said(store: StoreSettings) -> None:
    set_up(store)
    longer = kept(store, raw_days=120, minute_days=0)
    changed = outcomes(set_up(longer))
    assert changed[Part.RETENTION, "raw"] is Outcome.CHANGED
    assert changed[Part.ROLL_UP_STORE, "1m"] is Outcome.CHANGED
    assert policies(store) == {"raw": (120, True), "1m": (0, False), "1h": (1830, False)}
    undecided = outcomes(set_up(store))
    assert undecided[Part.RETENTION, "raw"] is Outcome.UNDECIDED
    assert undecided[Part.ROLL_UP_STORE, "1m"] is Outcome.UNDECIDED
    assert policies(store)["raw"] == (120, True)
    set_up(store, shorten=True)
    assert policies(store) == {"raw": (90, True), "1m": (400, False), "1h": (1830, False)}


def test_a_database_that_others_made_keeps_its_own_policy_for_readings(store: StoreSettings) -> None:
    asked(store, f'CREATE DATABASE "{store.database}"')
    assert wanting(store) == [], "the first start touches nothing that is there"
    found = outcomes(set_up(store))
    assert found[Part.RETENTION, "autogen"] is Outcome.UNDECIDED, "it kept for ever: to cut that is for a person"
    assert found[Part.ROLL_UP, "fengsui_1m"] is Outcome.CREATED
    assert policies(store)["autogen"] == (0, True)


def test_the_first_start_makes_a_database_that_is_missing(store: StoreSettings) -> None:
    assert {step.outcome for step in wanting(store)} == {Outcome.CREATED}
    assert policies(store)["raw"] == (90, True)
    assert wanting(store) == []


def test_a_continuous_query_that_was_changed_is_put_right(store: StoreSettings) -> None:
    set_up(store)
    found = outcomes(set_up(kept(store, late_minutes=30)))
    assert found[Part.ROLL_UP, "fengsui_1m"] is Outcome.CHANGED
    assert found[Part.ROLL_UP, "fengsui_1h"] is Outcome.UNCHANGED, "it looks back two hours anyway"


def test_the_server_rolls_up_by_itself(store: StoreSettings) -> None:
    """The continuous query really runs: a minute's readings are in the tier a moment after the minute ended."""
    set_up(store)
    second = time.time_ns() // 10**9
    lines = "\n".join(f"pump,unit=h,device=d p={n}.5 {(second - 120 + n) * 10**9}" for n in range(60))
    with httpx.Client(base_url=store.url or "", trust_env=False) as client:
        client.post("/write", params={"db": store.database}, content=lines).raise_for_status()
    end = time.monotonic() + 110
    rows: list[Any] = []
    while sum(row[1] for row in rows) < 60 and time.monotonic() < end:
        rows = asked(store, 'SELECT "count_p", "mean_p", "min_p", "max_p", "last_p" FROM "pump"', rp="1m")
        time.sleep(0.5)
    assert sum(row[1] for row in rows) == 60
    assert sum(row[1] * row[2] for row in rows) == pytest.approx(sum(n + 0.5 for n in range(60)))
    assert min(row[3] for row in rows) == 0.5
    assert max(row[4] for row in rows) == 59.5


def test_a_server_that_is_away_is_said_to_be(store: StoreSettings) -> None:
    away = store.model_copy(update={"url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(StoreDownError, match="no answer from"):
        set_up(away)


def test_a_server_of_another_version_is_named_with_the_line_to_write(store: StoreSettings) -> None:
    with pytest.raises(StoreDeniedError, match=r"is InfluxDB 1\.6.*write 'kind: influxdb1'"):
        set_up(store.model_copy(update={"kind": StoreKind.INFLUXDB2}))


def test_a_server_that_asks_for_a_login_refuses_others_and_takes_the_administrator(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd", auth=True) as url:
        store = StoreSettings(kind=StoreKind.INFLUXDB1, url=url)
        asked(store, "CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES")
        for token, words in ((None, "401"), ("admin:wrong", "401")):
            with pytest.raises(StoreDeniedError, match=words) as caught:
                set_up(store.model_copy(update={"token": token}))
            assert "set 'token' of 'store'" in str(caught.value)
        admin = store.model_copy(update={"token": "admin:right"})
        set_up(admin)
        asked(admin, "CREATE USER writer WITH PASSWORD 'w'", u="admin", p="right")
        with pytest.raises(StoreDeniedError, match="administrator"):
            set_up(store.model_copy(update={"token": "writer:w"}))


def test_what_victoria_metrics_can_not_do_is_said_plainly() -> None:
    steps = set_up(StoreSettings(kind=StoreKind.VICTORIA_METRICS, url="http://127.0.0.1:1"))
    assert {step.outcome for step in steps} == {Outcome.NOT_POSSIBLE}
    assert any("-retentionPeriod" in step.detail for step in steps)
    assert any("InfluxQL" in step.detail for step in steps)


@pytest.mark.parametrize(("text", "seconds"), [("2160h0m0s", 7_776_000), ("0s", 0), ("1h30m0s", 5_400), ("?", 0)])
def test_durations_are_read_as_the_server_writes_them(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
