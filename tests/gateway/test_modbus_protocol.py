"""Registers → values: worked values of public register maps, all word orders, and any bytes at all."""

from __future__ import annotations

import math
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from domain.quality import GOOD, Reason, reason_of
from domain.quantity import Quantity
from gateway.connectors.modbus_tcp.config import ModbusProfileOptions
from gateway.connectors.modbus_tcp.plan import Block, plan_blocks
from gateway.connectors.modbus_tcp.planner import Cost
from gateway.connectors.modbus_tcp.protocol import BlockDecoder, Field, byte_order
from gateway.connectors.modbus_tcp.reads import ModbusRead, RegisterType, WordOrder


def read(**settings: object) -> ModbusRead:
    return ModbusRead.model_validate({"address": 0, **settings})


def words(*registers: int) -> bytes:
    return struct.pack(f">{len(registers)}H", *registers)


def one(payload: bytes, field: Field) -> tuple[float, int]:
    value, quality = BlockDecoder(0, len(payload) // 2, [field]).decode(payload)
    return float(value[0]), int(quality[0])


@pytest.mark.parametrize(
    ("order", "registers"),
    [
        (WordOrder.ABCD, (0x4366, 0x3333)),
        (WordOrder.CDAB, (0x3333, 0x4366)),
        (WordOrder.BADC, (0x6643, 0x3333)),
        (WordOrder.DCBA, (0x3333, 0x6643)),
    ],
)
def test_f32_230_2_volts_in_each_word_order(order: WordOrder, registers: tuple[int, int]) -> None:
    """230.2 as IEEE 754 single is 43 66 33 33."""
    value, quality = one(words(*registers), Field(read=read(type="f32"), order=order, quantity=Quantity.VOLT))
    assert value == pytest.approx(230.2, abs=1e-4)
    assert quality == GOOD


def test_pzem_014_amperes_u32_low_word_first_thousandths() -> None:
    field = Field(read=read(type="u32", scale=0.001), order=WordOrder.CDAB, quantity=Quantity.AMPERE)
    assert one(words(0xE240, 0x0001), field) == (123.456, GOOD)


def test_adw300_watts_i32_may_be_negative() -> None:
    assert one(words(0xFFFF, 0xFF9C), Field(read=read(type="i32"), quantity=Quantity.WATT)) == (-100.0, GOOD)


def test_residual_current_breaker_sample_254_volts_unscaled() -> None:
    """Sample reply ``01 04 02 00 FE``."""
    assert one(b"\x00\xfe", Field(read=read(), quantity=Quantity.VOLT)) == (254.0, GOOD)


def test_sfjk_200_concentration_34_6_percent_lel() -> None:
    """Sample reply ``01 03 02 01 5A``: tenths."""
    assert one(b"\x01\x5a", Field(read=read(scale=0.1), quantity=Quantity.PERCENT_LEL)) == (34.6, GOOD)


def test_sfjk_200_points_of_two_loops_in_one_register() -> None:
    """Sample reply ``3F 00``: high byte loop 1 has 63 points, low byte loop 2 none."""
    loops = [Field(read=read(bits=(8, 15))), Field(read=read(bits=(0, 7)))]
    value, _ = BlockDecoder(0, 1, loops).decode(b"\x3f\x00")
    assert value.tolist() == [63.0, 0.0]


def test_sensor_temperature_below_zero_i16_tenths() -> None:
    assert one(b"\xff\x9c", Field(read=read(type="i16", scale=0.1), quantity=Quantity.CELSIUS)) == (-10.0, GOOD)


@pytest.mark.parametrize(
    ("kind", "registers", "number"),
    [("bcd16", (0x1234,), 1234.0), ("bcd32", (0x1234, 0x5678), 12345678.0), ("bcd16", (0x9999,), 9999.0)],
)
def test_bcd_reads_each_four_bits_as_a_digit(kind: str, registers: tuple[int, ...], number: float) -> None:
    assert one(words(*registers), Field(read=read(type=kind))) == (number, GOOD)


def test_bcd_with_low_word_first_and_scale() -> None:
    assert one(words(0x5678, 0x0012), Field(read=read(type="bcd32", scale=0.01), order=WordOrder.CDAB)) == (
        1256.78,
        GOOD,
    )


def test_bcd_digit_above_nine_is_a_bad_value() -> None:
    value, quality = one(words(0x12A4), Field(read=read(type="bcd16")))
    assert math.isnan(value)
    assert reason_of(quality) is Reason.BAD_VALUE


@pytest.mark.parametrize(
    ("order", "payload"),
    [(WordOrder.ABCD, b"SN-07 \0x"), (WordOrder.BADC, b"NS0- 7x\0"), (WordOrder.CDAB, b"SN-07 \0x")],
)
def test_text_ends_at_its_zero_and_has_no_padding(order: WordOrder, payload: bytes) -> None:
    decoder = BlockDecoder(0, 4, [Field(read=read(type="text", registers=4), order=order)])
    value, quality = decoder.decode(payload)
    assert decoder.texts(payload) == {0: "SN-07"}
    assert (value[0], quality[0]) == (zlib.crc32(b"SN-07"), GOOD)


def test_sfjk_200_unit_byte_decides_what_the_reading_is() -> None:
    """High byte of the attribute register: 1 %LEL; any other unit is no %LEL."""
    codes = {"address": 1, "bits": (8, 15), "codes": {1: "percent_LEL"}}
    field = Field(read=read(scale=0.1, quantity_from=codes), quantity=Quantity.PERCENT_LEL)
    assert one(words(346, 0x010A), field) == (34.6, GOOD)
    assert reason_of(one(words(346, 0x000A), field)[1]) is Reason.BAD_VALUE


QDY30A = {
    "type": "i16",
    "address": 4,
    "decimals_from": 3,
    "quantity_from": {"address": 2, "codes": {9: "MPa", 10: "kPa", 15: "psi"}},
}


@pytest.mark.parametrize(
    ("registers", "kpa"),
    [
        ((10, 1, 4805), 480.5),
        ((9, 3, 480), 480.0),
        ((9, 0, 1), 1000.0),
        ((10, 1, 0x10000 - 53), -5.3),
        ((15, 2, 10000), 689.4757293168),
    ],
)
def test_qdy30a_takes_unit_and_decimals_from_the_reply(registers: tuple[int, int, int], kpa: float) -> None:
    decoder = BlockDecoder(2, 3, [Field(read=read(**QDY30A), quantity=Quantity.KPA)])
    value, quality = decoder.decode(words(*registers))
    assert value[0] == pytest.approx(kpa, rel=1e-12)
    assert quality[0] == GOOD


@pytest.mark.parametrize("registers", [(77, 1, 4805), (10, 10, 4805), (10, 65535, 0)])
def test_qdy30a_with_senseless_siblings_is_a_bad_value_not_a_number(registers: tuple[int, int, int]) -> None:
    value, quality = BlockDecoder(2, 3, [Field(read=read(**QDY30A), quantity=Quantity.KPA)]).decode(words(*registers))
    assert math.isnan(value[0])
    assert reason_of(int(quality[0])) is Reason.BAD_VALUE


def test_ddsu666_kilowatts_become_watts() -> None:
    payload = struct.pack(">f", 1.25)
    assert one(payload, Field(read=read(type="f32", quantity="kW"), quantity=Quantity.WATT)) == (1250.0, GOOD)


def test_sentinel_is_not_a_measurement() -> None:
    field = Field(read=read(sentinels={0xFFFF: "not_installed", 0x8000: "busy"}))
    value, quality = BlockDecoder(0, 1, [field]).decode(b"\xff\xff")
    assert math.isnan(value[0])
    assert reason_of(int(quality[0])) is Reason.NOT_INSTALLED
    assert reason_of(one(b"\x80\x00", field)[1]) is Reason.BUSY
    assert one(b"\x7f\xff", field) == (32767.0, GOOD)


def test_impossible_value_is_kept_and_marked() -> None:
    value, quality = one(b"\x27\x0f", Field(read=read(), quantity=Quantity.CELSIUS, floor=-50, ceiling=200))
    assert value == 9999.0
    assert reason_of(quality) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    "payload", [struct.pack(">f", number) for number in (math.nan, math.inf, -3.4028234663852886e38)]
)
def test_float_that_is_no_number_is_a_bad_value(payload: bytes) -> None:
    value, quality = one(payload, Field(read=read(type="f32")))
    assert math.isnan(value)
    assert reason_of(quality) is Reason.BAD_VALUE


