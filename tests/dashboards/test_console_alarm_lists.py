"""Lists of alarms: their order, what groups hide and never hide, windows, filters, and changes one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.alarms.arranging import Entry, Group, arranged, is_fire, members
from dashboards.console.alarms.book import GROUPED_ABOVE, LISTED_BELOW, AlarmBook, Ranked
from dashboards.console.alarms.filters import AlarmFilter, Standing, address
from dashboards.console.alarms.rows import RowBook
from dashboards.console.alarms.window import Window
from dashboards.console.texts import Language
from dashboards.live.board import Board
from dashboards.live.lamps import first_alarm, ordered
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises

REGISTRY = premises()
BUILDINGS = ("east", "west", None)


def made(number: int, **changes: Any) -> AlertView:
    """Return an alert with an id of its own, raised at one of few times so that ties occur."""
    return alert(**{"id": f"a{number}", **changes})


@st.composite
def alarms(draw: st.DrawFn, most: int = 30) -> list[AlertView]:
    count = draw(st.integers(0, most))
    found = []
    for number in range(count):
        alarm_class = draw(st.sampled_from(AlarmClass))
        building = draw(st.sampled_from(BUILDINGS))
        found.append(
            made(
                number,
                alarm_class=alarm_class,
                place=Place(unit=draw(st.sampled_from(["hotel", "mall"])), building=building),
                raised_at_ns=NOW_NS - draw(st.integers(0, 5)) * NS_PER_S,
                held=draw(st.booleans()),
                suppressed_by=draw(st.sampled_from([None, None, "a-cause"])),
                acknowledged_at_ns=draw(st.sampled_from([None, NOW_NS])),
                fire_order=draw(st.integers(1, 3)) if alarm_class is AlarmClass.FIRE else None,
            )
        )
    return found


def filled(alerts: Sequence[AlertView]) -> tuple[AlarmBook, Board]:
    book, board = AlarmBook(), Board()
    board.replace_alerts(alerts, NOW_NS, cut=False)
    book.catch_up(board)
    return book, board


@given(alarms())
def test_the_order_is_that_of_the_record_and_the_first_alarm_that_of_the_lamps(found: list[AlertView]) -> None:
    ranked = Ranked(found)
    assert ranked.alerts == ordered(found)
    assert ranked.first() == first_alarm(found)


FOLDS = st.fixed_dictionaries(
    {
        "opened": st.frozensets(st.sampled_from(["hotel/east", "mall/west", "hotel/", "consequences"])),
        "by_building": st.booleans(),
    }
)


@given(alarms(), FOLDS)
def test_groups_never_hide_a_fire_and_lose_nothing(found: list[AlertView], how: dict[str, Any]) -> None:
    folded = [one for one in ordered(found) if one.suppressed_by and not is_fire(one)]
    main = [one for one in ordered(found) if one not in folded]
    pinned = first_alarm(main)
    entries = arranged(main, folded, pinned=pinned, **how)
    shown = [entry for entry in entries if isinstance(entry, AlertView)]
    fires = [one for one in main if is_fire(one) and one is not pinned]
    if how["by_building"]:
        assert entries[: len(fires)] == fires
    assert [one for one in shown if is_fire(one)] == fires
    assert len({one.id for one in shown}) == len(shown)
    closed = [entry for entry in entries if isinstance(entry, Group) and not entry.is_open]
    counted = pinned is not None and not is_fire(pinned) and any(_has(group, pinned) for group in closed)
    inside = sum(group.size for group in closed) - counted
    assert len(shown) + inside + (pinned is not None) == len(found)


def _has(group: Group, one: AlertView) -> bool:
    return group.id == f"{one.place.unit}/{one.place.building or ''}"


@given(alarms())
def test_a_group_has_the_counts_of_its_members(found: list[AlertView]) -> None:
    main = ordered(found)
    for entry in arranged(main, [], by_building=True):
        if isinstance(entry, Group):
            some = list(members(main, entry.id))
            assert entry.size == len(some)
            assert entry.fresh == sum(one.acknowledged_at_ns is None for one in some)
            assert entry.since_ns == min(one.raised_at_ns for one in some)


@given(alarms(), alarms(), st.sampled_from([AlarmFilter(), AlarmFilter.read({"class": "fire,fault", "unit": "hotel"})]))
def test_changes_one_by_one_end_where_a_new_book_begins(
    before: list[AlertView], after: list[AlertView], wanted: AlarmFilter
) -> None:
    book, board = filled(before)
    book.listing(wanted, REGISTRY)
    for one in before:
        if one.id not in {other.id for other in after}:
            board.apply_alert(one.model_copy(update={"closed_at_ns": NOW_NS}))
            book.catch_up(board)
    for one in after:
        board.apply_alert(one)
        book.catch_up(board)
    listing, fresh = book.listing(wanted, REGISTRY), filled(after)[0].listing(wanted, REGISTRY)
    assert listing.alerts == fresh.alerts
    assert listing.folded == fresh.folded
    assert +listing.counts == +fresh.counts
    assert listing.first == fresh.first
    assert book.hidden(listing) == (
        len(after) - len(listing.alerts) - len(listing.folded),
        sum(map(is_fire, after)) - sum(map(is_fire, listing.alerts)),
    )


@given(alarms(), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.booleans()), max_size=6))
def test_what_a_browser_was_told_is_the_slice_of_the_whole_order(
    found: list[AlertView], looks: list[tuple[int, int, bool]]
) -> None:
    rows = RowBook()
    main = ordered(found)
    pinned = first_alarm(main)
    entries = arranged(main, [], pinned=pinned)
    window = Window(lambda: rows, lambda entry: rows.text(entry, REGISTRY, UTC, Language.ZH))
    browser = Browser()
    assert window.news(entries, pinned) is None, "nobody is there before the browser asked"
    for start, count, fresh in [(0, 10, True), *looks]:
        window.ask(start, count, fresh=fresh)
        if fresh:
            browser = Browser()
        browser.hear(window.news(entries, pinned))
        at = max(0, min(start, len(entries) - count))
        assert browser.ids() == [entry.id for entry in entries[at : at + count]]
        assert browser.start == at
        assert browser.total == len(entries)
        assert browser.pinned() == (pinned.id if pinned else None)
        assert window.news(entries, pinned) is None, "the same is not told twice"


class Browser:
    """What `static/alarm_table.js` keeps."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.order: list[int] = []
        self.start = self.total = self.pin = 0

    def hear(self, news: str | None) -> None:
        if news is None:
            return
        told = json.loads(news)
        self.rows |= {int(number): row for number, row in told.get("rows", {}).items()}
        self.start, self.total, self.pin = told["start"], told["total"], told["pin"]
        self.order = told.get("order", self.order)
        self.rows = {number: row for number, row in self.rows.items() if number in {*self.order, self.pin}}

    def ids(self) -> list[str]:
        return [self.rows[number]["id"] for number in self.order]

    def pinned(self) -> str | None:
        return self.rows[self.pin]["id"] if self.pin else None


