"""The map without a browser: nobody is lost or drawn twice, lengths are right, and what is worst lies on top."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.live.geography import DIGITS, KM_A_DEGREE, REACH, Box, SheetForm, lay_out
from dashboards.live.lamps import LampKind
from dashboards.live.map_state import mark_states, unheard_of
from dashboards.live.summary import Summary
from dashboards.live.tally import ONE, Tally
from domain.site.floors import Location

forms = st.sampled_from(SheetForm)
locations = st.builds(
    Location,
    lat=st.floats(25.9, 26.2).map(lambda one: round(one, 5)),
    lon=st.floats(119, 119.6).map(lambda one: round(one, 5)),
)
yard = st.builds(
    Location,
    lat=st.floats(26.075, 26.078).map(lambda one: round(one, 6)),
    lon=st.floats(119.3, 119.303).map(lambda one: round(one, 6)),
)
anywhere = st.builds(Location, lat=st.floats(-90, 90), lon=st.floats(-180, 180))
sites = st.lists(locations, max_size=40).map(lambda found: {f"u{at}": one for at, one in enumerate(found)})
yards = st.lists(yard, max_size=12).map(lambda found: {f"u{at}": one for at, one in enumerate(found)})
"""Where units lie tens and hundreds of metres apart."""
worlds = st.lists(anywhere, max_size=12).map(lambda found: {f"u{at}": one for at, one in enumerate(found)})


@given(st.one_of(sites, worlds), forms)
def test_every_unit_is_in_one_mark_on_the_sheet(places: dict[str, Location], form: SheetForm) -> None:
    sheet = lay_out(places, form)
    assert sorted(unit for mark in sheet.marks for unit in mark.units) == sorted(places)
    assert all(unit in sheet.marks[at].units for unit, at in sheet.mark_of.items())
    width, height = form.size
    assert all(0 <= mark.x <= width and 0 <= mark.y <= height for mark in sheet.marks)
    assert 0 < sheet.bar_km * sheet.scale <= width / 5 * 1.001


@given(sites, forms)
def test_marks_do_not_lie_on_one_another(places: dict[str, Location], form: SheetForm) -> None:
    marks = lay_out(places, form).marks
    # the middle of a group that was joined in pieces may stand a little off
    assert all(math.dist((a.x, a.y), (b.x, b.y)) > REACH / 2 for a, b in combinations(marks, 2))


@given(sites, forms)
def test_a_cluster_leads_to_a_box_with_all_of_it(places: dict[str, Location], form: SheetForm) -> None:
    for mark in lay_out(places, form).marks:
        if mark.box is None:
            assert len(mark.units) == 1
        else:
            again = Box.read(mark.box.written())
            assert again is not None
            assert all(again.has(places[unit]) for unit in mark.units)


@given(st.one_of(sites, yards), forms)
def test_looking_nearer_ends_with_single_units_or_one_place(places: dict[str, Location], form: SheetForm) -> None:
    shown = [places]
    while shown:
        here = shown.pop()
        for mark in lay_out(here, form).marks:
            if mark.box is not None and not mark.is_one_place:
                inside = {unit: one for unit, one in here.items() if mark.box.has(one)}
                assert set(mark.units) <= set(inside)
                assert len(inside) < len(here)  # never the same sheet again: each step comes nearer
                shown.append(inside)


def test_units_too_near_for_the_smallest_sheet_are_one_place() -> None:
    """Tens of metres apart: more than one gate, yet no sheet draws them apart; the mark leads to their list."""
    near = {f"u{at}": Location(lat=26.0751 + at * 0.00012, lon=119.3061) for at in range(3)}
    (mark,) = lay_out(near, SheetForm.PHONE).marks
    assert (len(mark.units), mark.is_one_place) == (3, True)
    (far,) = (mark for mark in lay_out(near | {"x": Location(lat=26.2, lon=119.3)}, SheetForm.PHONE).marks if mark.box)
    assert not far.is_one_place  # from afar it leads nearer first


def test_lengths_are_right_and_north_is_up() -> None:
    south, north, east = Location(lat=26, lon=119), Location(lat=26.09, lon=119), Location(lat=26, lon=119.1)
    sheet = lay_out({"south": south, "north": north, "east": east}, SheetForm.DESK)
    at = {mark.units[0]: (mark.x, mark.y) for mark in sheet.marks}
    assert at["north"][0] == at["south"][0]
    assert at["east"][1] == at["south"][1]
    assert at["north"][1] < at["south"][1]
    assert at["east"][0] > at["south"][0]
    assert (at["south"][1] - at["north"][1]) / sheet.scale == pytest.approx(0.09 * KM_A_DEGREE, abs=0.01)
    wide = 0.1 * KM_A_DEGREE * math.cos(math.radians(26.045))
    assert (at["east"][0] - at["south"][0]) / sheet.scale == pytest.approx(wide, abs=0.01)


def test_a_site_across_the_date_line_is_one_piece() -> None:
    sheet = lay_out({"a": Location(lat=-17, lon=179.99), "b": Location(lat=-17, lon=-179.99)}, SheetForm.DESK)
    a, b = (sheet.marks[sheet.mark_of[unit]] for unit in "ab")
    assert b.x > a.x
    assert (b.x - a.x) / sheet.scale < 3


def test_one_place_stays_together_and_says_so() -> None:
    gate = Location(lat=26.0751, lon=119.3061)
    (mark,) = lay_out({"a": gate, "b": gate, "c": gate}, SheetForm.DESK).marks
    assert mark.is_one_place
    assert mark.box == Box(26.0751, 119.3061, 26.0751, 119.3061) or mark.box is not None
    assert not lay_out({}, SheetForm.DESK).marks


@pytest.mark.parametrize("said", ["", "1,2,3", "a,b,c,d", "nan,0,1,1", "2,0,1,1", "0,0,1,inf", "0,0,91,0", "1,2,3,4,5"])
def test_a_box_that_is_none_counts_as_not_said(said: str) -> None:
    assert Box.read(said) is None


@given(st.lists(anywhere, min_size=1, max_size=5))
def test_a_box_comes_back_as_it_was_written(places: list[Location]) -> None:
    box = Box.around(places)
    again = Box.read(box.written())
    assert again is not None
    assert all(again.has(one) for one in places)
    assert again.south == pytest.approx(box.south, abs=10**-DIGITS)


def test_a_fire_lies_on_top_of_whatever_is_there() -> None:
    places = {f"u{at}": Location(lat=26, lon=119 + at / 10) for at in range(5)}
    sheet = lay_out(places, SheetForm.WALL)
    fault = ONE[LampKind.FAULT, True]
    faults = Tally().plus(fault).plus(fault).plus(fault)
    fires = {"u1": ONE[LampKind.FIRE, False], "u3": faults}
    summary = Summary(known=True, units=fires, unheard=frozenset({"u2", "elsewhere"}))
    states = mark_states(sheet, summary, unheard_of(sheet, summary))
    assert [one.mark.units[0] for one in states][2:] == ["u2", "u3", "u1"]
    assert [one.unknown for one in states] == [0, 0, 1, 0, 0]
    assert states[-1].lit == 1
    blind = replace(summary, known=False)
    assert all(one.unknown == 1 for one in mark_states(sheet, blind, unheard_of(sheet, blind)))
