"""A search of the record: from an address, to the service, to the export, and back; units by what people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.api.alert_filters import list_request
from dashboards.api.principal import CONSOLE, Kind, Principal
from dashboards.console.history.search import FIELDS, Search
from dashboards.console.history.units import unit_by_words
from domain.alarm import AlarmClass
from domain.alert import Confirmation
from tests.dashboards.district import district
from tests.dashboards.premises import premises

SHANGHAI = timezone(timedelta(hours=8))
SOMEBODY = Principal(kind=Kind.USER, id="li", name="li", units=frozenset({"hotel"}))

queries = st.dictionaries(st.sampled_from([*FIELDS, "class", "cursor", "other"]), st.text(max_size=30), max_size=6)


@given(queries)
def test_a_search_comes_back_from_its_address(query: dict[str, str]) -> None:
    search = Search.read(query)
    assert Search.read(search.query(cursor=search.cursor)) == search


@given(queries)
def test_whatever_an_address_says_is_asked_or_refused_by_name(query: dict[str, str]) -> None:
    search = Search.read(query)
    try:
        asked = search.asked(UTC)
    except ValueError as error:
        assert str(error) in {*FIELDS, "cursor", "since", "until"}
    else:
        assert set(asked.classes) == set(search.classes)


def test_a_search_is_asked_in_the_words_of_the_api() -> None:
    query = {"class": "fault,fire", "since": "2026-11-28T08:00", "confirmed": "false", "building": "hotel/east"}
    search = Search.read(query)
    asked = search.asked(SHANGHAI)
    assert asked.classes == [AlarmClass.FIRE, AlarmClass.FAULT]
    assert asked.since == datetime(2026, 11, 28, tzinfo=UTC)
    assert asked.confirmed is Confirmation.FALSE
    assert (asked.unit, asked.building) == ("hotel", "east")
    export = parse_qs(urlsplit(search.export("csv", SHANGHAI, 7)).query)
    assert export["class"] == ["fire", "fault"]
    assert export["since"] == ["2026-11-28T08:00:00+08:00"]
    assert (export["limit"], export["bom"]) == (["7"], ["true"])


def test_several_rules_are_asked_and_exported_as_such() -> None:
    search = Search.read({"rule": "ebike_parked_at_exit,ebike_charging_at_exit"})
    asked = search.asked(UTC)
    assert (asked.rule, asked.rules) == (None, ["ebike_parked_at_exit", "ebike_charging_at_exit"])
    request = list_request(premises(), CONSOLE, asked, 50)
    assert request.rules == ("ebike_parked_at_exit", "ebike_charging_at_exit")
    assert parse_qs(urlsplit(search.export("csv", UTC, 7)).query)["rules"] == list(request.rules)
    with pytest.raises(ValueError, match="rule"):
        Search.read({"rule": "no rule, at all"}).asked(UTC)


def test_a_search_stays_within_the_scope() -> None:
    asked = Search.read({"person": "陈师傅"}).asked(UTC)
    request = list_request(premises(), SOMEBODY, asked, 50)
    assert request.units == ("hotel",)
    assert request.people == ("陈师傅", "p-chen")
    assert list_request(premises(), CONSOLE, asked, 50).units is None
    elsewhere = Search.read({"area": "nowhere"}).asked(UTC)
    assert list_request(premises(), SOMEBODY, elsewhere, 50).units == ()


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("hotel", "hotel"),
        ("闽江大酒店", "hotel"),
        ("闽江", "hotel"),
        ("mall 1", "u0001"),
        ("Mall", None),
        ("没有", None),
    ],
)
def test_a_unit_is_found_by_id_name_or_a_part_that_only_one_has(words: str, unit: str | None) -> None:
    found, names = unit_by_words(district(40), words)
    assert found == unit
    assert bool(names) is (words == "Mall")
