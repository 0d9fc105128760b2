"""Broken rules: one folder a fault, and the exact words people get. ``--update`` rewrites; read the diff."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.problem_texts import in_language
from cli.yaml_documents import read_document
from domain.errors import ConfigurationError, Problem
from rules import load
from tests.rules.rules_scene import library, registry

FOLDER = Path(__file__).parent / "broken_rules"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
LINE = re.compile(r"^(rule|library/\w+)\.yaml:(?P<line>\d+):(?P<column>\d+): .+ → .+$")


def problems(case: str) -> tuple[Problem, ...]:
    """Return what is wrong with a case, read and checked against the library and a site."""
    document = read_document(FOLDER / case / "rule.yaml", FOLDER / case, {}, columns=True)
    with pytest.raises(ConfigurationError) as refused:
        load(library(), [document], registry=registry())
    return refused.value.problems


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_refused_in_these_words(case: str, request: pytest.FixtureRequest) -> None:
    said = "".join(f"{problem}\n" for problem in problems(case))
    expected = FOLDER / case / "expected.err"
    if request.config.getoption("--update"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    for line in said.splitlines():
        assert LINE.match(line), f"no line, column and mend in: {line}"


@pytest.mark.parametrize("case", CASES)
def test_every_problem_is_told_in_chinese_too(case: str) -> None:
    for problem in problems(case):
        assert in_language(problem, "zh").message != problem.message


def test_one_bad_rule_does_not_hide_another() -> None:
    cases = [read_document(FOLDER / case / "rule.yaml", FOLDER, {}) for case in ("unknown_key", "hides_nobody")]
    with pytest.raises(ConfigurationError) as refused:
        load(library(), cases)
    assert {problem.file for problem in refused.value.problems} == {
        "unknown_key/rule.yaml",
        "hides_nobody/rule.yaml",
    }
