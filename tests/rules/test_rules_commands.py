"""``fengsui rules check`` and ``test`` as a person and a pipe meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.rules_commands import app
from rules import library_dir
from tests.rules.rules_scene import EXTRA_RULES, write_rules


def invoke(*arguments: str | Path) -> tuple[int, str]:
    """Run the command; returns exit code and output."""
    result = CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout


def test_check_lists_the_library_in_both_languages() -> None:
    code, output = invoke("check")
    assert code == 0
    assert "火警" in output
    code, output = invoke("check", "--json")
    assert code == 0
    assert {one["id"] for one in json.loads(output)} == {
        path.stem for path in library_dir().glob("*.yaml") if not path.name.endswith(".test.yaml")
    }


def test_check_reads_a_folder_of_ones_own(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules", EXTRA_RULES)
    code, output = invoke("check", tmp_path / "rules", "--json")
    assert code == 0
    assert "zone_trouble" in {one["id"] for one in json.loads(output)}


def test_a_broken_rule_exits_with_one_and_names_line_and_mend(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules", EXTRA_RULES.replace("quantity: bar", "quantity: bars"))
    code, output = invoke("check", tmp_path / "rules", "--lang", "en")
    assert code == 1
    assert output.startswith("rules/rule0.yaml:")
    assert "did you mean 'bar'?" in output
    code, output = invoke("check", tmp_path / "rules", "--json")
    assert code == 1
    assert json.loads(output)[0]["field"] == "condition.any_of[0].below"


def test_the_librarys_tests_pass_in_a_pipe_and_on_a_screen() -> None:
    code, output = invoke("test", "--json")
    assert code == 0
    assert all(one["failures"] == [] for one in json.loads(output))
    code, output = invoke("test", library_dir() / "pressure_low.test.yaml", "--lang", "en")
    assert code == 0
    assert "3 tests, 0 failed" in output


def test_a_failing_test_exits_with_one_and_says_why(tmp_path: Path) -> None:
    text = (library_dir() / "pressure_low.test.yaml").read_text(encoding="utf-8")
    path = tmp_path / "rules" / "pressure_low.test.yaml"
    path.parent.mkdir()
    path.write_text(text.replace("{at_s: 31, kind: cleared", "{at_s: 30, kind: cleared"), encoding="utf-8")
    code, output = invoke("test", path.parent, "--json")
    assert code == 1
    (failed,) = [one for one in json.loads(output) if one["failures"]]
    assert failed["failures"][0].startswith("missing at 30 s: cleared entity=p")


@pytest.mark.parametrize("arguments", [("check", "/nowhere"), ("test", "/nowhere"), ("chek",)])
def test_wrong_usage_exits_with_two(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments)[0] == 2
