"""Published telegrams of the JBF293K card, and what no telegram is."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.jbf293k import tables
from gateway.connectors.jbf293k.protocol import MOST_BYTES, POLL, Decoder, Refusal, Telegram
from gateway.connectors.modbus_tcp.wire import find_rtu
from simulators.devices.jbf293k import telegram
from simulators.devices.modbus_rtu import with_crc

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("panel_vectors.json").read_text("utf-8"))
JBF = [vector for vector in VECTORS if vector["protocol"].startswith("JBF")]
MODBUS = [vector for vector in VECTORS if vector["protocol"] == "Modbus RTU"]
FIRE = bytes.fromhex(next(vector["hex"] for vector in JBF if vector["id"] == "JBF-fire"))


def only(data: bytes) -> Telegram | Refusal:
    (found,) = Decoder().feed(data)
    return found


def seen(found: Telegram) -> dict[str, Any]:
    """The fields that the vectors know, as they know them."""
    return {
        "code": found.command,
        "controller": found.controller,
        "loop": found.loop,
        "info": found.loop,
        "point": found.point,
        "part_type": found.raw[4],
        "sub_part_type": found.part,
        "version": f"{found.loop}.{found.point}" if found.command == 9 else None,
        "time": found.time.isoformat() if found.time else None,
        "channel": found.extension.channel if found.extension else None,
        "value_raw": found.extension.value if found.extension else None,
    }


@pytest.mark.parametrize("vector", [one for one in JBF if one["checksum_ok"]], ids=lambda one: str(one["id"]))
def test_a_published_telegram_says_what_was_published_about_it(vector: dict[str, Any]) -> None:
    found = only(bytes.fromhex(vector["hex"]))
    assert isinstance(found, Telegram)
    assert found.raw.hex() == vector["decoded_bytes"]
    known = seen(found)
    skipped = {"meaning", "value", "unit", "version"}
    assert {name: known[name] for name in vector["expected"].keys() - skipped} == {
        name: value for name, value in vector["expected"].items() if name not in skipped
    }


MEANINGS = {
    "JBF-fire": tables.COMPONENT[0x80],
    "JBF-spray": tables.GAS_RELEASE[0x0B],
    "JBF-elec": tables.ELECTRICAL_CHANGES[2],
    "JBF-elec-value": tables.ELECTRICAL_CHANGES[1],
}


@pytest.mark.parametrize("name", MEANINGS)
def test_the_published_meaning_is_that_of_our_tables(name: str) -> None:
    meaning = next(vector["expected"]["meaning"] for vector in JBF if vector["id"] == name)
    assert MEANINGS[name].en.removesuffix(" alarm") in meaning


def test_a_published_telegram_with_a_misprinted_sum_is_refused_for_it() -> None:
    door = next(vector for vector in JBF if not vector["checksum_ok"])
    assert only(bytes.fromhex(door["hex"])) == Refusal("checksum", bytes.fromhex(door["hex"]))
    mended = bytes.fromhex(door["decoded_bytes"])[:11] + bytes([0x87])
    found = only(bytes([0x82, *(0x30 + nibble for byte in mended for nibble in (byte >> 4, byte & 15)), 0x83]))
    assert isinstance(found, Telegram)
    assert (found.part & 0x0F, found.part >> 4) == (1, 1)
    assert tables.DOOR_KINDS[1].en == "single normally-open fire door"


def test_the_poll_is_the_published_one() -> None:
    assert next(vector["hex"] for vector in JBF if vector["id"] == "JBF-poll") == POLL.hex()


@pytest.mark.parametrize("vector", MODBUS, ids=lambda one: str(one["id"]))
def test_published_modbus_frames_are_taken_where_their_sum_is_right(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["hex"])
    assert (with_crc(frame[:-2]) == frame) is vector["checksum_ok"]
    if not vector["id"].endswith("-q"):
        found = find_rtu(bytearray(frame), frame[0], frame[1])
        assert found == (frame[1:-2] if vector["checksum_ok"] else None)


def test_the_published_meokon_report_has_the_checksum_that_it_should() -> None:
    """No more of it is published than device and pressure: the frame is kept for whoever gets the whole description."""
    frame = bytes.fromhex(next(vector["hex"] for vector in VECTORS if vector["id"] == "MEOKON-report"))
    body, checksum = frame[:-4], frame[-4:-2]
    assert with_crc(body) == body + checksum[::-1]
    assert b"SHMK190600134" in body


def test_the_simulated_card_writes_the_published_fire() -> None:
    at = datetime(2017, 3, 8, 16, 4, 8)  # noqa: DTZ001  # the wire has no zone
    assert telegram(0x80, controller=36, loop=8, point=155, part=1, at=at) == FIRE


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x00\x41", "junk"),
        (FIRE[:5] + b"\x41" + FIRE[6:], "character"),
        (FIRE[:20] + b"\x83", "length"),
        (b"\x82" + b"0" * (MOST_BYTES - 1), "length"),
        (FIRE[:5] + b"\x3f" + FIRE[6:], "checksum"),
    ],
)
def test_what_is_no_telegram_is_refused_for_its_reason_and_the_next_one_is_found(data: bytes, error: str) -> None:
    found = Decoder().feed(data + FIRE)
    assert isinstance(found[0], Refusal)
    assert found[0].error == error
    assert isinstance(found[-1], Telegram)


def test_a_telegram_that_begins_anew_is_heard_and_a_half_one_is_given_up() -> None:
    decoder = Decoder()
    assert [type(one) for one in decoder.feed(FIRE[:9] + FIRE)] == [Refusal, Telegram]
    assert decoder.feed(FIRE[:9]) == []
    assert decoder.is_inside
    assert decoder.give_up() == [Refusal("length", FIRE[:9])]
    assert not decoder.is_inside


pieces = st.lists(st.one_of(st.just(FIRE), st.binary(max_size=40), st.sampled_from([b"\x82", b"\x83", b"0"])))


def joined(found: list[Telegram | Refusal]) -> list[object]:
    """Telegrams and refusals; junk that is told about piece by piece, in one."""
    result: list[object] = []
    for one in found:
        if isinstance(one, Refusal) and one.error == "junk" and result and isinstance(result[-1], bytes):
            result[-1] += one.raw
        else:
            result.append(one.raw if isinstance(one, Refusal) and one.error == "junk" else one)
    return result


@given(pieces, st.lists(st.integers(0, 400)))
def test_any_cut_of_any_stream_gives_the_same_telegrams(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    whole = Decoder()
    expected = joined([*whole.feed(stream), *whole.give_up()])
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cut_up = Decoder()
    found = [one for begin, end in pairwise(bounds) for one in cut_up.feed(stream[begin:end])]
    assert joined([*found, *cut_up.give_up()]) == expected


@given(pieces)
def test_every_byte_is_accounted_for(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    decoder = Decoder()
    sizes = [
        2 * len(one.raw) + 2 if isinstance(one, Telegram) else len(one.raw)
        for one in [*decoder.feed(stream), *decoder.give_up()]
    ]
    assert sum(sizes) == len(stream)
