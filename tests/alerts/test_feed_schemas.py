"""The published schemas: made from the models, valid, and true to what they promised."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from alerts.feed_face import schema, schema_names
from alerts.feeding.schema_files import FOLDER, documents, text
from domain.errors import RefusedError
from tests.alerts.schema_promises import broken

GOLDEN = Path(__file__).parent / "feed_golden"
NAMES = sorted(documents())


@pytest.mark.parametrize("name", NAMES)
def test_a_published_file_is_what_the_models_say(name: str, request: pytest.FixtureRequest) -> None:
    wanted, file = text(documents()[name]), FOLDER / f"{name}.json"
    if request.config.getoption("--update"):
        file.write_text(wanted, "utf-8")
    assert file.read_text("utf-8") == wanted, "run: python -m alerts.feeding.schema_files"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_of_draft_2020_12(name: str) -> None:
    found = schema(name)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["$id"] == f"urn:fengsui:schema:{name}"
    Draft202012Validator.check_schema(found)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_version_promised_it_keeps(name: str, request: pytest.FixtureRequest) -> None:
    """The golden file grows with additions (``--update``); what it holds is never taken back."""
    file = GOLDEN / f"{name}.json"
    promised = json.loads(file.read_text("utf-8"))
    assert list(broken(promised, documents()[name])) == []
    if request.config.getoption("--update"):
        file.write_text(text(documents()[name]), "utf-8")


def test_every_schema_has_its_golden_file_and_its_published_file() -> None:
    assert tuple(NAMES) == schema_names()
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(NAMES)


def _without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    found = copy.deepcopy(document)
    part = found
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return found


def test_removals_and_new_types_are_found_and_additions_are_not() -> None:
    old = documents()["alert-event-v1"]
    assert list(broken(old, _without(old, "properties", "owner")))
    retyped = copy.deepcopy(old)
    retyped["properties"]["raised_at_ns"]["type"] = "string"
    assert list(broken(old, retyped))
    optional = copy.deepcopy(old)
    optional["required"].remove("id")
    assert list(broken(old, optional))
    fewer = copy.deepcopy(old)
    fewer["$defs"]["AlarmClass"]["enum"].remove("duty")
    assert list(broken(old, fewer))
    narrower = copy.deepcopy(old)
    narrower["properties"]["text_zh"]["maxLength"] = 10
    assert list(broken(old, narrower))
    more = copy.deepcopy(old)
    more["properties"]["new"] = {"type": "string"}
    more["$defs"]["AlarmClass"]["enum"].append("other")
    more["properties"]["owner"]["description"] = "in other words"
    assert list(broken(old, more)) == []


def test_a_schema_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(RefusedError, match="alert-event-v1") as refused:
        schema("../../etc/passwd")
    assert refused.value.code == 404
