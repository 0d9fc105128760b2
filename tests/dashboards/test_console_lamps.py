"""Master lamps and the order of the list: calm only when it is known to be calm."""

from __future__ import annotations

import pytest

from dashboards.live.board import Board
from dashboards.live.lamps import Lamp, LampKind, LampMode, first_alarm, lamps, ordered
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import NOW_NS, alert, well
from tests.dashboards.premises import premises

REGISTRY = premises()
CLASS_LAMPS = [kind for kind in LampKind if kind is not LampKind.LINK]


def shown(board: Board, now_ns: int = NOW_NS) -> dict[LampKind, Lamp]:
    return {lamp.kind: lamp for lamp in lamps(board, REGISTRY, now_ns)}


def test_a_quiet_night_is_grey() -> None:
    assert {lamp.mode for lamp in shown(well()).values()} == {LampMode.CALM}


@pytest.mark.parametrize("kind", LampKind)
def test_a_board_that_has_heard_nothing_is_unknown(kind: LampKind) -> None:
    assert shown(Board())[kind].mode is LampMode.UNKNOWN


@pytest.mark.parametrize("alarm_class", [AlarmClass.FIRE, AlarmClass.LINKAGE, AlarmClass.FAULT, AlarmClass.HAZARD])
def test_an_alert_lights_the_lamp_of_its_class_and_no_other(alarm_class: AlarmClass) -> None:
    found = shown(well(alert(alarm_class=alarm_class)))
    lit = [lamp.kind.value for lamp in found.values() if lamp.mode is LampMode.LIT]
    assert lit == [alarm_class.value]
    assert (found[LampKind(alarm_class.value)].count, found[LampKind(alarm_class.value)].fresh) == (1, 1)


def test_an_acknowledged_alert_still_counts_but_is_not_fresh() -> None:
    lamp = shown(well(alert(acknowledged_at_ns=NOW_NS, acknowledged_by="li")))[LampKind.FIRE]
    assert (lamp.count, lamp.fresh) == (1, 0)


def test_disabled_points_have_a_lamp_of_their_own() -> None:
    found = shown(well(alert(rule="panel_shielded", alarm_class=AlarmClass.SUPERVISORY)))
    assert found[LampKind.DISABLED].count == 1
    assert found[LampKind.SUPERVISORY].count == 0


def test_a_consequence_is_folded_away_but_a_fire_never_is() -> None:
    fault, fire = alert(1, alarm_class=AlarmClass.FAULT, suppressed_by="a9"), alert(2, suppressed_by="a9")
    found = shown(well(fault, fire))
    assert found[LampKind.FAULT].count == 0
    assert found[LampKind.FIRE].count == 1


@pytest.mark.parametrize("key", ["alerts.main", "rules.main"])
def test_when_rules_or_alerts_are_silent_no_class_lamp_is_calm(key: str) -> None:
    board = well()
    board.statuses[key] = {"time_ns": NOW_NS - 6 * NS_PER_S}
    found = shown(board)
    assert {found[kind].mode for kind in CLASS_LAMPS} == {LampMode.UNKNOWN}


def test_a_lit_lamp_stays_lit_and_doubtful_when_nobody_evaluates() -> None:
    board = well(alert())
    del board.statuses["rules.main"]
    lamp = shown(board)[LampKind.FIRE]
    assert lamp.mode is LampMode.LIT
    assert lamp.doubtful


def test_a_list_that_nobody_confirms_any_more_is_unknown() -> None:
    board = well()
    board.alerts_at_ns = NOW_NS - 16 * NS_PER_S
    assert shown(board)[LampKind.FIRE].mode is LampMode.UNKNOWN


def test_without_the_backbone_nothing_is_calm() -> None:
    board = well()
    board.connected = False
    assert {lamp.mode for lamp in shown(board).values()} == {LampMode.UNKNOWN}


def test_a_silent_gateway_makes_the_link_unknown_and_leaves_the_classes_alone() -> None:
    board = well()
    found = shown(board, NOW_NS)
    assert found[LampKind.LINK].mode is LampMode.CALM
    board.statuses["gateway.hotel.gw-east"]["time_ns"] = NOW_NS - 6 * NS_PER_S
    found = shown(board)
    assert (found[LampKind.LINK].mode, found[LampKind.LINK].count) == (LampMode.UNKNOWN, 1)
    assert found[LampKind.FIRE].mode is LampMode.CALM


def test_a_cut_list_says_that_there_is_more_of_its_last_class() -> None:
    board = well()
    board.replace_alerts([alert(), alert(2, alarm_class=AlarmClass.FAULT)], NOW_NS, cut=True)
    assert not shown(board)[LampKind.FIRE].more
    assert shown(board)[LampKind.FAULT].more


def test_the_list_is_ordered_by_class_then_newest_first() -> None:
    fault, old, new = alert(3, alarm_class=AlarmClass.FAULT), alert(1), alert(2)
    assert ids(ordered([fault, old, new])) == ["a2", "a1", "a3"]


def test_the_first_alarm_is_the_oldest_of_the_highest_class() -> None:
    fault, old, new = alert(0, alarm_class=AlarmClass.FAULT), alert(1), alert(2)
    assert first_alarm([fault, new, old]) == old
    assert first_alarm([fault]) == fault
    assert first_alarm([]) is None


def ids(alerts: list[AlertView]) -> list[str]:
    return [one.id for one in alerts]


def test_what_a_walk_test_holds_is_counted_and_calls_nobody() -> None:
    lamp = shown(well(alert(1, held=True, test=True), alert(2)))[LampKind.FIRE]
    assert (lamp.count, lamp.fresh) == (2, 1)


def test_a_real_alarm_stands_before_all_that_a_walk_test_holds() -> None:
    held = [alert(number, held=True, entity=f"hotel/{number}") for number in (1, 2, 3)]
    real = alert(9, alarm_class=AlarmClass.HAZARD)
    assert first_alarm([*held, real]) is real
    assert first_alarm(held) is None
    assert ordered([*held, real])[0] is real
