"""Pushing to a server that answers as Grafana's documents say: create, update, leave alone, never delete."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

from cli.app import app
from dashboards.grafana.asking import SOURCE_UID
from dashboards.grafana.build import built
from tests.dashboards.grafana_as_documented import TOKEN, Kept, grafana_as_documented
from tests.ingest.store_servers import free_port

STORE = ["--store", "http://127.0.0.1:8086", "--database", "fire"]


def push(kept: Kept, folder: Path, *more: str, token: str = TOKEN) -> tuple[int, Counter[str], str]:
    """Run the command; returns exit code, outcomes and all that was said."""
    file = folder / "token"
    file.write_text(token + "\n")
    result = CliRunner().invoke(
        app, ["dashboards", "push", "--url", kept.url, "--token-file", str(file), "--json", *more]
    )
    outcomes = Counter(one["outcome"] for one in json.loads(result.stdout)) if result.stdout else Counter[str]()
    return result.exit_code, outcomes, result.output


def test_everything_is_created_once_and_then_unchanged(tmp_path: Path) -> None:
    with grafana_as_documented() as kept:
        assert push(kept, tmp_path, *STORE)[:2] == (0, Counter(created=len(built()) + 3))
        assert kept.folders.keys() == {"fengsui-zh", "fengsui-en"}
        assert kept.boards["fengsui-water-zh"]["meta"]["folderUid"] == "fengsui-zh"
        assert kept.sources[SOURCE_UID]["jsonData"]["dbName"] == "fire"
        kept.requests.clear()
        assert push(kept, tmp_path, *STORE)[:2] == (0, Counter(unchanged=len(built()) + 3))
        assert kept.writes == []


def test_what_differs_is_updated_and_nothing_else(tmp_path: Path) -> None:
    with grafana_as_documented() as kept:
        push(kept, tmp_path)
        kept.boards["fengsui-water-zh"]["dashboard"]["title"] = "x"
        kept.boards["fengsui-device-en"]["meta"]["folderUid"] = "elsewhere"
        kept.boards["mine"] = {"dashboard": {"uid": "mine", "version": 1}, "meta": {}}
        kept.requests.clear()
        code, outcomes, _ = push(kept, tmp_path)
        assert (code, outcomes) == (0, Counter(updated=2, unchanged=len(built())))
        assert kept.writes == [("POST", "/api/dashboards/db")] * 2
        assert kept.boards["fengsui-water-zh"]["dashboard"]["version"] == 2
        assert kept.boards["mine"]["dashboard"] == {"uid": "mine", "version": 1}


def test_a_board_of_somebody_else_under_our_uid_is_told_and_left(tmp_path: Path) -> None:
    with grafana_as_documented() as kept:
        theirs = {"dashboard": {"uid": "fengsui-water-zh", "title": "theirs", "tags": [], "version": 3}, "meta": {}}
        kept.boards["fengsui-water-zh"] = theirs
        kept.sources[SOURCE_UID] = {"uid": SOURCE_UID, "type": "prometheus"}
        code, outcomes, _ = push(kept, tmp_path, *STORE)
        assert (code, outcomes["foreign"]) == (1, 2)
        assert kept.boards["fengsui-water-zh"] is theirs
        assert kept.sources[SOURCE_UID]["type"] == "prometheus"


def test_a_wrong_token_and_a_server_that_is_away_have_their_own_exit_codes(tmp_path: Path) -> None:
    with grafana_as_documented() as kept:
        code, _, said = push(kept, tmp_path, token="wrong")  # noqa: S106  # of no server
        assert (code, kept.writes) == (1, [])
        assert "401" in said
    code, _, said = push(Kept(url=f"http://127.0.0.1:{free_port()}"), tmp_path)
    assert code == 3, said
