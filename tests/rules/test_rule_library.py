"""The library: every rule has tests that pass, and it speaks of this world's places in both languages."""

from __future__ import annotations

import pytest

from cli.yaml_documents import parse_document
from domain.alarm import AlarmClass
from domain.documents import Document
from domain.errors import ConfigurationError
from rules import TEST_SUFFIX, Outcome, library_dir, load, run_tests
from tests.rules.rules_scene import EXTRA_RULES, library, rule_documents

TESTS = [document for document in library() if document.file.endswith(TEST_SUFFIX)]
RULES = load(library())

EBIKE = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"

DELAYED = """
rules: [pressure_low]
world:
  zones: [{id: pump, kind: pump_room, floor: -2, labels: {zh: 泵房, en: pump room}}]
  devices: [{id: p1, kind: pressure_transmitter, zone: pump, points: [{id: pressure, quantity: QUANTITY, low: 250}]}]
tests:
  - name: t
    series: {SERIES}
    expect: [EXPECT]
"""


def outcomes(
    series: str = "p1/pressure: 200*9",
    expect: str = "{at_s: 5, kind: raised, entity: p1/pressure}",
    quantity: str = "kPa",
) -> list[Outcome]:
    """Run one test that is made of its parts."""
    text = DELAYED.replace("SERIES", series).replace("EXPECT", expect).replace("QUANTITY", quantity)
    return run_tests([parse_document(text, "rules/pressure_low.test.yaml", {})], RULES)


@pytest.mark.parametrize("outcome", run_tests(TESTS, RULES), ids=lambda outcome: f"{outcome.file}: {outcome.name}")
def test_the_librarys_own_tests_pass(outcome: Outcome) -> None:
    assert outcome.failures == ()


def test_every_rule_has_a_test_file_of_its_name_that_raises_it() -> None:
    for rule in RULES:
        (document,) = [one for one in TESTS if one.file.endswith(f"/{rule.id}{TEST_SUFFIX}")]
        expected = [one for test in document.data["tests"] for one in test.get("expect", ())]
        assert any(one.get("kind") == "raised" for one in expected), rule.id
        assert any(one.get("nothing") for one in expected), f"{rule.id}: nothing is said about the instant before"


def test_the_sentence_of_the_mission_is_in_the_library_word_for_word() -> None:
    (document,) = [one for one in TESTS if "ebike_charging_at_exit" in one.file]
    assert EBIKE in {one.get("text_zh") for test in document.data["tests"] for one in test.get("expect", ())}


def test_fires_are_latched_and_causes_hide_only_their_consequences() -> None:
    for rule in RULES:
        assert rule.is_latched == (rule.alarm_class is AlarmClass.FIRE)
    assert {(rule.id, hidden) for rule in RULES for hidden in rule.hides} == {
        ("co_dangerous", "co_high"),
        ("ebike_charging_at_exit", "ebike_parked_at_exit"),
        ("gas_high", "gas_low"),
        ("gateway_offline", "device_silent"),
        ("gateway_readings_dropped", "gateway_readings_thinned"),
        ("gateway_readings_dropped", "gateway_spool_filling"),
        ("transmitter_offline", "device_silent"),
    }


def test_a_sites_rule_replaces_the_librarys_rule_of_the_same_id() -> None:
    (mine,) = rule_documents(EXTRA_RULES.split("---")[0].replace("pressure_band", "pressure_low"))
    chosen = load(library(), [mine])
    assert len(chosen) == len(RULES)
    assert chosen.rules["pressure_low"].labels.en == "Pressure out of band"
    assert chosen.documents["pressure_low"] is mine
    assert chosen.version != RULES.version == load(library()).version


def test_what_is_missing_and_what_is_too_much_is_told_with_time_and_text() -> None:
    (early,) = outcomes(expect="{at_s: 4, kind: raised}")
    assert early.failures[0] == "missing at 4 s: raised ; at that time: nothing"
    assert early.failures[1].startswith(
        "not expected at 5 s: raised rule=pressure_low, level=warning, entity=p1/pressure"
    )
    (other,) = outcomes(expect="{at_s: 5, kind: raised, text_en: other}")
    assert "missing at 5 s: raised text_en=other; at that time: ['raised" in other.failures[0]
    (silent,) = outcomes(expect="")
    assert len(silent.failures) == 1
    assert outcomes()[0].failures == ()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"series": "p1/presure: 200*9"}, "the world has no such point"),
        ({"series": "p1/pressure: 200x9"}, "'200x9' is no reading"),
        ({"series": "p1/pressure: 0x9"}, "must be text"),
        ({"expect": "{at_s: 5}"}, "say what is expected"),
        ({"expect": "{at_s: 5, kind: risen}"}, "not one of the known words"),
        ({"quantity": "degC"}, "kPa does not fit p1/pressure, which is in degC"),
    ],
)
def test_a_test_file_that_is_wrong_is_refused_with_its_line(parts: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        outcomes(**parts)
    (problem,) = refused.value.problems
    assert problem.message == message
    assert problem.line > 1


def test_a_test_file_of_no_rule_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no rule is called nobody"):
        run_tests([Document("x/nobody.test.yaml", {**TESTS[0].data})], RULES)


def test_the_examples_of_the_readme_are_a_rule_and_its_test() -> None:
    readme = (library_dir().parent / "README.md").read_text(encoding="utf-8")
    rule, test = (part.split("```")[0] for part in readme.split("```yaml\n")[1:])
    ruleset = load([parse_document(rule, "rules/pressure_low.yaml", {})])
    (outcome,) = run_tests([parse_document(test, "rules/pressure_low.test.yaml", {})], ruleset)
    assert outcome.failures == ()
