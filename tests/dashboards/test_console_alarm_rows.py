"""A row of the alarm list: every fact for itself, and only the actions that make sense now."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest

from alerts.silences_face import shelf_tag
from dashboards.console.alarms.rows import RowBook, row
from dashboards.console.texts import Language
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation, SuppressionKind
from domain.clock import NS_PER_MS, NS_PER_S
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.control_room import EXIT
from tests.dashboards.premises import HOSTILE, premises

REGISTRY = premises()


def drawn(one: AlertView, language: Language = Language.ZH) -> dict[str, Any]:
    return row(REGISTRY, UTC, one, language)


def words(one: AlertView) -> list[str]:
    return [fact[1] for fact in drawn(one)["facts"]]


def enabled(one: AlertView) -> list[str]:
    return [action for action in drawn(one)["can"] if action in ("acknowledge", "confirm", "reset", "comment")]


def test_a_fresh_alarm() -> None:
    found = drawn(alert(next_escalation_ns=NOW_NS + 90 * NS_PER_S, fire_order=1, place=EXIT))
    assert (found["class_words"], found["level"], found["first"]) == ("火警", "严重", "首警")
    assert found["place"] == ["东楼", "1楼", "安全出口", ""]
    assert (found["owner"], found["responsible"]) == ("", "责任人 陈师傅")
    assert (found["next"], found["next_words"]) == ((NOW_NS + 90 * NS_PER_S) // NS_PER_MS, "升级")
    assert found["raised"] == "07:58:21"
    assert [fact[1] for fact in found["facts"]] == ["报警中", "未应答"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"active": False, "cleared_at_ns": NOW_NS}, "已恢复"),
        ({"data_unknown": True}, "数据未知"),
        ({"acknowledged_at_ns": NOW_NS, "acknowledged_by": "p-chen"}, "已应答 陈师傅"),
        ({"confirmed": Confirmation.FALSE}, "确认：误报"),
        ({"latched": True}, "锁存"),
        ({"suppressed_by": "a9"}, "被抑制"),
        ({"comments": 3}, "备注 3 条"),
        ({"test": True}, "测试标志"),
        ({"historical": True}, "迟到"),
        ({"rule": "alarm_flood"}, "告警泛滥"),
        ({"suppressed_kind": SuppressionKind.DIGEST, "suppressed_by": "d1"}, "汇总推送"),
        ({"shelved_until_ns": NOW_NS}, "搁置"),
        ({"reopened": 2}, "再次报警 2 次"),
    ],
)
def test_each_fact_is_shown_for_itself(changes: dict[str, Any], word: str) -> None:
    assert word not in words(alert())
    assert word in words(alert(**changes))


def test_unknown_data_do_not_hide_that_it_is_active() -> None:
    assert words(alert(data_unknown=True))[:2] == ["报警中", "数据未知"]


def test_only_actions_that_make_sense_are_offered() -> None:
    taken: dict[str, Any] = {"acknowledged_at_ns": NOW_NS, "acknowledged_by": "li", "latched": True}
    assert enabled(alert()) == ["acknowledge", "comment"]
    assert enabled(alert(**taken)) == ["confirm", "comment"]
    assert enabled(alert(**taken, active=False)) == ["confirm", "reset", "comment"]
    assert enabled(alert(**taken, active=False, data_unknown=True)) == ["confirm", "comment"]
    assert enabled(alert(**taken, active=False, reset_at_ns=NOW_NS)) == ["confirm", "comment"]


def test_english_has_its_own_text_and_words() -> None:
    found = drawn(alert(place=EXIT), Language.EN)
    assert (found["text"], found["class_words"]) == ("Fire", "Fire")
    assert found["place"] == ["East building", "floor 1", "exit", ""]


def test_text_of_devices_is_handed_on_as_it_is() -> None:
    found = json.loads(json.dumps(drawn(alert(text_zh=HOSTILE)), ensure_ascii=False))
    assert found["text"] == HOSTILE


def test_an_alarm_that_a_walk_test_holds_says_that_nobody_is_told() -> None:
    told = [words for _, words, _ in drawn(alert(held=True, test=True))["facts"]]
    assert "走动测试，不推送" in told
    assert "测试标志" in told


def test_a_fire_has_no_box_to_choose_it_with() -> None:
    assert drawn(alert())["bulk"] is False
    assert drawn(alert(alarm_class=AlarmClass.FAULT))["bulk"] is True


def test_what_can_be_done_follows_the_facts() -> None:
    shelved = alert(shelved_until_ns=NOW_NS)
    assert "unshelve" in drawn(shelved)["can"]
    assert "shelve" not in drawn(shelved)["can"]
    assert "extend" in drawn(shelved)["can"]
    assert "extend" not in drawn(alert(shelved_until_ns=NOW_NS, shelve_reason=f"{shelf_tag('s1')}: drill"))["can"]
    assert "shelve" in drawn(alert())["can"]
    closed = drawn(alert(closed_at_ns=NOW_NS, active=False, acknowledged_at_ns=NOW_NS))["can"]
    assert closed == ["comment", "recheck"]


def test_a_row_is_written_once_and_gets_another_number_when_the_alarm_changes() -> None:
    book, one = RowBook(), alert()
    number, written = book.number(one), book.text(one, REGISTRY, UTC, Language.ZH)
    assert book.number(alert()) == number
    assert book.text(one, REGISTRY, UTC, Language.ZH) is written
    changed = alert(comments=1)
    assert book.number(changed) != number
    assert json.loads(book.text(changed, REGISTRY, UTC, Language.ZH))["facts"][-1][1] == "备注 1 条"
