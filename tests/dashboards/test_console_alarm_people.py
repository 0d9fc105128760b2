"""Whom an alarm can be given to, and what is written down as a cause."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.alarms.causes import CAUSES, OTHER, recorded
from dashboards.console.alarms.people import assignable, duty_people
from dashboards.console.alarms.table import WORDS
from dashboards.console.texts import TEXTS, Language
from dashboards.console.wording import refusal_text
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.site import Registry, build_registry
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.control_room import EXIT
from tests.dashboards.premises import labels, premises

DAY_NS = 86_400 * NS_PER_S


def watched() -> Registry:
    """Return a site whose roster has one person by day and another by night, UTC."""
    people = [
        {"id": name, "role": role, "labels": labels(zh, name), "channels": ["phone"], **more}
        for name, role, zh, more in (
            ("p-chen", "unit_staff", "陈师傅", {}),
            ("o-day", "operator", "白班", {}),
            ("o-night", "operator", "夜班", {}),
            ("p-mall", "unit_staff", "商场", {"units": ["mall"]}),
        )
    ]
    zone = {"id": "exit", "kind": "exit", "floor": 1, "labels": labels("安全出口", "exit"), "responsible": "p-chen"}
    building = {"id": "east", "labels": labels("东楼", "East"), "zones": [zone]}
    shifts = [
        {"id": "day", "from": "06:00", "to": "20:00", "people": ["o-day"]},
        {"id": "night", "from": "20:00", "to": "06:00", "people": ["o-night"]},
    ]
    site = {
        "site": "test",
        "timezone": "UTC",
        "labels": labels("测试", "Test"),
        "units": [
            {"id": "hotel", "labels": labels("酒店", "Hotel"), "buildings": [building]},
            {"id": "mall", "labels": labels("商场", "Mall"), "buildings": [building]},
        ],
        "people": people,
        "channels": [{"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push"}],
        "rosters": [{"id": "room", "labels": labels("控制室", "Room"), "shifts": shifts}],
    }
    return build_registry(Document("site.yaml", site), [], [])


def test_who_is_on_duty_comes_first_then_who_answers_for_the_place() -> None:
    registry = watched()
    noon, midnight = (NOW_NS // DAY_NS * DAY_NS + hour * 3600 * NS_PER_S for hour in (12, 0))
    assert duty_people(registry, now_ns=noon, zone=UTC) == ["o-day"]
    assert duty_people(registry, now_ns=midnight, zone=UTC) == ["o-night"]
    found = assignable(registry, alert(place=EXIT), Language.ZH, now_ns=noon, zone=UTC)
    assert list(found) == ["o-day", "p-chen", "o-night"]
    assert found["o-day"] == "白班 · 值班员 · 当班"
    assert found["p-chen"].endswith("部位责任人")


def test_a_site_without_rosters_has_its_people_all_the_same() -> None:
    found = assignable(premises(), alert(place=EXIT), Language.EN, now_ns=NOW_NS, zone=UTC)
    assert list(found) == ["p-chen", "s-wang"]


@given(st.sampled_from([*CAUSES, OTHER, "forged"]), st.text(max_size=50).map(str.strip))
def test_a_cause_is_written_in_both_languages_and_only_what_was_said(cause: str, typed: str) -> None:
    written = recorded(cause, typed)
    assert typed in written
    if cause not in CAUSES:
        assert written == typed
    elif "/" not in typed:
        zh, en = TEXTS[f"cause_{cause}"]
        assert refusal_text(written, Language.ZH).startswith(zh)
        assert refusal_text(written, Language.EN).startswith(en)


def test_the_browser_gets_words_that_there_are() -> None:
    assert set(WORDS) <= set(TEXTS)
