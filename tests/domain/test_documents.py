"""Findings of a validator → problems with file, line, field, value, what and mend."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.documents import Document, Path, dotted, problems_of
from domain.errors import ConfigurationError, FengsuiError, LinkError, Problem, RefusedError, StoreError, WireError
from domain.ids import Token
from domain.points import PointKind
from domain.wording import nearest


class Part(BaseModel):
    """A part of a machine in these tests."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: Token
    kind: PointKind = PointKind.MEASURE
    size: float = Field(default=1.0, gt=0, le=10)
    count: int = Field(default=1, ge=1)
    address: int | str = 0
    note: str = Field(default="", max_length=5)
    group: str = Field(default="", alias="class")


class Machine(BaseModel):
    """A machine in these tests."""

    model_config = ConfigDict(extra="forbid")

    machine: Token
    parts: tuple[Part, ...] = Field(min_length=1)
    spare: dict[Token, Part] = Field(default_factory=dict)
    on: bool = False

    @model_validator(mode="after")
    def _not_called_x(self) -> Machine:
        if self.machine == "x":
            raise ValueError("x is no name → take another letter")
        if self.machine == "y":
            raise ValueError("y is no name")
        return self


def found(data: Any, prefix: Path = ()) -> list[str]:
    """Return the problems of a machine, without file and line."""
    whole = data
    for step in reversed(prefix):
        whole = {step: whole}
    with pytest.raises(ValidationError) as caught:
        Machine.model_validate(data)
    problems = problems_of(caught.value, Document("f", whole), prefix, model=Machine)
    return [str(problem).removeprefix("f:1: ") for problem in problems]


PART = {"name": "a"}


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({}, "parts[0].name: is missing → add the line 'name: …'"),
        ({"name": "a b"}, "parts[0].name (is 'a b'): not an id → use 1 to 64 of the characters A-Z a-z 0-9 _ -;"),
        ({"name": 3}, "parts[0].name (is 3): must be text"),
        ({**PART, "kind": "mesure"}, "parts[0].kind (is 'mesure'): not one of the known words → did you mean 'measure"),
        ({**PART, "kind": "x"}, "not one of the known words → use one of: event, measure, state"),
        ({**PART, "size": "big"}, "parts[0].size (is 'big'): must be a number → write a number such as 2.5"),
        ({**PART, "size": float("nan")}, "parts[0].size (is nan): must be a finite number"),
        ({**PART, "size": 0}, "parts[0].size (is 0): too small → write a number above 0"),
        ({**PART, "size": 11}, "parts[0].size (is 11): too large → write 10 or less"),
        ({**PART, "count": 1.5}, "parts[0].count (is 1.5): must be a whole number"),
        ({**PART, "count": True, "note": "too long"}, "parts[0].note (is 'too long'): too long → write at most 5"),
        ({**PART, "address": [1]}, "parts[0].address: must be a whole number or must be text → write digits only"),
        ({**PART, "sise": 3}, "parts[0].sise (is 3): unknown key → remove 'sise', or correct its spelling: did you"),
        ({**PART, "zzz": 3}, "correct its spelling: use one of: address, class, count, kind, name, note, size"),
        ({**PART, "klass": 3}, "did you mean 'class'?"),
        ([], "parts[0]: must be a block of 'name: value' lines"),
        ("a", "parts[0] (is 'a'): must be a block"),
    ],
)
def test_each_kind_of_mistake_has_its_words(part: Any, words: str) -> None:
    problems = found({"machine": "m", "parts": [part]})
    assert len(problems) == 1
    assert words in problems[0]


def test_mistakes_in_the_frame_have_their_words_too() -> None:
    assert found([])[0].startswith("must be a block of 'name: value' lines")
    assert found({"machine": "m", "parts": []}) == ["parts: too few items → write at least 1"]
    assert found({"machine": "m", "parts": 3})[0].startswith("parts (is 3): must be a list")
    assert found({"machine": "m", "parts": [PART], "on": "off?"})[0].startswith("on (is 'off?'): must be true or false")
    assert found({"machine": "x", "parts": [PART]}) == ["x is no name → take another letter"]
    assert found({"machine": "y", "parts": [PART]}) == ["does not fit → y is no name"]


def test_keys_of_a_mapping_are_named_where_they_stand() -> None:
    problems = found({"machine": "m", "parts": [PART], "spare": {"a b": PART, "c": {"name": "c", "siz": 1}}})
    assert len(problems) == 2
    assert problems[0].startswith("spare.a b: not an id")
    assert problems[1].startswith("spare.c.siz (is 1): unknown key → remove 'siz', or correct its spelling: did you")


def test_a_prefix_leads_to_a_part_of_a_larger_document() -> None:
    assert found({"machine": "m", "parts": [{}]}, ("machines", "first"))[0].startswith("machines.first.parts[0].name")


def test_a_list_is_not_called_short_when_its_items_are_wrong() -> None:
    assert len(found({"machine": "m", "parts": [{}, {}]})) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["machine", "parts", "spare", "on", "name", "kind", "size", "address"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_whatever_was_written_each_problem_is_one_printable_line(data: Any) -> None:
    try:
        Machine.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, Document("f", data), model=Machine)
        assert problems
        assert len({problem.field for problem in problems}) == len(problems)
        for problem in problems:
            assert str(problem).isprintable()
            assert problem.message
            assert problem.mend


def test_paths_are_written_as_people_read_them() -> None:
    assert dotted(("devices", 2, "profile")) == "devices[2].profile"
    assert dotted((0, "a")) == "[0].a"
    assert dotted(()) == ""


def test_the_nearest_name_or_all_names() -> None:
    assert nearest("exti", ["exit", "stair"]) == "did you mean 'exit'?"
    assert nearest("pool", ["exit", "stair"]) == "use one of: exit, stair"
    assert nearest("pool", []) == "none is defined yet"


def test_a_problem_shows_values_shortly_and_escapes_control_characters() -> None:
    problem = Problem(file="f", line=3, field="a", value="x" * 500, message="too\x1b[31m long", mend="cut it")
    assert len(problem.shown_value) == 80
    assert str(problem).startswith("f:3: a (is 'xxxx")
    assert "\x1b" not in str(problem)
    assert Problem(file="f", line=1, field="", value=True, message="m", mend="n").shown_value == "true"
    for hidden in ({"password": "p"}, ["p"], None):
        assert not Problem(file="f", line=1, field="", value=hidden, message="m", mend="n").shown_value


def test_error_families_say_whether_trying_again_may_help() -> None:
    assert [family.retryable for family in (FengsuiError, ConfigurationError, WireError, RefusedError)] == [False] * 4
    assert [family.retryable for family in (LinkError, StoreError)] == [True] * 2
    assert RefusedError("busy", code=6, retryable=True).retryable
    assert RefusedError("no").code is None
    assert all(issubclass(family, FengsuiError) for family in (ConfigurationError, WireError, LinkError, StoreError))


def test_a_wire_error_keeps_the_head_of_the_bytes() -> None:
    error = WireError("short frame", bytes(1000))
    assert len(error.raw) == 256
    assert str(error) == f"short frame (bytes: {'00' * 256})"
    assert str(WireError("empty")) == "empty"


def test_a_configuration_error_lists_every_problem() -> None:
    problem = Problem(file="f", line=1, field="a", value=None, message="is missing", mend="add it")
    assert str(ConfigurationError([problem, problem])) == "f:1: a: is missing → add it\nf:1: a: is missing → add it"
