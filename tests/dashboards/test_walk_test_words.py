"""What the console says while a walk test runs."""

from __future__ import annotations

from typing import Any

from dashboards.console.frame.walk_test_words import walk_test_words
from dashboards.console.texts import Language
from dashboards.live.board import Board
from tests.alerts.alerts_scene import hotel

TEST: dict[str, Any] = {
    "id": "0" * 32, "unit": "hotel", "zones": ["east-1-exit"], "devices": [], "begun_by": "安装员", "note": "",
    "begun_ns": 1_800_000_000_000_000_000, "until_ns": 1_800_007_200_000_000_000, "from_seq": 5,
    "ended_ns": None, "ended_by": None, "audit_hash": None,
}  # fmt: skip


def board(*tests: Any) -> Board:
    return Board(statuses={"alerts.main": {"walk_tests": list(tests)}})


def test_a_running_test_is_told_with_place_person_and_end() -> None:
    words = walk_test_words(board(TEST), hotel(), Language.ZH)
    assert words == "走动测试进行中：闽江大酒店 · 安全出口，由 安装员 进行，至 18:00:00 — 范围内的报警只记录，不推送"
    assert "WALK TEST in Minjiang Hotel · exit by 安装员" in walk_test_words(board(TEST), hotel(), Language.EN)


def test_the_whole_unit_is_its_name_and_places_that_are_gone_are_told_as_such() -> None:
    whole = walk_test_words(board({**TEST, "zones": []}), hotel(), Language.ZH)
    assert "走动测试进行中：闽江大酒店，由" in whole
    gone = walk_test_words(board({**TEST, "unit": "tower", "devices": ["x"]}), hotel(), Language.ZH)
    assert "tower · ?、?" in gone


def test_a_test_of_another_version_is_told_all_the_same_and_none_is_silent() -> None:
    assert "?" in walk_test_words(board({"new": "form"}), hotel(), Language.ZH)
    assert walk_test_words(board(), hotel(), Language.ZH) == ""
    assert walk_test_words(Board(), hotel(), Language.ZH) == ""
    assert walk_test_words(Board(statuses={"alerts.main": {"walk_tests": "junk"}}), hotel(), Language.ZH) == ""
