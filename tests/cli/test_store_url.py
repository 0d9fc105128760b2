"""A store that is named by an address: what site.yaml would say, and never a secret on a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.app import app
from cli.problem_texts import chinese
from cli.site_files import load_registry
from cli.store_url import shown_store, store_of
from domain.errors import ConfigurationError
from domain.site import StoreKind, StoreSettings

HOTEL = Path(__file__).parents[2] / "examples" / "hotel"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("duckdb", {"kind": "duckdb"}),
        ("influxdb://127.0.0.1", {"kind": "influxdb1", "url": "http://127.0.0.1:8086"}),
        (
            "influxdb://ann:pa%2Fss@db.local:9/fire",
            {"kind": "influxdb1", "url": "http://db.local:9", "database": "fire", "token": "ann:pa/ss"},
        ),
        (
            "influxdb2+https://tok@db/readings?org=hotel&connections=8",
            {
                "kind": "influxdb2",
                "url": "https://db:8086",
                "database": "readings",
                "token": "tok",
                "org": "hotel",
                "connections": 8,
            },
        ),
        (
            "influxdb3://[::1]/fire?token_file=/run/token&compress=true",
            {
                "kind": "influxdb3",
                "url": "http://[::1]:8181",
                "database": "fire",
                "token_file": "/run/token",
                "compress": True,
            },
        ),
        ("victoria://vm:8428", {"kind": "victoria_metrics", "url": "http://vm:8428"}),
    ],
)
def test_an_address_says_what_site_yaml_would(address: str, expected: dict[str, Any]) -> None:
    assert store_of(address) == expected
    StoreSettings.model_validate_json(StoreSettings.model_validate(expected).model_dump_json())


def test_the_variable_of_the_token_is_stronger_than_the_address() -> None:
    assert store_of("influxdb2://old@db/b", "new")["token"] == "new"  # noqa: S105  # no password


@pytest.mark.parametrize(
    "address", ["", "postgres://x", "influxdb://", "influxdb://h:port", "influxdb://h/d?color=red", "influxdb://[::1"]
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        store_of(f"{address}#secret" if address else address)
    (problem,) = caught.value.problems
    assert "secret" not in str(caught.value)
    assert chinese(problem.message) != problem.message
    assert chinese(problem.mend) != problem.mend


@given(st.text(max_size=60))
def test_junk_is_refused_and_never_an_error_of_ours(address: str) -> None:
    try:
        found = store_of(address)
    except ConfigurationError:
        return
    assert found["kind"] in set(StoreKind)


def test_the_environment_stands_in_for_site_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGSUI_STORE", "influxdb2://db:99/readings")
    monkeypatch.setenv("FENGSUI_STORE_TOKEN", "very secret")
    store = load_registry(HOTEL).site.store
    assert (store.kind, store.url, store.token) == (StoreKind.INFLUXDB2, "http://db:99", "very secret")
    assert "secret" not in shown_store(store) + repr(store)


def test_up_refuses_what_is_no_store_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FENGSUI_STORE", "")  # so that it is put back after the command has set it
    found = CliRunner().invoke(app, ["up", str(HOTEL), "--state", str(tmp_path), "--store", "mysql://root:pw@h"])
    assert found.exit_code == 2
    assert "not a store's address" in found.output
    assert "pw" not in found.output
