"""MQTT topics and JSON → values: what devices should send, what they do send, and any bytes at all."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quality import GOOD, Reason, reason_of
from domain.quantity import Quantity
from gateway.connectors.json_decoder import Field, Message, MessageDecoder, UnusableError, find, steps_of
from gateway.connectors.json_read import MOST_PAYLOAD, JsonRead
from gateway.connectors.mqtt_json.config import MqttProfileOptions
from gateway.connectors.mqtt_json.protocol import TopicTemplate

OPTIONS = MqttProfileOptions(topic="sensors/{address}/up", time="ts")


def field(path: str, to: Quantity = Quantity.NONE, **settings: Any) -> Field:
    limits = {name: settings.pop(name) for name in ("floor", "ceiling") if name in settings}
    return Field(read=JsonRead.model_validate({"path": path, **settings}), quantity=to, **limits)


SMOKE = MessageDecoder(
    OPTIONS,
    [
        field("smoke", type="flag"),
        field("temperature", Quantity.CELSIUS, floor=-60, ceiling=200),
        field("state.words[1]", type="word", words={"none": 0, "parked": 2}, optional=True),
        field("image", type="text", optional=True),
    ],
)


def decode(document: Any) -> Message:
    message = SMOKE.decode(document if isinstance(document, bytes) else json.dumps(document).encode())
    assert message is not None
    return message


def test_message_of_a_smoke_sensor() -> None:
    message = decode({"ts": 1_800_000_000_123, "smoke": 1, "temperature": 24.5})
    assert message.time_ns == 1_800_000_000_123_000_000
    assert (message.rows, message.value, message.quality) == ([0, 1], [1.0, 24.5], [GOOD, GOOD])


def test_words_text_and_nested_paths() -> None:
    document = {"smoke": False, "temperature": 1, "state": {"words": ["x", "parked"]}, "image": "http://camera/1.jpg"}
    message = decode(document)
    assert message.value == [0.0, 1.0, 2.0, 1.0]
    assert message.text == {3: "http://camera/1.jpg"}
    assert message.time_ns is None


def test_conversion_to_the_canonical_quantity() -> None:
    decoder = MessageDecoder(
        OPTIONS, [field("t", Quantity.CELSIUS, quantity="degF"), field("p", Quantity.KPA, scale=2)]
    )
    message = decoder.decode(b'{"t": 212, "p": 3}')
    assert message is not None
    assert message.value == [pytest.approx(100), 6.0]


@pytest.mark.parametrize(
    "temperature",
    [
        "24",
        True,
        None,
        [24],
        {"was": 24},
        float("nan"),
        float("inf"),
        10**400,
    ],
)
def test_field_of_a_wrong_type_spoils_only_its_own_reading(temperature: Any) -> None:
    message = decode({"smoke": 1, "temperature": temperature})
    assert message.value[0] == 1
    assert math.isnan(message.value[1])
    assert [reason_of(quality) for quality in message.quality] == [Reason.NONE, Reason.BAD_VALUE]


def test_missing_field_is_a_bad_value_unless_it_is_optional() -> None:
    message = decode({"smoke": 0})
    assert message.rows == [0, 1]
    assert reason_of(message.quality[1]) is Reason.BAD_VALUE


@pytest.mark.parametrize("smoke", [2, -1, 0.5, "1", "true", [], {}])
def test_flag_is_true_false_1_or_0(smoke: Any) -> None:
    message = decode({"smoke": smoke, "temperature": 1})
    assert math.isnan(message.value[0])


def test_unknown_word_long_text_and_impossible_number_are_marked() -> None:
    message = decode({"smoke": 0, "temperature": 9999, "state": {"words": [0, "flying"]}, "image": "x" * 2000})
    assert [reason_of(quality) for quality in message.quality] == [
        Reason.NONE,
        Reason.OUT_OF_RANGE,
        Reason.BAD_VALUE,
        Reason.BAD_VALUE,
    ]
    assert message.value[1] == 9999
    assert message.text == {}


@pytest.mark.parametrize("ts", ["now", True, -1, 2**50, float("nan"), None, [1]])
def test_time_that_is_none_is_not_believed(ts: Any) -> None:
    assert decode({"ts": ts, "smoke": 1, "temperature": 1}).time_ns is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not_json"),
        (b"\xff\xfe{}", "not_json"),
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[1, 2]", "not_json"),
        (b"42", "not_json"),
        (b'{"smoke": ' + b"1" * 5000 + b"}", "not_json"),
        (b'{"other": 1}', "no_known_field"),
        (b" " * (MOST_PAYLOAD + 1), "too_large"),
    ],
)
def test_message_that_is_no_use_has_a_code_and_keeps_its_bytes(payload: bytes, code: str) -> None:
    with pytest.raises(UnusableError) as caught:
        SMOKE.decode(payload)
    assert caught.value.code == code
    assert caught.value.raw == payload[:256]


def test_message_of_another_class_is_left_to_others() -> None:
    options = MqttProfileOptions(topic="cameras/{address}/event", only={"class": "ebike"})
    camera = MessageDecoder(options, [field("count")])
    assert camera.decode(b'{"class": "person", "count": 3}') is None
    assert camera.decode(b'{"class": "ebike", "count": 3}') is not None


@pytest.mark.parametrize(
    ("topic", "address"),
    [
        ("sensors/a-1/up", "a-1"),
        ("sensors/设备/up", "设备"),
        ("sensors//up", None),
        ("sensors/a/b/up", None),
        ("sensors/a b/up", None),
        ("sensors/a\t/up", None),
        ("sensors/a/up/", None),
        ("sensors/+/up", None),
        ("Sensors/a/up", None),
        ("sensors/up", None),
        ("", None),
    ],
)
def test_topic_gives_the_address_or_does_not_match(topic: str, address: str | None) -> None:
    template = TopicTemplate("sensors/{address}/up")
    assert template.subscription == "sensors/+/up"
    assert template.address(topic) == address


@pytest.mark.parametrize(
    "topic", ["a/{address}/{address}", "a/b", "a/x{address}", "a//{address}", "+/{address}", "#", ""]
)
def test_template_that_names_no_device_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        MqttProfileOptions(topic=topic)


def test_paths_are_split_into_names_and_indexes() -> None:
    assert steps_of("a.b[2][0].c") == ("a", "b", 2, 0, "c")
    assert find({"a": [{"b": 7}]}, steps_of("a[0].b")) == 7
    assert find({"a": {"0": 7}}, steps_of("a[0]")) is None
    assert find([1], steps_of("a")) is None


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["smoke", "state", "words"]), inner),
    max_leaves=10,
)
Documents = st.dictionaries(st.sampled_from(["ts", "smoke", "temperature", "state", "image", "x"]), Json)


@given(st.one_of(st.binary(max_size=200), Documents.map(lambda document: json.dumps(document).encode())))
def test_any_payload_gives_readings_or_an_unusable_error(payload: bytes) -> None:
    try:
        message = SMOKE.decode(payload)
    except UnusableError as error:
        assert error.code in {"not_json", "no_known_field"}
        return
    assert message is not None
    for value, quality in zip(message.value, message.quality, strict=True):
        assert math.isfinite(value) == (reason_of(quality) is not Reason.BAD_VALUE)


@given(st.text(max_size=40))
def test_any_topic_gives_an_address_or_nothing(topic: str) -> None:
    address = TopicTemplate("sensors/{address}/up").address(topic)
    assert address is None or topic == f"sensors/{address}/up"
