"""Broken scenarios, one file a fault, and the exact words people get (`pytest --update` rewrites them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.site_files import load_registry
from cli.yaml_documents import parse_document
from domain.errors import ConfigurationError
from simulators.scenario import check_rules, load_scenario
from simulators.scenario_check import check_against

FOLDER = Path(__file__).parent / "scenario_errors"
HOTEL = Path(__file__).parents[2] / "examples" / "hotel"
CASES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
HEAD = "scenario: broken\nlabels: {zh: 错误情景, en: broken}\nduration_s: 60\n"


@pytest.mark.parametrize("case", CASES)
def test_a_broken_scenario_is_refused_in_these_words(case: str, request: pytest.FixtureRequest) -> None:
    text = (FOLDER / f"{case}.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        check_against(load_scenario(parse_document(text, f"{case}.yaml"), FOLDER), load_registry(HOTEL))
    expected = FOLDER / f"{case}.err"
    if request.config.getoption("--update"):
        expected.write_text(f"{refused.value}\n", encoding="utf-8")
    assert f"{refused.value}\n" == expected.read_text(encoding="utf-8")
    for problem in refused.value.problems:
        assert problem.file == f"{case}.yaml"
        assert problem.line > 0
        assert problem.mend


def test_there_are_cases() -> None:
    assert len(CASES) >= 10


def test_an_unknown_rule_is_found_wherever_it_stands() -> None:
    text = HEAD + (
        "steps:\n"
        "  - {at: 1, operator: reset, rule: panel_fier}\n"
        "  - at: 2\n"
        "    expect:\n"
        "      - {push: {rule: panel_fire, person: p-lin}}\n"
        "      - {alert: {rule: smoke, event: raised}}\n"
    )
    scenario = load_scenario(parse_document(text, "s.yaml"), FOLDER)
    problems = check_rules(scenario, ["panel_fire", "smoke_alarm"])
    assert [(problem.line, problem.field, problem.mend) for problem in problems] == [
        (5, "steps[0].rule", "did you mean 'panel_fire'?"),
        (9, "steps[1].expect[1].alert.rule", "did you mean 'smoke_alarm'?"),
    ]
    assert scenario.rules == {"panel_fier", "panel_fire", "smoke"}


def test_windows_are_counted_from_the_step_unless_they_are_given() -> None:
    text = HEAD + (
        "steps:\n"
        "  - at: 10\n"
        "    expect:\n"
        "      - {alert: {rule: r, event: raised}, within: 5}\n"
        "      - {alert: {rule: r, event: raised}, between: [2, 3]}\n"
        "      - {alert: {rule: r, event: raised}, never: true}\n"
    )
    expected = load_scenario(parse_document(text, "s.yaml"), FOLDER).expected
    assert [(item.start_s, item.end_s, item.line) for item in expected] == [(10, 15, 7), (2, 3, 8), (10, 60, 9)]


def test_steps_are_played_by_time_whatever_their_order_in_the_file() -> None:
    text = HEAD + "steps:\n  - {at: 9, operator: reset, rule: a}\n  - {at: 3, operator: reset, rule: b}\n"
    scenario = load_scenario(parse_document(text, "s.yaml"), FOLDER)
    assert [placed.step.at for placed in scenario.steps] == [3, 9]