NUMBERS = [kind for kind in RegisterType if kind is not RegisterType.TEXT]
FLOATS_AND_INTEGERS = [kind for kind in NUMBERS if not kind.is_decimal]


@given(st.sampled_from(FLOATS_AND_INTEGERS), st.sampled_from(WordOrder), st.data())
def test_every_type_in_every_order_round_trips(kind: RegisterType, order: WordOrder, data: st.DataObject) -> None:
    code = {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "f32": "f", "f64": "d"}[kind]
    size = struct.calcsize(f">{code}")
    raw = data.draw(st.binary(min_size=size, max_size=size))
    wire = bytearray(size)
    for place, source in enumerate(byte_order(kind.registers, order)):
        wire[source] = raw[place]
    value, quality = one(bytes(wire), Field(read=read(type=kind), order=order))
    expected = float(struct.unpack(f">{code}", raw)[0])
    if math.isfinite(expected):
        assert (value, quality) == (expected, GOOD)
    else:
        assert reason_of(quality) is Reason.BAD_VALUE


@given(st.binary(max_size=300))
def test_any_reply_gives_values_or_a_wire_error(payload: bytes) -> None:
    fields = [
        Field(read=read(**QDY30A), quantity=Quantity.KPA),
        Field(read=read(type="f64", address=5), ceiling=1e6),
        Field(read=read(type="u64", address=2, bits=(3, 60), sentinels={7: "timeout"})),
    ]
    decoder = BlockDecoder(2, 7, fields)
    if len(payload) != 14:
        with pytest.raises(WireError, match="asked for 14 bytes"):
            decoder.decode(payload)
        return
    value, quality = decoder.decode(payload)
    for number, q in zip(value.tolist(), quality.tolist(), strict=True):
        assert math.isfinite(number) or reason_of(q) is not Reason.NONE


