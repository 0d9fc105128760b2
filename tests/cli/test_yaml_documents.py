"""YAML text → `Document`: what is read, what is refused, and that nothing else can come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli.yaml_documents import MOST_BYTES, MOST_LEVELS, parse_document, read_document
from domain.documents import Document
from domain.errors import ConfigurationError


def parse(text: str, **environment: str) -> Document:
    return parse_document(text, "site.yaml", environment)


def refusal(text: str, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, **environment)
    assert len(caught.value.problems) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("12", 12),
        ("-3", -3),
        ("010", "010"),
        ("0x2000", 8192),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2.5", 2.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("2024-01-01", "2024-01-01"),
        ("1.2.3.4", "1.2.3.4"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("闽江大酒店", "闽江大酒店"),
        ("<<", "<<"),
    ],
)
def test_scalars_mean_what_people_expect(written: str, meant: Any) -> None:
    value = parse(f"key: {written}").data["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_every_value_has_its_line() -> None:
    document = parse("site: inn\nunits:\n  - id: a\n    labels: {zh: 甲, en: A}\n  - id: b\n")
    assert document.line(("site",)) == 1
    assert document.line(("units",)) == 2
    assert document.line(("units", 0, "labels", "zh")) == 4
    assert document.line(("units", 1)) == 5
    assert document.line(("units", 1, "labels")) == 5  # absent: the line of what should have it
    assert document.line(("nowhere",)) == 1
    assert document.value(("units", 1, "id")) == "b"
    assert document.value(("units", 7, "id")) is None
    assert document.value(("site", "id")) is None


def test_an_empty_file_is_an_empty_block() -> None:
    assert parse("").data == {}
    assert parse("# nothing yet\n").data == {}


def test_the_environment_fills_values_in() -> None:
    text = "a: ${PORT:-15502}\nb: '${PORT:-15502}'\nc: ${HOST}:${PORT:-1}\nd: ${NONE:-}\n"
    document = parse(text, HOST="example")
    assert document.data == {"a": 15502, "b": "15502", "c": "example:1", "d": None}
    assert parse(text, HOST="h", PORT="7").data == {"a": 7, "b": "7", "c": "h:7", "d": None}


def test_what_the_environment_filled_in_is_shown_as_written() -> None:
    document = parse("secret: ${SECRET}\n", SECRET="hunter2")  # noqa: S106 - no secret, a test of hiding one
    assert document.value(("secret",)) == "hunter2"
    assert document.problem(("secret",), "too short", "write more").value == "${SECRET}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: *one\n", "site.yaml:2: YAML aliases (*name) are not read"),
        ("a: !!python/name:os.system x\n", "site.yaml:1: YAML tags (!name) are not read"),
        ("a: !!binary aGk=\n", "site.yaml:1: YAML tags"),
        ("a: 1\nb: 2\na: 3\n", "site.yaml:3: a: key 'a' stands twice"),
        ("- {x: 1, x: 2}\n", "key 'x' stands twice → keep one of them"),
        ("? [a, b]\n: 1\n", "site.yaml:1: a key must be a word or a whole number"),
        ("true: 1\n", "a key must be a word"),
        ("1.5: 1\n", "a key must be a word"),
        ("~: 1\n", "a key must be a word"),
        ("a: b: c\n", "site.yaml:1: not YAML: mapping values are not allowed here"),
        ("a: [1, 2\n", "not YAML"),
        ("a: 1\n\tb: 2\n", "site.yaml:2: not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML: but found another document"),
        ("a: 1\nb: \x00\n", "site.yaml:2: not YAML: special characters"),
        ('a: "\\ud800"\n', "half a character"),
        ('"\\ud800": a\n', "half a character"),
        ('a: "\\UFFFFFFFF"\n', "a number is too large"),
        ("a: ${PORT\n", "'${' without a variable's name"),
        ("a: ${1}\n", "'${' without a variable's name"),
        ("a: ${A:-${B}}\n", "'${' without a variable's name"),
        ("x: {a: '${MISSING}'}\n", "site.yaml:1: x.a (is '${MISSING}'): environment variable MISSING is not set"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, words: str) -> None:
    assert words in refusal(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_nesting_is_limited(opening: str, closing: str) -> None:
    deepest = MOST_LEVELS - 1
    parse(opening * deepest + "1" + closing * deepest)
    for levels in (MOST_LEVELS, 10_000):
        assert "nested deeper" in refusal(opening * levels + "1" + closing * levels)


def test_files_are_read_with_their_limits(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes("\ufeffsite: 旅馆\r\nunits: []\r\n".encode())
    assert read_document(path).data == {"site": "旅馆", "units": []}
    path.write_bytes("a: 1\nb: 旅馆\n".encode("gbk"))
    with pytest.raises(ConfigurationError, match=r"^site.yaml:2: not UTF-8 text → save the file as UTF-8"):
        read_document(path, tmp_path)
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="larger than"):
        read_document(path)
    path.unlink()
    with pytest.raises(ConfigurationError, match="No such file"):
        read_document(path)


YAML_LIKE = st.text(alphabet=st.sampled_from("ab1: -[]{}#&*!|>'\"%@`,?\n\t\\u0dx~.$…中\ufeff\x85"), max_size=60)


@settings(max_examples=300)
@given(st.text(max_size=80) | YAML_LIKE)
@example("%YAML 1." + "9" * 5000 + "\n---\na")
@example("[" * 3000)
@example("a: " * 3000)
@example("- " * 3000)
@example("? " * 3000)
@example('"\\xzz"')
@example("%TAG ! x")
@example("\ud800")
@example("${" * 1000)
@example("1" * 5000)
@example("0x" + "f" * 5000)
@example("1e99999")
def test_any_text_gives_a_document_or_a_configuration_error(text: str) -> None:
    try:
        document = parse_document(text, "x", {})
    except ConfigurationError as error:
        assert len(error.problems) == 1
        assert error.problems[0].line >= 1
    else:
        assert document.line(()) >= 1


@given(data=st.binary(max_size=80))
@example(data=b"\xff\xfea\x00")
def test_any_bytes_give_a_document_or_a_configuration_error(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(data)
    try:
        read_document(path, environment={})
    except ConfigurationError as error:
        assert error.problems[0].line >= 1


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12).filter(
    lambda word: "${" not in word
)
PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, PLAIN_DATA, max_size=5))
def test_json_is_yaml_and_comes_back_as_it_was(data: dict[str, Any]) -> None:
    assert parse_document(json.dumps(data, ensure_ascii=False), "x", {}).data == data
