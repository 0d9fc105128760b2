"""Sparkplug messages in words, for people who look at a connection."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from backbone.sparkplug.sparkplug_b_pb2 import Payload as WirePayload
from gateway.connectors.sparkplug.protocol import topic_of
from gateway.connectors.text_words import text_words

MOST_NAMES = 8


def message_words(raw: bytes, topic: str) -> tuple[str, str]:
    """Return the kind of a message, how many metrics it tells and the first of them; never raises."""
    said = topic_of(topic)
    if said is None:
        return text_words(raw)
    payload = WirePayload()
    try:
        payload.ParseFromString(raw)
    except DecodeError:
        return f"{said.type} 内容不完整或无法解析", f"{said.type}, cut off or no payload"
    count = len(payload.metrics)
    names = ", ".join(one.name or f"#{one.alias}" for one in payload.metrics[:MOST_NAMES])
    return f"{said.type} {count} 个量：{names}", f"{said.type} {count} metrics: {names}"