def planned(reads: list[ModbusRead], **options: object) -> list[Block]:
    """Plan for a line where a request costs as much as a thousand registers."""
    return plan_blocks(reads, Cost(1000.0, 1.0), ModbusProfileOptions.model_validate(options))


def test_plan_joins_over_small_gaps_and_keeps_to_the_devices_limit() -> None:
    reads = [read(address=at) for at in (0, 1, 5, 40, 41)]
    blocks = planned(reads, max_registers=50, gap_fill=3)
    assert [(b.address, b.count, b.rows) for b in blocks] == [(0, 6, (0, 1, 2)), (40, 2, (3, 4))]
    assert [b.count for b in planned(reads, max_registers=2, gap_fill=125)] == [2, 1, 2]
    assert [b.count for b in planned(reads)] == [42], "where a request is dear and nothing forbids it, one does"


def test_plan_never_parts_a_value_from_its_siblings() -> None:
    blocks = planned([read(**QDY30A), read(address=0)], max_registers=3, gap_fill=8)
    assert [(b.address, b.count) for b in blocks] == [(0, 1), (2, 3)]
    with pytest.raises(ValueError, match="spans 3 registers"):
        planned([read(**QDY30A)], max_registers=2, gap_fill=0)


def test_plan_asks_each_function_apart() -> None:
    blocks = planned([read(), read(function="input")], max_registers=125, gap_fill=8)
    assert [(b.function.code, b.rows) for b in blocks] == [(3, (0,)), (4, (1,))]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(NUMBERS)), min_size=1, max_size=40),
    st.integers(4, 125),
    st.integers(0, 30),
)
def test_plan_covers_every_value_once_within_limits(
    values: list[tuple[int, RegisterType]], most: int, gap: int
) -> None:
    reads = [read(address=address, type=kind) for address, kind in values]
    blocks = planned(reads, max_registers=most, gap_fill=gap)
    assert sorted(row for block in blocks for row in block.rows) == list(range(len(reads)))
    for block in blocks:
        assert block.count <= most
        assert all(_inside(block, reads[row]) for row in block.rows)


def _inside(block: Block, item: ModbusRead) -> bool:
    first, last = item.span
    return block.address <= first and last < block.address + block.count


@pytest.mark.parametrize(
    ("settings", "words_in_message"),
    [
        ({"scale": 0}, "every reading 0"),
        ({"bits": (0, 16)}, "bits of a u16"),
        ({"type": "i16", "bits": (0, 3)}, "u16, u32 or u64"),
        ({"type": "f32", "sentinels": {1: "busy"}}, "integer types"),
        ({"quantity": "furlong"}, "no known quantity"),
        ({"address": 65535, "type": "u32"}, "end after register"),
        ({"type": "text"}, "needs 'registers'"),
        ({"registers": 2}, "needs 'registers'"),
        ({"function": "coil", "type": "u32"}, "one bit"),
        ({"select": {"address": 1, "value": 2, "function": "coil"}}, "0 or 1"),
        ({"quantity_from": {"address": 1, "codes": {1: "Pa"}, "bits": (3, 16)}}, "0 to 15"),
        ({"address": -1}, "greater than or equal to 0"),
    ],
)
def test_senseless_read_is_refused_with_the_mend(settings: dict[str, object], words_in_message: str) -> None:
    with pytest.raises(ValueError, match=words_in_message):
        read(**settings)
