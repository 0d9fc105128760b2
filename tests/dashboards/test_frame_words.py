"""What the frame says without a browser: preferences, sounds, lamps' words, who is on duty, who has the shift."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.frame.duty_words import duty_now
from dashboards.console.frame.header import zone_text
from dashboards.console.frame.lamp_words import link_words, number_of, words_of
from dashboards.console.frame.shift_words import shift_words
from dashboards.console.frame.sounding import heard, sounds, wanting
from dashboards.console.frame.tones import AWAY, PATTERNS
from dashboards.console.preferences import FIRE_LEAST, VOLUMES, OverviewForm, Preferences, Theme
from dashboards.console.texts import Language
from dashboards.live.board import Board
from dashboards.live.lamp_figures import LinkFigures, Suppressed
from dashboards.live.lamps import Lamp, LampKind, LampMode, lamps
from dashboards.live.scoped import scoped_board
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import NOW_NS, alert, well
from tests.dashboards.frame_room import NIGHT, rostered
from tests.dashboards.premises import premises

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT_NS = round(datetime(2026, 11, 28, 0, 30, tzinfo=ZONE).timestamp()) * NS_PER_S
NOON_NS = round(datetime(2026, 11, 28, 12, 0, tzinfo=ZONE).timestamp()) * NS_PER_S
REGISTRY = premises()


def shown(board: Board) -> dict[LampKind, Lamp]:
    return {lamp.kind: lamp for lamp in lamps(board, REGISTRY, NOW_NS)}


# preferences


@given(st.text(max_size=700))
def test_any_cookie_can_be_read_and_a_fire_always_sounds(cookie: str) -> None:
    found = Preferences.read(cookie)
    assert found.volumes[AlarmClass.FIRE] >= FIRE_LEAST
    assert set(found.volumes) == set(AlarmClass)
    assert Preferences.read(found.written()) == found


def test_preferences_come_back_as_they_were_kept() -> None:
    kept = Preferences(Theme.NIGHT, 115).louder(AlarmClass.FAULT, 0).louder(AlarmClass.FIRE, 0)
    again = Preferences.read(kept.written())
    assert (again.theme, again.size, again.volumes[AlarmClass.FAULT]) == (Theme.NIGHT, 115, 0)
    assert again.volumes[AlarmClass.FIRE] == FIRE_LEAST
    assert again.overview is OverviewForm.TILES
    assert Preferences.read(replace(kept, overview=OverviewForm.MAP).written()).overview is OverviewForm.MAP
    assert ";" not in kept.written()
    assert " " not in kept.written()


def test_what_makes_no_sense_is_as_at_first() -> None:
    assert Preferences.read("theme=pink&overview=globe&size=7&fault=loud&hazard=-3&x=1") == Preferences()
    assert Preferences.read("fault=999").volumes[AlarmClass.FAULT] == 100


# sounds


def test_no_two_classes_sound_alike_and_a_fire_differs_most_from_a_fault() -> None:
    assert set(PATTERNS) == {*AlarmClass, AWAY}
    pitches = [{pitch for pitch, *_ in pattern.tones} for pattern in PATTERNS.values()]
    assert all(not one & other for at, one in enumerate(pitches) for other in pitches[at + 1 :])
    fire, fault = PATTERNS[AlarmClass.FIRE], PATTERNS[AlarmClass.FAULT]
    assert sum(lasts for *_, lasts in fire.tones) > 0.9 * fire.period_s  # never silent
    assert sum(lasts for *_, lasts in fault.tones) < 0.3 * fault.period_s  # mostly silent
    assert min(pitch for pitch, *_ in fire.tones) > 2 * max(pitch for pitch, *_ in fault.tones)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_tones_of_a_pattern_fit_into_its_period(name: str) -> None:
    pattern = PATTERNS[name]
    assert pattern.tones[-1][1] + pattern.tones[-1][2] <= pattern.period_s
    assert all(one[1] + one[2] <= other[1] for one, other in pairwise(pattern.tones))


def test_the_highest_class_is_heard_and_what_is_muted_is_not() -> None:
    wanted = wanting([alert(1), alert(2, alarm_class=AlarmClass.FAULT), alert(3, alarm_class=AlarmClass.FAULT)])
    loud = heard(sounds(wanted, set(), VOLUMES))
    assert loud is not None
    assert (loud.alarm_class, loud.volume) == (AlarmClass.FIRE, 80)
    loud = heard(sounds(wanted, {"a1"}, VOLUMES))
    assert loud is not None
    assert (loud.alarm_class, loud.count, loud.muted) == (AlarmClass.FAULT, 2, 0)
    assert heard(sounds(wanted, {"a1", "a2", "a3"}, VOLUMES)) is None


def test_a_new_alarm_sounds_although_its_class_was_muted() -> None:
    muted = {"a1"}
    assert heard(sounds(wanting([alert(1)]), muted, VOLUMES)) is None
    loud = heard(sounds(wanting([alert(1), alert(2)]), muted, VOLUMES))
    assert loud is not None
    assert (loud.count, loud.muted) == (2, 1)


def test_a_class_at_volume_nought_is_skipped() -> None:
    quiet = Preferences().louder(AlarmClass.LINKAGE, 0).volumes
    wanted = wanting([alert(1, alarm_class=AlarmClass.LINKAGE), alert(2, alarm_class=AlarmClass.FAULT)])
    loud = heard(sounds(wanted, set(), quiet))
    assert loud is not None
    assert loud.alarm_class is AlarmClass.FAULT


@pytest.mark.parametrize(
    "changes",
    [
        {"acknowledged_at_ns": 1, "acknowledged_by": "li"},
        {"held": True},
        {"shelved_until_ns": NOW_NS + 1},
        {"alarm_class": AlarmClass.FAULT, "suppressed_by": "a9"},
        {"alarm_class": AlarmClass.SUPERVISORY, "rule": "panel_shielded"},
    ],
)
def test_what_nobody_is_to_be_told_of_does_not_sound(changes: dict[str, Any]) -> None:
    assert wanting([alert(1, **changes)]) == {}


# lamps


def test_five_lamps_are_the_masters_and_each_leads_to_its_rows() -> None:
    assert [kind.value for kind in LampKind if kind.is_master] == [
        "fire",
        "linkage",
        "supervisory",
        "fault",
        "disabled",
    ]
    assert LampKind.FIRE.goes == "/?class=fire"
    assert LampKind.SUPERVISORY.goes == "/?class=supervisory&disabled=no"
    assert (LampKind.DISABLED.goes, LampKind.LINK.goes) == ("/suppression?kind=lamp", "/gateways")


def test_the_lamp_of_the_disabled_counts_all_that_is_kept_quiet() -> None:
    board = well(
        alert(1, rule="panel_shielded", alarm_class=AlarmClass.SUPERVISORY), alert(2, shelved_until_ns=NOW_NS + 1)
    )
    board.statuses["alerts.main"] |= {
        "out_of_service": [{}, {}],
        "silences": [{"id": "s", "units": None}],
        "maintenance": [{"started_ns": 1}, {"started_ns": None}],
    }
    lamp = shown(board)[LampKind.DISABLED]
    assert lamp.suppressed == Suppressed(points=1, shelved=1, out_of_service=2, silences=1, maintenance=1)
    assert (lamp.mode, lamp.count) == (LampMode.LIT, 6)
    assert words_of(lamp, Language.ZH) == "屏蔽点 1 · 搁置 1 · 停用 2 · 静默 1 · 维保 1"
    assert number_of(lamp) == "6"
    board.statuses["alerts.main"]["maintenance_cut"] = True
    assert number_of(shown(board)[LampKind.DISABLED]) == "6+"


def test_the_link_lamp_says_how_old_how_late_and_when_somebody_last_answered() -> None:
    board = well()
    board.statuses["ingest.main"] |= {"lag_messages": 1234, "oldest_s": 42.0}
    board.statuses["rules.main"] |= {"lag": 10, "lag_s": 3.0}
    board.statuses["alerts.main"]["notifications"] = {
        "last_delivered_ns": MIDNIGHT_NS - NS_PER_S,
        "last_answered_ns": MIDNIGHT_NS,
    }
    lamp = shown(board)[LampKind.LINK]
    assert lamp.link == LinkFigures(oldest_s=0.0, backlog=1244, lag_s=42.0, receipt_ns=MIDNIGHT_NS, human=True)
    assert link_words(lamp.link, ZONE, Language.ZH) == "最旧 <5 秒 · 积压 1200 (42 秒) · 回执 00:30:00"


def test_figures_that_nobody_told_are_question_marks_and_junk_is_none() -> None:
    board = well()
    board.statuses["ingest.main"] |= {"lag_messages": "many", "oldest_s": True}
    board.statuses["alerts.main"] |= {"notifications": [], "silences": "junk", "out_of_service": None}
    found = shown(board)
    link = found[LampKind.LINK].link
    assert link is not None
    assert link_words(link, ZONE, Language.EN) == "oldest <5 s · waiting ? · receipt ?"
    assert found[LampKind.DISABLED].mode is LampMode.CALM


def test_a_silent_gateway_makes_the_link_unknown_and_never_normal() -> None:
    board = well()
    board.statuses["gateway.hotel.gw-east"]["time_ns"] = NOW_NS - 90 * NS_PER_S
    lamp = shown(board)[LampKind.LINK]
    assert (lamp.mode, number_of(lamp)) == (LampMode.UNKNOWN, "?")
    assert words_of(lamp, Language.ZH) == "未知 · 1 处失联"
    assert lamp.link is not None
    assert link_words(lamp.link, ZONE, Language.ZH).startswith("最旧 1 分")
    del board.statuses["gateway.hotel.gw-east"]
    never = shown(board)[LampKind.LINK]
    assert never.link is not None
    assert (never.mode, never.link.oldest_s) == (LampMode.UNKNOWN, None)


def test_somebody_with_a_scope_sees_no_shift_and_no_silence_of_others() -> None:
    board = well()
    silences = [{"id": "a", "units": None}, {"id": "b", "units": ["hotel"]}, {"id": "c", "units": ["hotel", "mall"]}]
    board.statuses["alerts.main"] |= {"silences": silences, "shift": {"holder": "王"}}
    document = scoped_board(board, frozenset({"hotel"})).statuses["alerts.main"]
    assert document["silences"] == [{"id": "b", "units": ["hotel"]}]
    assert "shift" not in document
    assert board.statuses["alerts.main"]["shift"] == {"holder": "王"}


# who is on duty, who has the shift, which zone


def test_who_is_on_duty_is_named_with_whom_they_stand_in_for() -> None:
    roster = {
        "id": "night",
        "labels": {"zh": "夜班", "en": "Night"},
        "shifts": [{**NIGHT, "people": ["p-chen", "p-lin"]}],
    }
    registry = rostered(roster)
    at_night = duty_now(registry, ZONE, MIDNIGHT_NS, Language.ZH)
    assert (at_night.words, at_night.gap) == ("陈师傅、林经理", False)
    at_noon = duty_now(registry, ZONE, NOON_NS, Language.ZH)
    assert (at_noon.words, at_noon.gap) == ("值班表无人", True)
    assert duty_now(registry, ZONE, NOON_NS, Language.EN).words == "nobody on the roster"


def test_a_gap_names_the_deputy_and_a_site_without_rosters_says_so() -> None:
    roster = {
        "id": "night",
        "labels": {"zh": "夜班", "en": "Night"},
        "shifts": [{**NIGHT, "people": ["p-chen"]}],
        "deputies": ["p-lin"],
    }
    found = duty_now(rostered(roster), ZONE, NOON_NS, Language.ZH)
    assert (found.words, found.gap) == ("值班表无人 · 替班 林经理", True)
    none = duty_now(rostered(), ZONE, NOON_NS, Language.ZH)
    assert (none.words, none.gap) == ("未设值班表", False)


def test_many_rosters_and_many_people_are_counted() -> None:
    labels = {"zh": "班", "en": "R"}
    rosters = [{"id": f"r{at}", "labels": labels, "shifts": [{**NIGHT, "people": ["p-chen"]}]} for at in range(4)]
    found = duty_now(rostered(*rosters), ZONE, MIDNIGHT_NS, Language.ZH)
    assert found.words == "班 陈师傅 · 班 陈师傅 · +2"
    assert found.all_words.count("陈师傅") == 4


@pytest.mark.parametrize(
    ("told", "words", "waits"),
    [
        ({"waiting_by": "王", "holder": "李", "since_ns": 1}, "王 已交班，等待接班", True),
        ({"holder": "李", "since_ns": MIDNIGHT_NS}, "当班 李，自 00:30:00", False),
        ({"holder": None}, "尚无交接班", False),
        ("junk", "", False),
        (None, "", False),
    ],
)
def test_the_frame_says_who_has_the_shift(told: Any, words: str, waits: bool) -> None:  # noqa: FBT001  # a parameter of the case
    board = Board(statuses={"alerts.main": {"shift": told}})
    assert shift_words(board, ZONE, MIDNIGHT_NS, Language.ZH) == (words, waits)


@pytest.mark.parametrize(
    ("name", "words"),
    [("Asia/Shanghai", "UTC+8"), ("UTC", "UTC"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC-3:30")],
)
def test_the_clock_has_its_zone(name: str, words: str) -> None:
    assert zone_text(ZoneInfo(name), NOON_NS) == words
