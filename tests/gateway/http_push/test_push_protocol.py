"""Pushed bodies → messages: what three platforms send, and any bytes at all."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import NS_PER_MS
from gateway.connectors.http_push.config import Envelope
from gateway.connectors.http_push.protocol import BodyError, EnvelopeReader, MessageError, Pushed

STAMP_MS = 1_800_000_000_123
STAMP_NS = STAMP_MS * NS_PER_MS


def reader(**envelope: Any) -> EnvelopeReader:
    return EnvelopeReader(
        Envelope.model_validate(envelope), connection="cloud", zone=ZoneInfo("Asia/Shanghai"), messages=100, depth=12
    )


def read(document: Any, **envelope: Any) -> list[Pushed]:
    made = reader(**envelope)
    return [made.read(at, message) for at, message in made.messages(json.dumps(document).encode())]


def test_a_message_of_ctwing_as_its_push_has_it() -> None:
    document = {
        "upPacketSN": -1, "upDataSN": -1, "topic": "v1/up/ad19", "timestamp": STAMP_MS, "tenantId": "10",
        "protocol": "lwm2m", "productId": "10031", "payload": {"smoke": 1}, "messageType": "dataReport",
        "deviceId": "10031861428040004543", "IMSI": "undefined", "IMEI": "861428040004543",
    }  # fmt: skip
    pushed = read(document, device="IMEI", time="timestamp", fields="payload")[0]
    assert (pushed.at, pushed.device, pushed.time_ns) == ("", "861428040004543", STAMP_NS)
    assert pushed.fields == {"smoke": 1}


def test_values_of_onenet_come_one_by_one_in_msg_a_list_an_object_or_text() -> None:
    one = {"type": 1, "dev_id": 2016617, "ds_id": "3200_0_5750", "at": STAMP_MS, "value": 42}
    envelope = {"messages": "msg", "device": "dev_id", "time": "at", "name": "ds_id", "value": "value"}
    for msg in (one, [one], json.dumps(one), [json.dumps(one)]):
        pushed = read({"msg": msg, "msg_signature": "x", "nonce": "y"}, **envelope)[0]
        assert (pushed.device, pushed.time_ns, pushed.fields) == ("2016617", STAMP_NS, {"3200_0_5750": 42})


def test_a_property_report_of_iotda_as_its_push_has_it() -> None:
    document = {
        "resource": "device.property", "event": "report", "event_time": "20270115T080000Z",
        "event_time_ms": "2027-01-15T08:00:00.123Z", "request_id": "3fe58d5e-8697-4849-a165-7db128f7e776",
        "notify_data": {
            "header": {"device_id": "d4922d8a_861428040004543", "node_id": "861428040004543"},
            "body": {"services": [{"properties": {"smoke": 1}, "event_time": "20270115T080000Z"}]},
        },
    }  # fmt: skip
    path = "notify_data.body.services[0]"
    envelope = {"device": "notify_data.header.node_id", "id": "request_id", "fields": f"{path}.properties"}
    exact = read(document, time="event_time_ms", time_format="iso", **envelope)[0]
    whole = read(document, time=f"{path}.event_time", time_format="iso", **envelope)[0]
    assert (exact.time_ns, whole.time_ns) == (STAMP_NS, 1_800_000_000_000 * NS_PER_MS)
    assert (exact.device, exact.fields) == ("861428040004543", {"smoke": 1})
    assert exact.name is not None
    assert len(exact.name) <= 32


@pytest.mark.parametrize(
    ("written", "said", "ms"),
    [
        ("ms", STAMP_MS, STAMP_MS), ("ms", str(STAMP_MS), STAMP_MS), ("ms", -1, None), ("ms", "now", None),
        ("ms", float("inf"), None), ("ms", 1 << 43, None), ("ms", True, None), ("ms", "٣", None),
        ("s", 1_800_000_000.5, 1_800_000_000_500), ("s", "1800000000", 1_800_000_000_000), ("s", STAMP_MS, None),
        ("iso", "2027-01-15 16:00:00", 1_800_000_000_000), ("iso", "2027-01-15T08:00:00.123Z", STAMP_MS),
        ("iso", "20270115T080000Z", 1_800_000_000_000), ("iso", "9999-12-31T23:59:59Z", None), ("iso", 5, None),
        ("iso", "0001-01-01T00:00:00", None),
    ],
)  # fmt: skip
def test_times_are_read_as_the_envelope_says(written: str, said: Any, ms: int | None) -> None:
    pushed = read({"d": "1", "t": said}, device="d", time="t", time_format=written)[0]
    assert pushed.time_ns == (None if ms is None else ms * NS_PER_MS)


def test_second_copies_have_the_same_name_and_nothing_else_has() -> None:
    envelope = {"device": "d", "time": "t"}
    first, reordered = read([{"d": "1", "t": 5, "v": 1}, {"v": 1, "t": 5, "d": "1"}], **envelope)
    others = read([{"d": "1", "t": 5, "v": 2}, {"d": "2", "t": 5, "v": 1}, {"d": "1", "t": 6, "v": 1}], **envelope)
    assert first.name == reordered.name
    assert len({first.name, *(one.name for one in others)}) == 4
    assert read({"d": "1", "v": 1}, **envelope)[0].name is None  # nothing tells it from the next report


@pytest.mark.parametrize(
    ("envelope", "words"),
    [
        ({"device": "d", "name": "n"}, "belong together"),
        ({"device": "d", "name": "n", "value": "v", "fields": "f"}, "two ways"),
    ],
)
def test_an_envelope_says_one_thing(envelope: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Envelope.model_validate(envelope)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("dtfnvm") | st.text(), inner),
)
ENVELOPES = st.sampled_from([
    {"device": "d", "time": "t", "fields": "f"},
    {"messages": "m", "device": "d.d", "time": "t", "time_format": "iso", "id": "n"},
    {"messages": "m[0].f", "device": "d", "name": "n", "value": "v", "time": "t", "time_format": "s"},
])  # fmt: skip


@given(body=st.binary() | JSON.map(lambda one: json.dumps(one).encode()), envelope=ENVELOPES)
def test_whatever_comes_is_a_message_or_an_error_with_a_place(body: bytes, envelope: dict[str, str]) -> None:
    made = reader(**envelope)
    try:
        found = made.messages(body)
    except BodyError as error:
        assert error.code in {"not_json", "no_messages", "too_many", "too_deep"}
        return
    for at, message in found:
        try:
            pushed = made.read(at, message)
        except MessageError as error:
            assert error.code in {"no_object", "no_device", "no_fields", "too_deep"}
            assert isinstance(error.message, str)
        else:
            assert pushed.device
            assert pushed.time_ns is None or pushed.time_ns % NS_PER_MS == 0


def test_text_that_hides_a_deep_document_is_no_way_around_the_limit() -> None:
    deep = "[" * 900 + "]" * 900
    made = reader(device="d", fields="f")
    with pytest.raises(MessageError) as told:
        made.read("[0]", {"d": "1", "f": '{"a": ' + deep + "}"})
    assert (told.value.code, told.value.at) == ("too_deep", "[0].f")
    with pytest.raises(MessageError) as told:
        made.read("[0]", '{"a": ' + deep + "}")
    assert told.value.code == "too_deep"
