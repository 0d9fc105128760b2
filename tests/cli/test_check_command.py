"""`fengsui check` as a person and as a program sees it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

import cli.check_command
from cli.check_command import check
from cli.problem_texts import TEMPLATES, chinese
from cli.rule_files import load_ruleset
from cli.site_files import load_documents, load_registry
from domain.errors import ConfigurationError

SITES = Path(__file__).parent / "broken_sites"
GOOD = SITES / "good"

application = typer.Typer()
application.command()(check)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(application, arguments, env={"FENGSUI_LANG": None})
    return result.exit_code, result.stdout


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a site that names a zone of another house and spells a key wrongly."""
    site = tmp_path / "site"
    shutil.copytree(GOOD, site)
    gateway = site / "gateways" / "gw-1.yaml"
    gateway.write_text(gateway.read_text("utf-8").replace("zone: exit-1", "zone: exit-2"), "utf-8")
    profile = site / "profiles" / "inn_pressure.yaml"
    profile.write_text(profile.read_text("utf-8").replace("source:", "sauce:"), "utf-8")
    return site


def test_a_good_site_is_summed_up_in_chinese_first() -> None:
    code, output = run(str(GOOD))
    assert code == 0
    assert "小客栈：检查通过" in output
    assert re.search(r"设备 +│ +1 │", output)


def test_a_good_site_is_summed_up_in_english_when_asked() -> None:
    code, output = run(str(GOOD), "--lang", "en")
    assert code == 0
    assert "Small inn: all right" in output
    assert re.search(r"devices +│ +1 │", output)


def test_json_of_a_good_site_is_one_object_of_counts() -> None:
    code, output = run(str(GOOD), "--json")
    assert code == 0
    summary = json.loads(output)
    assert summary["site"] == "inn"
    assert [summary[name] for name in ("units", "zones", "gateways", "devices", "points", "profiles")] == [1] * 6
    assert summary["rules"] == 1 + len(load_ruleset())


def test_json_of_a_broken_site_is_a_list_of_problems(broken: Path) -> None:
    code, output = run(str(broken), "--json", "--lang", "en")
    assert code == 1
    problems = json.loads(output)
    assert [(one["file"], one["line"], one["field"]) for one in problems] == [
        ("gateways/gw-1.yaml", 11, "connections[0].devices[0].zone"),
        ("profiles/inn_pressure.yaml", 1, "source"),
        ("profiles/inn_pressure.yaml", 5, "sauce"),
    ]
    assert problems[0]["value"] == "'exit-2'"
    assert problems[0]["mend"] == "did you mean 'exit-1'?"


def test_a_terminal_gets_a_table_with_every_column(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.check_command, "Console", lambda: Console(force_terminal=True, width=200, no_color=True))
    for lang, words in (
        ("zh", ("发现 3 个问题", "位置", "改法", "没有这个部位", "是不是“exit-1”？")),
        ("en", ("3 problems found", "place", "mend", "no such zone", "did you mean 'exit-1'?")),
    ):
        code, output = run(str(broken), "--lang", lang)
        assert code == 1
        for word in (*words, "gateways/gw-1.yaml:11", "connections[0].devices[0].zone", "'exit-2'"):
            assert word in output


def test_what_people_wrote_is_never_taken_for_markup(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.check_command, "Console", lambda: Console(force_terminal=True, width=200, no_color=True))
    gateway = broken / "gateways" / "gw-1.yaml"
    gateway.write_text(gateway.read_text("utf-8").replace("exit-2", "'[/bold] \\ [red]'"), "utf-8")
    code, output = run(str(broken))
    assert code == 1
    assert "[/bold]" in output


@pytest.mark.parametrize("arguments", [(), ("/nowhere/at/all",), (str(GOOD), "--lang", "fr"), (str(GOOD), "--what")])
def test_wrong_usage_exits_with_two(arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


def test_the_language_may_come_from_the_environment() -> None:
    result = CliRunner().invoke(application, [str(GOOD)], env={"FENGSUI_LANG": "en"})
    assert "all right" in result.stdout


def test_a_site_profile_replaces_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(GOOD, site)
    own = (site / "profiles" / "inn_pressure.yaml").read_text("utf-8").replace("inn_pressure", "qdy30a_pressure")
    (site / "profiles" / "inn_pressure.yaml").write_text(own, "utf-8")
    gateway = site / "gateways" / "gw-1.yaml"
    gateway.write_text(gateway.read_text("utf-8").replace("inn_pressure", "qdy30a_pressure"), "utf-8")
    assert load_registry(site).profiles["qdy30a_pressure"].source == "assumption"
    shutil.rmtree(site / "profiles")
    assert load_registry(site).profiles["qdy30a_pressure"].source != "assumption"


def test_a_missing_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder → give the folder that holds"):
        load_registry(tmp_path / "nowhere")
    assert load_documents(tmp_path / "nowhere") == ()


def test_all_unreadable_files_of_a_folder_are_named(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("x: y: z")
    (tmp_path / "c.yml").write_text("x: 1")
    with pytest.raises(ConfigurationError) as caught:
        load_documents(tmp_path, root=tmp_path)
    assert [problem.file for problem in caught.value.problems] == ["c.yml", "a.yaml", "b.yaml"]


def test_a_sentence_without_a_template_stays_as_it_is() -> None:
    assert chinese("the flux capacitor is empty") == "the flux capacitor is empty"
    assert chinese("no such flux capacitor") == "no such flux capacitor"
    assert chinese("no such zone") == "没有这个部位"


@pytest.mark.parametrize(("english", "target"), TEMPLATES)
def test_no_template_hides_another(english: str, target: str) -> None:
    def filled(template: str, words: str) -> str:
        return re.sub(r"\{[A-Z][a-z]+\}", words, re.sub(r"\{[a-z]+\}", "x1", template))

    assert chinese(filled(english, "zone")) == filled(target, "部位")
