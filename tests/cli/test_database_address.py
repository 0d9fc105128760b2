"""Where the record lives: a file of the state folder, or what the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.state import State
from domain.errors import RefusedError

URL = "postgresql://fengsui@db.example/alerts"


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENGSUI_DATABASE_URL", raising=False)
    monkeypatch.delenv("FENGSUI_DATABASE_URL_FILE", raising=False)


def test_it_is_a_file_of_the_state_folder(tmp_path: Path) -> None:
    assert State(tmp_path).alerts_url == f"sqlite:///{tmp_path.resolve()}/alerts/alerts.db"


def test_the_environment_names_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGSUI_DATABASE_URL", URL)
    assert State(tmp_path).alerts_url == URL


def test_a_file_may_hold_it_for_it_may_hold_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGSUI_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(RefusedError, match="can't be read"):
        _ = State(tmp_path).alerts_url
    (tmp_path / "url").write_text(f"{URL}\n")
    assert State(tmp_path).alerts_url == URL
