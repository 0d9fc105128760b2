"""The linter finds each thing that it says it finds, and the parser of InfluxQL accepts nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.site_files import built_in_profiles
from dashboards.grafana.build import built
from dashboards.grafana.check import check, panels_of
from dashboards.grafana.columns import findings, known
from dashboards.grafana.influxql import FUNCTIONS, StatementError, parse

STORE = known(built_in_profiles())
FILES = built()
NAME = "en/overview.json"
WORDS = (
    *('"a"', "SELECT", "FROM", "WHERE", "(", ")", ",", "=~", "/x/", "'t'", "5", "time", "AND", "GROUP", "BY", "AS"),
    *sorted(FUNCTIONS),
)
Harm = Callable[[dict[str, Any]], None]


def defaults(board: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = first(board)["fieldConfig"]["defaults"]
    return found


def first(board: dict[str, Any]) -> dict[str, Any]:
    found = next(one for one in panels_of(board) if one["type"] == "state-timeline")
    assert isinstance(found, dict)
    return found


def asks(query: str) -> Harm:
    """Put a query into a panel."""
    return lambda board: first(board)["targets"][0].update(query=query)


def test_nothing_is_wrong_with_the_boards() -> None:
    assert check(FILES, STORE) == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda board: defaults(board).update(unit=""), "unit: none"),
        (lambda board: defaults(board).update(thresholds={"mode": "absolute", "steps": []}), "thresholds: none"),
        (lambda board: defaults(board)["thresholds"]["steps"][0].update(color="red"), "do not begin with grey"),
        (lambda board: defaults(board).pop("noValue"), "no text for no value"),
        (lambda board: defaults(board)["mappings"].pop(0), "null is not mapped"),
        (lambda board: defaults(board)["mappings"][0]["options"]["result"].update(color="red"), "null is not mapped"),
        (lambda board: defaults(board)["mappings"][1]["options"]["0"].update(text=""), "text beside colour"),
        (lambda board: first(board)["options"].update(showValue="never"), "values are not shown"),
        (lambda board: first(board).pop("description"), "description: none"),
        (lambda board: first(board)["datasource"].update(uid="other"), "data source: not ours"),
        (lambda board: first(board).update(id=2), "id: two panels"),
        (lambda board: board.update(uid="someone"), "does not say that the board is ours"),
        (lambda board: board.update(tags=[]), "does not say that the board is ours"),
        (lambda board: board.update(refresh="1s"), "refresh"),
        (lambda board: board.update(refresh=""), "refresh"),
        (lambda board: board.update(description="see https://example.com/x"), "leads outside"),
        (lambda board: board["links"].append({"url": "/d/other"}), "neither a board of ours nor the console"),
        (asks('SELECT last("stat") FROM "standing"'), "no column stat"),
        (asks('SELECT last("open") FROM "stands"'), "no measurement"),
        (asks('SELECT mode("open") FROM "standing"'), "function mode"),
        (asks('SELECT last("open") FRM "standing"'), "query: FROM"),
    ],
)  # fmt: skip
def test_each_harm_is_found(harm: Harm, words: str) -> None:
    board = json.loads(FILES[NAME])
    harm(board)
    found = check({NAME: json.dumps(board)}, STORE)
    assert any(words in one.what for one in found), found


def test_two_boards_with_one_uid_and_what_is_no_json_are_found() -> None:
    found = check({"a.json": FILES[NAME], "b.json": FILES[NAME], "c.json": "{"}, STORE)
    assert [one.what.split(":")[0] for one in found] == ["uid", "no JSON"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('SELECT last("pressure") FROM "pressure_transmitter" GROUP BY "device"', []),
        (r'SELECT last(/^l\d+p\d+$/) FROM "fire_panel"', []),
        ('SELECT top("n", "rule", 10) FROM (SELECT count("id") AS "n" FROM "alert" GROUP BY "rule")', []),
        ('SELECT last("pressure.quality"), "pressure.text" FROM "pressure_transmitter"', []),
        ('SELECT last("pressure") FROM "camera"', ["no column pressure"]),
        (r'SELECT last(/^no_such/) FROM "fire_panel"', ["no column /^no_such/"]),
        ('SELECT sum("m") FROM (SELECT count("id") AS "n" FROM "alert")', ["no column m"]),
        ('SELECT last("open") FROM "standing" WHERE "rule" = \'x\'', ["no column rule"]),
        ('SHOW TAG VALUES FROM "standing" WITH KEY = "rule"', ["no column rule"]),
        ('SHOW TAG VALUES WITH KEY = "device" WHERE "zone" =~ /x/', []),
    ],
)
def test_only_what_exists_may_be_asked_for(query: str, words: list[str]) -> None:
    assert findings(parse(query), STORE) == words


@pytest.mark.parametrize(
    "query",
    [
        "", "SELECT", 'SELECT "a"', 'SELECT a FROM "b"', 'SELECT "a" FROM "b"; DROP DATABASE "c"',
        'DROP SERIES FROM "b"',
        'SELECT "a" FROM "b" WHERE', 'SELECT "a" FROM "b" GROUP BY time(x)', 'SELECT "a" FROM "b" LIMIT',
        'SELECT "a" FROM ' + "(" * 200, 'SELECT "a" INTO "c" FROM "b"', "x" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_statement_of_the_boards_is_refused(query: str) -> None:
    with pytest.raises(StatementError):
        parse(query)


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(WORDS),
            max_size=30,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_a_statement_or_is_refused(text: str) -> None:
    try:
        found = parse(text)
    except StatementError:
        return
    assert found.kind in {"select", "show"}
