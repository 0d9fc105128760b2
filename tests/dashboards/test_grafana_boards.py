"""The boards as JSON: kept as golden files, read back by the SDK's own models, complete in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from cli.yaml_documents import read_document
from dashboards.grafana.asking import SOURCE_TYPE, SOURCE_UID
from dashboards.grafana.build import BOARDS, GOLDEN, built, write
from dashboards.grafana.frame import Site
from dashboards.grafana.push import FOLDERS, SOURCE_NAME
from dashboards.grafana.texts import LANGUAGES, TEXTS
from tests.project.house import ROOT

FILES = built()
ANNOTATION_FIELDS = {"query", "textColumn", "tagsColumn", "fromAnnotations"}
"""Of InfluxQL annotations; the SDK's model does not have them."""
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"


@pytest.mark.parametrize("name", FILES)
def test_the_golden_file_is_what_the_code_builds(name: str, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--update"):
        write({name: FILES[name]}, GOLDEN)
    assert (GOLDEN / name).read_text("utf-8") == FILES[name], "run `fengsui dashboards build`, look at the difference"


def test_no_golden_file_is_left_over() -> None:
    assert {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*.json")} == FILES.keys()
    assert len(FILES) == len(BOARDS) * len(LANGUAGES) == 16


@pytest.mark.parametrize("name", FILES)
def test_the_sdk_reads_a_board_and_writes_the_same(name: str) -> None:
    plugins.register_default_plugins()
    board = json.loads(FILES[name])
    for annotation in board["annotations"].get("list", []):
        for field in ANNOTATION_FIELDS & annotation.keys():
            del annotation[field]
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert again == board


def test_both_languages_ask_the_same_questions() -> None:
    def shape(name: str, language: str) -> list[Any]:
        board = json.loads(FILES[f"{language}/{name}.json"])
        return [
            (panel["type"], panel["id"], panel["gridPos"], len(panel.get("targets", []))) for panel in board["panels"]
        ]

    for name in {path.split("/")[1].removesuffix(".json") for path in FILES}:
        assert shape(name, "zh") == shape(name, "en"), name


def test_the_catalogue_is_complete_and_every_text_is_used() -> None:
    assert all(zh.strip() and en.strip() for zh, en in TEXTS.values())
    assert all(re.search(r"[\u4e00-\u9fff、]", zh) or "p99" in zh for zh, _ in TEXTS.values())
    assert not [key for key, (_, en) in TEXTS.items() if re.search(r"[\u4e00-\u9fff]", en)]
    code = "".join(path.read_text("utf-8") for path in (ROOT / "dashboards" / "grafana").rglob("*.py"))
    prefixes = ("variable_", "board_")
    unused = [key for key in TEXTS if f'"{key.removesuffix("_about")}"' not in code and not key.startswith(prefixes)]
    assert not unused
    zh = json.loads(FILES["zh/overview.json"])["title"]
    assert zh == TEXTS["board_overview"][0]


def test_a_site_gives_its_time_zone_and_console() -> None:
    files = built(Site(timezone="Europe/Berlin", console="https://console.example:8443"))
    assert "tz('Europe/Berlin')" in files["en/water.json"]
    assert "https://console.example:8443" in files["en/overview.json"]


def test_writing_says_what_changed_and_leaves_others_alone(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "mine.json").write_text("{}")
    assert all(write(FILES, tmp_path).values())
    (tmp_path / "en" / "water.json").write_text("{}")
    assert [name for name, changed in write(FILES, tmp_path).items() if changed] == ["en/water.json"]
    assert (tmp_path / "zh" / "mine.json").read_text() == "{}"


def test_provisioned_folders_and_data_source_are_those_of_the_boards() -> None:
    source = read_document(PROVISIONING / "datasources" / "fengsui.yaml").data["datasources"][0]
    assert (source["uid"], source["name"], source["type"]) == (SOURCE_UID, SOURCE_NAME, SOURCE_TYPE)
    assert source["jsonData"]["version"] == "InfluxQL"
    providers = read_document(PROVISIONING / "dashboards" / "fengsui.yaml").data["providers"]
    assert [(one["folderUid"], one["folder"]) for one in providers] == list(FOLDERS.values())
    assert [one["options"]["path"] for one in providers] == [f"$FENGSUI_BOARDS/{language}" for language in LANGUAGES]
    assert all(one["disableDeletion"] for one in providers)
    for path in PROVISIONING.rglob("*.yaml"):
        text = path.read_text("utf-8")
        assert not re.search(r"(password|token|secret)\s*:\s*[^\s$#]", text, re.IGNORECASE), "secrets in clear"
