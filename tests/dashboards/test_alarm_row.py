"""A row of the alarm list: every fact for itself, and only the actions that make sense now."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest

from dashboards.console.alarms.alarm_row import row
from dashboards.console.texts import Language
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_MS, NS_PER_S
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import HOSTILE, premises

REGISTRY = premises()


def drawn(one: AlertView, language: Language = Language.ZH, *, first: bool = False) -> dict[str, Any]:
    return row(REGISTRY, UTC, one, language, first=first)


def words(one: AlertView) -> list[str]:
    return [fact[1] for fact in drawn(one)["facts"]]


def enabled(one: AlertView) -> list[str]:
    return [button["action"] for button in drawn(one)["buttons"] if button["on"]]


def test_a_fresh_alarm() -> None:
    found = drawn(alert(next_escalation_ns=NOW_NS + 90 * NS_PER_S), first=True)
    assert (found["class_words"], found["level"], found["first"], found["place"]) == (
        "火警",
        "严重",
        "首警",
        "东楼 · 1楼 · 安全出口",
    )
    assert (found["owner"], found["nobody"], found["responsible"]) == ("无人处理", True, "责任人 陈师傅")
    assert found["next"] == (NOW_NS + 90 * NS_PER_S) // NS_PER_MS
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
    found = drawn(alert(), Language.EN)
    assert (found["text"], found["class_words"], found["place"]) == ("Fire", "Fire", "East building · floor 1 · exit")


def test_text_of_devices_is_handed_on_as_it_is() -> None:
    found = json.loads(json.dumps(drawn(alert(text_zh=HOSTILE)), ensure_ascii=False))
    assert found["text"] == HOSTILE


def test_an_alarm_that_a_walk_test_holds_says_that_nobody_is_told() -> None:
    told = [words for _, words, _ in drawn(alert(held=True, test=True))["facts"]]
    assert "走动测试，不推送" in told
    assert "测试标志" in told
