"""Sparkplug payloads and sessions under any bytes and any order: never a crash, never a value at another's point."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbone.sparkplug.sparkplug_b_pb2 import Metric as WireMetric
from backbone.sparkplug.sparkplug_b_pb2 import Payload
from domain.errors import WireError
from gateway.connectors.sparkplug.edge import EdgeSession
from gateway.connectors.sparkplug.points import point_name
from gateway.connectors.sparkplug.protocol import Kind, MessageType, Topic, as_datatype, decode, says_offline, topic_of

VALUES = st.one_of(
    st.builds(lambda v: {"int_value": v}, st.integers(0, 2**32 - 1)),
    st.builds(lambda v: {"long_value": v}, st.integers(0, 2**64 - 1)),
    st.builds(lambda v: {"double_value": v}, st.floats()),
    st.builds(lambda v: {"boolean_value": v}, st.booleans()),
    st.builds(lambda v: {"string_value": v}, st.text(max_size=20)),
    st.builds(lambda v: {"bytes_value": v}, st.binary(max_size=20)),
    st.just({"is_null": True}),
    st.just({}),
)
METRICS = st.builds(
    lambda value, **rest: WireMetric(**{k: v for k, v in rest.items() if v is not None}, **value),
    value=VALUES,
    name=st.none() | st.sampled_from(["a", "b", "bdSeq", "Node Control/Rebirth"]) | st.text(max_size=8),
    alias=st.none() | st.integers(0, 5) | st.integers(0, 2**64 - 1),
    datatype=st.none() | st.integers(0, 40),
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    is_historical=st.none() | st.booleans(),
)
PAYLOADS = st.builds(
    lambda metrics, seq, stamp: Payload(metrics=metrics, seq=seq, timestamp=stamp).SerializeToString(),
    metrics=st.lists(METRICS, max_size=6),
    seq=st.none() | st.integers(0, 300),
    stamp=st.none() | st.integers(0, 2**64 - 1),
)
TOPICS = st.builds(
    lambda kind, device: Topic("G", kind, "E", device if kind.startswith("D") else None),
    kind=st.sampled_from(MessageType),
    device=st.sampled_from(["d1", "d2"]),
)


@given(payload=st.binary(max_size=300) | PAYLOADS, topic=st.text(max_size=30), datatype=st.integers(0, 40))
def test_any_bytes_are_a_message_or_a_wire_error(payload: bytes, topic: str, datatype: int) -> None:
    found = topic_of(topic) or topic_of(f"spBv1.0/{topic}")
    assert found is None or found.address.count("/") == 1
    assert says_offline(payload) in {True, False}
    try:
        message = decode(payload)
    except WireError:
        return
    for metric in message.metrics:
        known = as_datatype(metric, datatype)
        assert known.kind in Kind
        assert isinstance(known.number, float)
        assert metric.time_ms is None or 0 <= metric.time_ms < 1 << 42


@given(story=st.lists(st.tuples(TOPICS, PAYLOADS), max_size=12))
def test_any_story_leaves_values_only_with_names_of_their_own_births(story: list[tuple[Topic, bytes]]) -> None:
    session = EdgeSession()
    births: dict[str | None, dict[str, int | None]] = {}
    for topic, payload in story:
        message = decode(payload)
        heard = session.take(topic, message)
        if topic.type is MessageType.NBIRTH:
            births = {}
        if heard.is_birth:
            births[topic.device] = {}
            for metric in message.metrics:
                births[topic.device].setdefault(metric.name, metric.alias)
        for device, metric in heard.values:
            assert device == topic.device
            assert session.is_up
            assert metric.name in births[device]
            if not heard.is_birth and metric.alias is not None:
                said = [one.name for one in message.metrics if one.alias == metric.alias]
                assert metric.name in said or births[device][metric.name] == metric.alias
        assert session.is_up or not session.devices


@given(
    st.lists(st.tuples(st.none() | st.text(max_size=70), st.text(min_size=1, max_size=70)), unique=True, max_size=20)
)
def test_ids_of_learned_points_are_ids_and_differ(names: list[tuple[str | None, str]]) -> None:
    made = [point_name(device, name) for device, name in names if device != ""]
    assert len(set(made)) == len([one for one in names if one[0] != ""])
    assert all(0 < len(name) <= 64 and name.isascii() for name in made)
