"""What each type of GB/T 26875.3-2011 becomes, on declared and on learned points."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from domain.points import PointKind
from domain.quality import BAD, GOOD, HISTORICAL, Reason, pack
from domain.quantity import Quantity
from domain.site.hosted import HOLDS_S
from domain.words import COMPONENT_STATE, SYSTEM_OPERATION, SYSTEM_STATE
from gateway.connectors.gb26875.objects import (
    AnalogValue,
    ComponentConfiguration,
    ComponentState,
    SetClock,
    SystemConfiguration,
    SystemOperation,
    SystemState,
    SystemTime,
    SystemVersion,
    TransmitterConfiguration,
    TransmitterOperation,
    TransmitterState,
    TransmitterTime,
    TransmitterVersion,
    text_bytes,
)
from gateway.connectors.gb26875.profiles import profile_named
from gateway.connectors.gb26875.roll_call import Asker, Result, RollCall
from tests.gateway.gb26875.made_frames import NOW, frame
from tests.gateway.gb26875.mapped import NOW_NS, Mapped

AT_10_2, AT_10_3, AT_9_9 = bytes((10, 0, 2, 0)), bytes((10, 0, 3, 0)), bytes((9, 0, 9, 0))
CLOCK = pack(GOOD, Reason.CLOCK)


def component(
    one: Mapped, state: int, text: str = "", *, at: bytes = AT_10_2, kind: int = 40, system: int = 1
) -> ComponentState:
    return ComponentState(system, 1, kind, at, state, text_bytes(text, 31), one.stamp())


def analog(one: Mapped, code: int, value: int, *, at: bytes = AT_10_3, kind: int = 91, system: int = 1) -> AnalogValue:
    return AnalogValue(system, 1, kind, at, code, value, one.stamp())


def test_type_1_of_a_declared_system_is_its_state() -> None:
    one = Mapped()
    one.say(SystemState(1, 1, 0b100_0000_0011, one.stamp()))
    assert one.rows == [("fas/state", 0b100_0000_0011, "")]


def test_type_2_of_a_declared_component_is_its_point_with_the_description() -> None:
    one = Mapped()
    one.say(component(one, 2, "Ａ区１层走廊"))
    assert one.rows == [("fas/smoke-1", 2, "Ａ区１层走廊")]
    assert one.quality("fas/smoke-1") == GOOD


def test_type_2_of_another_type_at_a_declared_address_is_the_declared_component() -> None:
    one = Mapped()
    one.say(component(one, 1, kind=42))
    assert one.rows == [("fas/smoke-1", 1, "")]


def test_type_2_of_an_undeclared_component_is_learned_with_its_name() -> None:
    one = Mapped()
    one.say(component(one, 2, "Ａ区１层走廊", at=AT_9_9, kind=42))
    assert one.rows == [("fas/c42-9-9", 2, "Ａ区１层走廊")]
    point = one.point("fas/c42-9-9")
    assert (point.kind, point.word, point.gateway, point.zone) == (PointKind.STATE, COMPONENT_STATE, "utd", None)
    assert (point.label_zh, point.label_en) == (
        "点型光电感烟火灾探测器 9-9 Ａ区１层走廊",
        "point photoelectric smoke detector 9-9 Ａ区１层走廊",
    )
    assert point.max_silence_s == HOLDS_S


def test_an_undeclared_system_is_learned_on_the_transmitters_own_device() -> None:
    one = Mapped()
    one.say(SystemState(11, 2, 1, one.stamp()))
    assert one.rows == [("utd/s11-2", 1, "")]
    assert (one.point("utd/s11-2").word, one.point("utd/s11-2").label_zh) == (SYSTEM_STATE, "消火栓系统 2 系统状态")
    one.say(SystemOperation(11, 2, 4, 3, one.stamp()))
    assert one.rows == [("utd/s11-2-op", 4, "operator 3")]
    assert (one.point("utd/s11-2-op").word, one.point("utd/s11-2-op").kind) == (SYSTEM_OPERATION, PointKind.EVENT)
    one.say(component(one, 2, system=12))
    one.say(analog(one, 3, 251, at=AT_10_2, kind=40, system=12))
    assert one.rows == [("utd/s12-1-c40-10-2-a3", 25.1, "")]
    assert one.point("utd/s12-1-c40-10-2-a3").label_zh == "自动喷水灭火系统 1 感烟火灾探测器 10-2 温度"


def test_the_same_thing_is_learned_once_and_found_after_a_restart() -> None:
    one = Mapped()
    one.say(component(one, 2, at=AT_9_9))
    one.say(component(one, 1, at=AT_9_9))
    again = Mapped(hosted=one.hosted)
    again.say(component(again, 3, at=AT_9_9))
    assert [point.name for point in one.hosted.learned] == ["c40-9-9"]
    assert again.rows == [("fas/c40-9-9", 3, "")]


def test_bit_0_as_sent_suppresses_nothing() -> None:
    """Frame AL-01: a real fire whose bit 0 says test."""
    one = Mapped()
    one.say(component(one, 2), component(one, 3))
    assert [value for _, value, _ in one.rows] == [2, 3]


def test_an_inverted_bit_0_is_brought_to_the_standards() -> None:
    one = Mapped(profile_named("dahua"))
    one.say(component(one, 0b11), component(one, 0b10))
    assert [value for _, value, _ in one.rows] == [0b10, 0b11]


def test_bits_of_the_maker_stay_are_spelled_and_are_a_fault() -> None:
    one = Mapped(profile_named("dahua"))
    one.say(component(one, 1 << 10, "走廊"))
    assert one.rows == [("fas/smoke-1", 1 << 10 | 0b101, "走廊（开路）")]


@pytest.mark.parametrize(
    ("code", "count", "name", "value"),
    [
        (4, 7, "pump-a4", 700.0),  # 0.1 MPa is 100 kPa
        (9, 12, "current", 1200.0),  # the site wants mA
        (200, 12, "pump-a200", 6.0),  # the maker's type, the site's scale
    ],
)
def test_type_3_of_a_declared_analog_is_in_its_quantity(code: int, count: int, name: str, value: float) -> None:
    one = Mapped()
    one.say(analog(one, code, count))
    assert one.rows == [(f"fas/{name}", value, "")]


def test_type_3_undeclared_has_the_standards_quantity_and_the_components_zone() -> None:
    one = Mapped()
    one.say(analog(one, 3, -55, at=AT_10_2, kind=40))
    assert one.rows == [("fas/smoke-1-a3", -5.5, "")]
    point = one.point("fas/smoke-1-a3")
    assert (point.quantity, point.zone, point.label_zh) == (Quantity.CELSIUS, "corridor", "走廊烟感 温度")


def test_type_3_of_a_makers_type_is_the_plain_count() -> None:
    one = Mapped()
    one.say(analog(one, 130, -7, at=AT_9_9))
    assert one.rows == [("fas/c91-9-9-a130", -7, "")]
    assert one.point("fas/c91-9-9-a130").quantity is Quantity.NONE


@pytest.mark.parametrize(
    ("code", "count", "reason", "text"),
    [(4, -1, Reason.OUT_OF_RANGE, "raw -1"), (5, 20, Reason.BAD_VALUE, "raw 20 (kPa)")],
)
def test_type_3_that_can_not_be_true_is_no_number(code: int, count: int, reason: Reason, text: str) -> None:
    one = Mapped()
    one.say(analog(one, code, count))
    [(name, value, said)] = one.rows
    assert math.isnan(value)
    assert said == text
    assert one.quality(name) == pack(BAD, reason)


@pytest.mark.parametrize("flags", [0, 1, 0b100, 0b1010_0001])
def test_type_4_and_24_keep_none_one_or_several_bits_and_the_operator(flags: int) -> None:
    one = Mapped()
    one.say(SystemOperation(1, 1, flags, 9, one.stamp()))
    assert one.rows == [("fas/operation", flags, "operator 9")]
    one.say(TransmitterOperation(flags, 255, one.stamp()))
    assert one.rows == [("utd/operation", flags, "operator 255")]


def test_type_21_is_the_transmitters_state() -> None:
    one = Mapped()
    one.say(TransmitterState(0b101, one.stamp()))
    assert one.rows == [("utd/state", 0b101, "")]


@pytest.mark.parametrize("command", [2, 5])
def test_type_24_bit_5_is_handed_on_as_a_roll_call_answer_in_any_command(command: int) -> None:
    one = Mapped()
    harvest = one.say(TransmitterOperation(1 << 5, 3, one.stamp(NOW - timedelta(seconds=20))), command=command)
    [operation] = harvest.operations
    assert operation.answers_roll_call
    assert (operation.key, operation.operator) == ("hotel/utd", 3)
    assert (operation.at_ns, operation.said_ns) == (NOW_NS, NOW_NS - 20 * 10**9)


def test_the_age_of_an_answer_does_not_depend_on_the_devices_clock() -> None:
    one = Mapped()
    wrong = NOW + timedelta(days=300)
    [operation] = one.say(
        TransmitterOperation(1 << 5, 3, one.stamp(wrong - timedelta(seconds=7))), sent=wrong
    ).operations
    assert operation.said_ns == NOW_NS - 7 * 10**9


def test_types_5_and_25_are_versions() -> None:
    one = Mapped()
    one.say(SystemVersion(1, 1, 2, 7))
    assert one.rows == [("fas/version", 2 * 256 + 7, "2.7")]
    one.say(TransmitterVersion(1, 0))
    assert one.rows == [("utd/version", 256, "1.0")]
    assert one.point("utd/version").kind is PointKind.EVENT


def test_types_6_and_26_are_configurations() -> None:
    one = Mapped()
    one.say(SystemConfiguration(11, 1, text_bytes("二回路")))
    assert one.rows == [("utd/s11-1-configuration", 6, "二回路")]
    one.say(TransmitterConfiguration(text_bytes("V1 主机")))
    assert one.rows == [("utd/configuration", 26, "V1 主机")]


def test_type_7_names_a_component_before_and_after_it_speaks() -> None:
    one = Mapped()
    one.say(ComponentConfiguration(1, 1, 42, AT_9_9, text_bytes("Ｂ区大厅", 31)))
    assert one.rows == [("fas/configuration", 7, "点型光电感烟火灾探测器 9-9 Ｂ区大厅")]
    assert one.point("fas/c42-9-9").label_zh == "点型光电感烟火灾探测器 9-9 Ｂ区大厅"
    one.say(component(one, 2, at=AT_9_9, kind=42))
    assert one.rows == [("fas/c42-9-9", 2, "Ｂ区大厅")]


def test_types_8_and_28_are_clock_errors() -> None:
    one = Mapped()
    one.say(SystemTime(1, 1, one.stamp(NOW + timedelta(seconds=30))))
    assert ("fas/clock_error", 30.0, "") in one.all_rows
    one.say(TransmitterTime(one.stamp(NOW - timedelta(minutes=8))))
    assert one.all_rows == [("utd/clock_error", -480.0, "")]


def test_the_clock_error_is_told_when_it_moves_and_every_ten_minutes() -> None:
    one = Mapped()
    told = []
    for seconds, error in ((0, 0), (20, 0), (40, 2), (60, 2), (639, 2), (640, 2)):
        now = NOW + timedelta(seconds=seconds)
        one.take(frame(time=one.stamp(now + timedelta(seconds=error)).raw), NOW_NS + seconds * 10**9)
        told += [(seconds, value) for _, value, _ in one.all_rows]
    assert told == [(0, 0.0), (40, 2.0), (640, 2.0)]


def test_a_heartbeat_says_nothing() -> None:
    one = Mapped()
    one.take(frame())
    assert one.rows == []
    assert one.letters == []


@pytest.mark.parametrize(
    ("data", "value", "words"),
    [
        (bytes((1, 1, 9)), 1, "信息对象不完整 / object is cut off: 09"),
        (bytes((5, 1, 9)), 5, "长度与类型不符 / size does not fit the type: 09"),
        (bytes((22, 1, 9)), 22, "标准保留的类型 / type reserved by the standard: 09"),
        (bytes((0x87, 1, 9, 8)), 0x87, "厂家自定义类型 / type of the maker: 09 08"),
        (bytes((0xFF, 0)), 0xFF, "未定义类型 / undefined type"),
    ],
)
def test_what_is_not_read_is_an_event_and_a_dead_letter_with_its_bytes(data: bytes, value: int, words: str) -> None:
    one = Mapped()
    one.take(frame(data))
    assert one.rows == [("utd/unread", value, words)]
    [letter] = one.letters
    assert letter.raw == frame(data).encode()
    assert letter.reason.startswith("unread_")
    assert letter.detail.startswith("hotel/utd: type ")


def test_a_centres_message_that_is_uploaded_is_unread() -> None:
    one = Mapped()
    one.say(SetClock(one.stamp()))
    assert [row[0] for row in one.rows] == ["utd/unread"]
    assert [letter.reason for letter in one.letters] == ["unread_out_of_place"]


def test_objects_keep_the_order_of_the_frame_so_that_the_first_alarm_is_first() -> None:
    one = Mapped()
    one.say(component(one, 2, at=AT_9_9), component(one, 2), component(one, 2, at=AT_10_3))
    assert [name for name, _, _ in one.rows] == ["fas/c40-9-9", "fas/smoke-1", "fas/pump"]


def test_answers_to_requests_map_like_uploads() -> None:
    one = Mapped()
    one.say(component(one, 3), command=5)
    assert one.rows == [("fas/smoke-1", 3, "")]


def test_operation_records_that_are_read_again_are_no_events() -> None:
    one = Mapped()
    one.say(SystemOperation(1, 1, 4, 1, one.stamp(NOW - timedelta(seconds=5))))
    old, same = one.stamp(NOW - timedelta(days=2)), one.stamp(NOW - timedelta(seconds=5))
    one.say(
        SystemOperation(1, 1, 4, 1, old),
        SystemOperation(1, 1, 4, 1, same),
        SystemOperation(1, 1, 1, 2, one.stamp()),
        command=5,
    )
    assert one.rows == [("fas/operation", 1, "operator 2")]
    one.say(TransmitterOperation(4, 1, one.stamp(NOW - timedelta(days=60))), command=5)
    assert one.rows == []


def test_an_object_without_time_has_the_time_it_came() -> None:
    one = Mapped(profile_named("bt_firmware"))
    one.take(frame(bytes((21, 1, 3)), time=bytes(6)))
    assert one.rows == [("utd/state", 3, "")]
    assert (one.time_ns("utd/state"), one.quality("utd/state")) == (NOW_NS, GOOD)


@pytest.mark.parametrize(
    ("object_s", "sent_s", "time_s", "quality"),
    [
        (-5, 0, -5, GOOD),
        (-61, 0, -61, GOOD | HISTORICAL),
        (-61, -50, -61, GOOD),
        (-7200, 10, -7200, GOOD | HISTORICAL),
        (299, 299, 299, GOOD),
        (301, 0, 0, CLOCK),
        (-5, 301, 0, CLOCK),
        (-400, -301, 0, CLOCK),
        (-9 * 366 * 86_400, 0, 0, CLOCK),
    ],
)
def test_the_time_of_an_object_counts_where_the_frames_own_is_believed(
    object_s: int, sent_s: int, time_s: int, quality: int
) -> None:
    """Device times that are off by more than five minutes, or nine years old (frame DG-05), are marked."""
    one = Mapped()
    stamp = one.stamp(NOW + timedelta(seconds=object_s))
    one.say(SystemState(1, 1, 3, stamp), sent=NOW + timedelta(seconds=sent_s))
    assert one.time_ns("fas/state") == NOW_NS + time_s * 10**9
    assert one.quality("fas/state") == quality


@pytest.mark.parametrize("zero", ["frame", "object"])
def test_a_time_of_zeroes_is_a_wrong_one(zero: str) -> None:
    one = Mapped()
    tag = bytes(6) if zero == "frame" else one.stamp().raw
    body = bytes((1, 1, 3, 0)) + (bytes(6) if zero == "object" else one.stamp().raw)
    one.take(frame(bytes((1, 1)) + body, time=tag))
    assert (one.time_ns("fas/state"), one.quality("fas/state")) == (NOW_NS, CLOCK)


def test_readings_of_a_point_never_share_a_time_and_never_go_back() -> None:
    one = Mapped()
    state = SystemState(1, 1, 3, one.stamp())
    harvest = one.say(state, state, SystemState(1, 1, 1, one.stamp(NOW - timedelta(seconds=30))))
    rows = [(t - NOW_NS) // 10**6 for t in harvest.time_ns[:3]]
    assert rows == [0, 1, 2]
    assert harvest.quality[:3] == [GOOD, GOOD, CLOCK]
    later = one.say(state)
    assert later.time_ns[0] == NOW_NS + 3 * 10**6


def test_a_roll_calls_result_is_a_reading_of_the_transmitter() -> None:
    one = Mapped()
    call = RollCall(
        id="1", unit="hotel", transmitter="utd", by="Li", asker=Asker.PERSON, called_ns=NOW_NS, minutes=3,
        deadline_ns=NOW_NS, closes_ns=NOW_NS, changed_ns=NOW_NS + 42 * 10**9, result=Result.PRESENT,
        answered_ns=NOW_NS + 42 * 10**9, operator=1,
    )  # fmt: skip
    one.harvest = one.harvest.__class__()
    one.mapper.roll_call(call, one.harvest)
    assert one.rows == [("utd/roll_call", 1, "operator 1, 42 s")]
