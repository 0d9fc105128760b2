"""A site's own procedures for rules that it did not write: taken, checked, and without a meaning for the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.problem_texts import in_language
from cli.rule_files import load_ruleset, rule_texts
from domain.errors import ConfigurationError

OWN = "procedures:\n  pressure_low:\n    zh: 先打泵房电话 8001\n    en: Call the pump room, 8001\n"


def test_a_site_replaces_the_procedure_of_a_library_rule_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "procedures.yaml").write_text(OWN, encoding="utf-8")
    library, site = load_ruleset(), load_ruleset(site_rules=tmp_path)
    before, after = (one.rules["pressure_low"] for one in (library, site))
    assert after.procedure is not None
    assert after.procedure.zh == "先打泵房电话 8001"
    assert after.model_copy(update={"procedure": before.procedure}) == before
    assert after.meaning == before.meaning
    assert (set(site.own), set(site.own_procedures)) == (set(), {"pressure_low"})
    assert site.version != library.version


def test_explain_shows_it(tmp_path: Path) -> None:
    (tmp_path / "procedures.yaml").write_text(OWN, encoding="utf-8")
    words = ["rules", "explain", "pressure_low", "--rules", str(tmp_path)]
    assert "先打泵房电话 8001" in CliRunner().invoke(app, words).output
    told = json.loads(CliRunner().invoke(app, [*words, "--json", "--lang", "en"]).output)
    assert told["rule"]["procedure"] == "Call the pump room, 8001"


def test_it_travels_with_the_rules_that_are_applied(tmp_path: Path) -> None:
    (tmp_path / "procedures.yaml").write_text(OWN, encoding="utf-8")
    assert list(rule_texts(tmp_path)) == ["procedures.yaml"]


@pytest.mark.parametrize(
    ("text", "line", "zh"),
    [
        (OWN.replace("pressure_low", "presure_low"), 2, "没有规则用此编号"),
        (OWN.replace("    en: Call the pump room, 8001\n", ""), 2, "en"),
        (OWN + "    colour: red\n", 5, "没有这个键"),
        ("procedures: {}\n", 1, ""),
        (OWN.replace("先打泵房电话", "打" * 2001), 3, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, zh: str) -> None:
    (tmp_path / "procedures.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_ruleset(site_rules=tmp_path)
    (problem,) = refused.value.problems
    assert (problem.file.rpartition("/")[2], problem.line) == ("procedures.yaml", line)
    assert zh in str(in_language(problem, "zh"))