def test_one_changed_alarm_is_one_row_to_send() -> None:
    rows = RowBook()
    alerts: list[Entry] = [made(number, alarm_class=AlarmClass.FAULT) for number in range(40)]
    window = Window(lambda: rows, lambda entry: rows.text(entry, REGISTRY, UTC, Language.ZH))
    window.ask(0, 40, fresh=True)
    window.news(alerts, None)
    alerts[7] = made(7, alarm_class=AlarmClass.FAULT, comments=1)
    told = window.news(alerts, None)
    assert told is not None
    assert [row["id"] for row in json.loads(told)["rows"].values()] == ["a7"]


def test_a_list_groups_in_a_flood_and_does_not_change_its_form_with_every_alarm() -> None:
    alerts = [made(number, alarm_class=AlarmClass.FAULT) for number in range(GROUPED_ABOVE)]
    book, board = filled(alerts)
    assert not book.all.is_flood
    board.apply_alert(made(900, alarm_class=AlarmClass.FAULT))
    book.catch_up(board)
    assert book.all.is_flood
    for one in alerts[: GROUPED_ABOVE - LISTED_BELOW]:
        board.apply_alert(one.model_copy(update={"closed_at_ns": NOW_NS}))
    book.catch_up(board)
    assert book.all.is_flood
    board.apply_alert(made(900, alarm_class=AlarmClass.FAULT, closed_at_ns=NOW_NS))
    book.catch_up(board)
    assert not book.all.is_flood


