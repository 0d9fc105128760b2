"""One entry that makes many: what it makes, where its problems point, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.yaml_documents import parse_document
from domain import templates
from domain.documents import Document, gathered
from domain.errors import ConfigurationError
from domain.placeholders import filled, value_of
from domain.templates import MOST_MADE, expanded


def made(text: str) -> Any:
    return expanded(parse_document(text, "a.yaml", {})).data


def refusals(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        made(text)
    return [str(problem) for problem in caught.value.problems]


def test_one_entry_makes_many_with_numbers_in_ids_addresses_and_labels() -> None:
    text = """
points:
  - {id: first}
  - repeat: 1-3
    id: l1p{n:02}
    address: "{n}"
    low: {n*10}
    labels: {zh: "{n}号点", en: "Point {n}"}
    read: {address: {2*n+0x2000}, at: "{n:04x}"}
    tags: ["t{n}", plain]
  - {id: last}
"""
    points = made(text)["points"]
    assert [point["id"] for point in points] == ["first", "l1p01", "l1p02", "l1p03", "last"]
    assert points[2] == {
        "id": "l1p02", "address": 2, "low": 20, "labels": {"zh": "2号点", "en": "Point 2"},
        "read": {"address": 8196, "at": "0002"}, "tags": ["t2", "plain"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("1-4", [1, 2, 3, 4]),
        ("7-7", [7]),
        ("1-2,5,8-9", [1, 2, 5, 8, 9]),
        ("[3, 1, 20-21]", [3, 1, 20, 21]),
        ('"5"', [5]),
    ],
)
def test_ranges(written: str, numbers: list[int]) -> None:
    assert made(f'l: [{{repeat: {written}, a: "{{n}}"}}]' if "," not in written or "[" in written else
                f'l:\n  - repeat: {written}\n    a: "{{n}}"\n')["l"] == [{"a": one} for one in numbers]  # fmt: skip


def test_several_counters_go_through_all_combinations_and_entries_nest() -> None:
    text = """
connections:
  - repeat: {c: 1-2}
    id: line-{c}
    devices:
      - {id: "own-{c}"}
      - repeat: {l: 1-2, p: 8-9}
        id: d{c}-l{l}p{p}
        address: {l*256+p+c}
"""
    lines = made(text)["connections"]
    assert [line["id"] for line in lines] == ["line-1", "line-2"]
    assert [one["id"] for one in lines[1]["devices"]] == ["own-2", "d2-l1p8", "d2-l1p9", "d2-l2p8", "d2-l2p9"]
    assert lines[1]["devices"][4]["address"] == 523


def test_problems_name_the_line_of_the_template_and_the_number() -> None:
    text = """
l:
  - repeat: 1-100
    id: a{n}
  - repeat: {loop: 1-2, p: 5-6}
    id: b
  - id: c
    zone: x
"""
    document = expanded(parse_document(text, "a.yaml", {}))
    assert str(document.problem(("l", 46, "id"), "no", "x")) == "a.yaml:4: l[0](n=47).id (is 'a47'): no → x"
    assert str(document.problem(("l", 102, "id"), "no", "x")) == "a.yaml:6: l[1](loop=2, p=5).id (is 'b'): no → x"
    assert str(document.problem(("l", 104, "zone"), "no", "x")) == "a.yaml:8: l[2].zone (is 'x'): no → x"


def test_what_is_wrong_alike_in_all_of_them_is_told_once() -> None:
    document = expanded(parse_document("l:\n  - repeat: 1-100\n    zone: nowhere\n", "a.yaml", {}))
    alike = [document.problem(("l", at, "zone"), "no such zone", "x") for at in range(100)]
    one = document.problem(("l", 12, "zone"), "something else", "x")
    told = [str(problem) for problem in gathered([*alike, one])]
    assert told == [
        "a.yaml:3: l[0](n=1 and 99 more).zone (is 'nowhere'): no such zone → x",
        "a.yaml:3: l[0](n=13).zone (is 'nowhere'): something else → x",
    ]


def test_a_secret_of_the_environment_stays_hidden_in_what_was_made() -> None:
    document = expanded(
        parse_document("l:\n  - {a: 1}\n  - {repeat: 1-3, key: '${SECRET}'}\n", "a.yaml", {"SECRET": "x"})
    )
    assert "${SECRET}" in str(document.problem(("l", 3, "key"), "no", "y"))
    assert document.value(("l", 3, "key")) == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l: [{repeat: 5, id: a}]", "a.yaml:1: l[0].repeat (is 5): one number is no range → write 1-5"),
        ("l: [{repeat: 9-2}]", "a.yaml:1: l[0].repeat (is '9-2'): the range goes down → write 2-9"),
        ("l: [{repeat: many}]", "not a range of numbers → write 1-100, or 1-20,31,40-45"),
        ("l: [{repeat: }]", "not a range of numbers"),
        ("l:\n  - repeat: 1-3,2\n", "a number is counted twice"),
        ("l: [{repeat: {N: 1-2}}]", "not the name of a counter → use 1 to 8 of the letters a-z"),
        ("l: [{repeat: 1-2, id: 'a{m}'}]", "l[0].id (is 'a{m}'): no counter 'm' → use one of: n"),
        ("l: [{repeat: 1-2, id: 'a{n/2}'}]", "'n/2' is no sum of numbers and counters → write {n}, {n:03} or"),
        ("l: [{id: 'a{n:02}'}]", "'{n}' counts nothing here → add 'repeat: 1-100' to the entry, or remove the braces"),
        ("l: [{repeat: 1-2, m: [{repeat: 1-2}]}]", "the entry around this one counts 'n' already → give this one"),
        ("l: [{repeat: 1-99999}]", f"more than {MOST_MADE} entries in one file → split the file"),
        ("l: [{repeat: {a: 1-9999, b: 1-9999, c: 1-9999}}]", f"more than {MOST_MADE} entries"),
    ],
)  # fmt: skip
def test_a_wrong_repeat_is_refused_with_its_mend(text: str, expected: str) -> None:
    found = refusals(text)
    assert len(found) == 1, found
    assert expected in found[0]


def test_a_large_entry_is_not_made_twenty_thousand_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MOST_VALUES", 500)
    found = refusals(f"l:\n  - repeat: 1-100\n    m: {list(range(90))}\n")
    assert found == ["a.yaml:2: l[0].repeat (is '1-100'): more than 500 values in one file → split the file"]


def test_a_document_without_repeat_is_the_same_object() -> None:
    document = Document("a.yaml", {"topic": "sensors/{address}/up", "list": [{"a": 1}]})
    assert expanded(document) is document


@given(st.text(alphabet="n*+-:0123456789x {}am", max_size=30))
def test_no_text_does_anything_but_be_filled_or_be_refused(text: str) -> None:
    try:
        result = filled(text, {"n": 7})
    except (KeyError, ValueError):
        return
    assert isinstance(result, int | str)


@given(st.integers(0, 99_999), st.integers(0, 999), st.integers(0, 65_535))
def test_sums_and_products_are_what_they_say(n: int, factor: int, offset: int) -> None:
    numbers = {"n": n}
    assert value_of(f"{factor}*n+{offset}", numbers) == factor * n + offset
    assert value_of(f"n * {factor} - {offset}", numbers) == n * factor - offset
    assert value_of("n:05", numbers) == f"{n:05}"
    assert value_of("n:04x", numbers) == f"{n:04x}"
    assert value_of("n:X", numbers) == f"{n:X}"
