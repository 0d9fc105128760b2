"""Pages, words, schema and differences: what people read about rules is made from the rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.rule_files import load_ruleset
from cli.rules_document_commands import pages, rule_schema
from domain.alarm import AlarmClass
from domain.errors import WireError
from rules import TEST_SUFFIX, load
from rules.bundle import RulesBundle
from rules.conditions import COMBINATIONS, TESTS, Condition
from rules.consequences import causes
from rules.differences import differences
from rules.pages import PHRASES, condition_lines, condition_text
from tests.rules.rules_scene import library, rule_documents, ruleset

DOCS = Path(__file__).parents[2] / "docs" / "rules"


def test_the_pages_in_the_documents_are_those_of_the_rules(request: pytest.FixtureRequest) -> None:
    made = pages()
    if request.config.getoption("--update"):
        for name, text in made.items():
            (DOCS / name).write_text(text, encoding="utf-8")
    stored = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert stored == made, "run 'fengsui rules docs', and read the diff"


def test_every_kind_of_condition_has_its_words() -> None:
    without = [kind for kind in (*COMBINATIONS, *TESTS) if kind not in PHRASES]
    assert without == [], f"no phrase in rules/pages/words.py for: {', '.join(without)}"


def test_a_kind_without_words_is_written_with_its_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PHRASES, "step")
    condition = Condition.model_validate({"step": {"low": 60, "high": 600, "quantity": "W"}})
    assert "low: 60.0" in condition_text(condition, "en")
    assert condition_lines(condition, "zh")[0].startswith("- step（")


def test_rules_of_the_library_name_owner_source_and_reason() -> None:
    for rule in load(library()):
        assert rule.owner == "fengsui", rule.id
        assert rule.source, rule.id
        assert rule.reason is not None, rule.id


def test_every_rule_of_the_library_tells_the_operator_what_to_do() -> None:
    for rule in load(library()):
        assert rule.procedure is not None, rule.id
        zh, en = (text.splitlines() for text in (rule.procedure.zh, rule.procedure.en))
        assert 3 <= len(zh) == len(en) <= 7, rule.id
        for at, (one, other) in enumerate(zip(zh, en, strict=True), 1):
            assert one.startswith(f"{at}. "), rule.id
            assert other.startswith(f"{at}. "), rule.id
            assert (len(one) <= 70, len(other) <= 170) == (True, True), one
        if rule.alarm_class is AlarmClass.FIRE:
            assert "119" in rule.procedure.zh, rule.id


def test_causes_are_the_reverse_of_consequences() -> None:
    by = causes(ruleset().rules)
    assert by["device_silent"] == ("gateway_offline", "transmitter_offline")
    assert by["component_fire"] == ()


def test_every_file_of_the_library_fits_the_schema() -> None:
    for document in library():
        schema = rule_schema(of_tests=document.file.endswith(TEST_SUFFIX))
        assert list(misfits(document.data, schema, schema, "")) == [], document.file


def test_the_schema_refuses_what_the_check_refuses() -> None:
    schema = rule_schema()
    (good,) = [one.data for one in library() if one.file.endswith("/pressure_low.yaml")]
    for wrong in ({"level": "loud"}, {"on_delay_s": -1}, {"colour": "red"}, {"id": "a b"}):
        assert list(misfits({**good, **wrong}, schema, schema, "")) != [], wrong


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def misfits(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    """Hold a value against the part of JSON Schema that pydantic writes."""
    if "$ref" in schema:
        return misfits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, path)
    if "anyOf" in schema:
        tried = [misfits(value, one, root, path) for one in schema["anyOf"]]
        return [] if any(not one for one in tried) else [f"{path}: fits none"]
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return [f"{path}: no {schema['type']}"]
    if isinstance(value, dict):
        return _misfits_of_block(value, schema, root, path)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [one for at, inner in enumerate(value) for one in misfits(inner, items, root, f"{path}[{at}]")]
    return [] if _fits_alone(value, schema) else [f"{path}: {value!r}"]


def _misfits_of_block(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> list[str]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{path}: {name} missing" for name in schema.get("required", ()) if name not in value]
    found += [f"{path}: unknown {name}" for name in value if name not in known and other is False]
    for name, inner in value.items():
        found += misfits(inner, known.get(name, other if isinstance(other, dict) else {}), root, f"{path}.{name}")
    return found


def _fits_alone(value: Any, schema: dict[str, Any]) -> bool:
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    known = not isinstance(value, int | float)
    return known or schema.get("minimum", -9e99) <= value <= schema.get("maximum", 9e99)


def test_differences_say_whether_state_is_kept() -> None:
    text = """
id: a
version: "1"
labels: {zh: a, en: a}
class: hazard
level: notice
watches: {kind: camera, point: behaviour}
condition: {at_least: 2}
messages: {zh: "{zone}", en: "{zone}"}
"""
    before = load(
        rule_documents(text + "---" + text.replace("id: a", "id: b") + "---" + text.replace("id: a", "id: c"))
    )
    after = load(
        rule_documents(
            text.replace("level: notice", "level: warning")
            + "---"
            + text.replace("id: a", "id: b").replace("at_least: 2", "at_least: 3")
            + "---"
            + text.replace("id: a", "id: d")
        )
    )
    found = {one.rule: (one.kind, one.fields, one.keeps_state) for one in differences(before, after)}
    assert found == {
        "a": ("changed", ("level",), True),
        "b": ("changed", ("condition",), False),
        "c": ("gone", (), False),
        "d": ("new", (), False),
    }
    assert differences(load_ruleset(), load_ruleset()) == []


@given(st.binary(max_size=300))
def test_any_bytes_are_a_bundle_or_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        RulesBundle.decode(data)


def test_a_bundle_comes_back_as_it_was_and_leads_to_no_other_folder() -> None:
    one = RulesBundle(version="v", by="我", time_ns=1, note="", files={"a.yaml": "id: a\n"})
    assert RulesBundle.decode(one.encode()) == one
    with pytest.raises(WireError, match="other folders"):
        RulesBundle.decode(RulesBundle(version="v", by="", time_ns=1, note="", files={"../a.yaml": ""}).encode())