def test_only_the_first_of_all_is_pinned_whatever_a_filter_lets_through() -> None:
    fire, fault = made(1), made(2, alarm_class=AlarmClass.FAULT)
    book, _ = filled([fire, fault])
    assert book.pinned(book.all) is fire
    assert book.pinned(book.listing(AlarmFilter.read({"class": "fault"}), REGISTRY)) is None
    assert book.pinned(book.listing(AlarmFilter.read({"class": "fire"}), REGISTRY)) is fire


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"class": "fire"}, True),
        ({"class": "fault,hazard"}, False),
        ({"class": "no-such-class"}, True),
        ({"unit": "hotel"}, True),
        ({"unit": "mall"}, False),
        ({"area": "gulou"}, False),
        ({"building": "east"}, True),
        ({"building": "hotel/east"}, True),
        ({"building": "mall/east"}, False),
        ({"rule": "panel-fire"}, True),
        ({"rule": "other"}, False),
        ({"state": "unacknowledged"}, True),
        ({"state": "acknowledged"}, False),
        ({"state": "unowned"}, True),
        ({"state": "no-such-state"}, True),
        ({"text": "安全出口"}, True),
        ({"text": "EXIT"}, True),
        ({"text": "泵房"}, False),
        ({"area": "-"}, True),
        ({"zone": "hotel/exit"}, True),
        ({"zone": "hotel/pumps"}, False),
        ({"zone": "exit"}, False),
    ],
)
def test_a_filter_asks_what_it_says(query: dict[str, str], *, fits: bool) -> None:
    one = alert(place=Place(unit="hotel", building="east", floor=1, zone="exit"))
    assert AlarmFilter.read(query).matcher(REGISTRY)(one) is fits


def test_every_standing_tells_alarms_apart() -> None:
    done: dict[str, Any] = {
        "acknowledged_at_ns": NOW_NS,
        "confirmed": Confirmation.REAL,
        "active": False,
        "owner": "li",
        "shelved_until_ns": NOW_NS,
    }
    for standing in Standing:
        matches = AlarmFilter(state=standing).matcher(REGISTRY)
        assert {matches(alert()), matches(alert(**done)), matches(alert(data_unknown=True))} == {True, False}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "class": st.lists(st.sampled_from(AlarmClass), unique=True).map(",".join),
            "unit": st.text(max_size=20),
            "text": st.text(max_size=120),
            "state": st.sampled_from(Standing).map(str),
        },
    )
)
def test_a_filter_comes_back_from_its_address(query: dict[str, str]) -> None:
    wanted = AlarmFilter.read(query)
    assert AlarmFilter.read(wanted.query()) == wanted
    assert wanted.is_on is bool(wanted.query())
    for part in wanted.query():
        assert part not in wanted.without(part).query()


def test_classes_are_taken_out_one_by_one() -> None:
    wanted = AlarmFilter.read({"class": "fault,fire"})
    assert address("/", wanted.query()) == "/?class=fire%2Cfault"
    assert wanted.without("class", "fire").query() == {"class": "fault"}
    assert wanted.toggled(AlarmClass.FIRE) == wanted.without("class", "fire")
    assert wanted.without("class").query() == {}
