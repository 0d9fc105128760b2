"""Any bytes on any subject become a message of the engine or a count, and the engine takes all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug import encode_data, encode_death
from domain.ids import alias_of
from domain.quality import GOOD
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.inputs import MessageKind
from rules.site_index import SiteIndex
from tests.rules.rules_scene import START_NS, registry, ruleset

SITE = SiteIndex(registry())
PLAN = compile_plan(ruleset(), SITE)

KINDS = st.sampled_from(["DDATA", "DBIRTH", "DDEATH", "NBIRTH", "NDATA", "NDEATH", "STATE"])
SUBJECTS = st.builds(
    lambda kind, gateway, device: subjects.telemetry("u", kind, gateway, device if kind.startswith("D") else None),
    KINDS,
    st.sampled_from(["gw-a", "gw-b", "gw-x"]),
    st.sampled_from(["panel-1", "smoke-1", "nobody"]),
)
READINGS = st.lists(
    st.tuples(
        st.sampled_from(["state", "l1p01", "nothing"]),
        st.integers(0, 2**40),
        st.floats(),
        st.integers(0, 2**16 - 1),
        st.sampled_from([None, "", "words"]),
    ),
    max_size=6,
)


def payload(readings: Sequence[tuple[str, int, float, int, str | None]]) -> bytes:
    """Encode readings of panel-1, good or not, with times that nobody checked."""
    return encode_data(
        np.array([alias_of("panel-1", one[0]) for one in readings], np.uint32),
        np.array([one[1] * 10**6 for one in readings], np.int64),
        np.array([one[2] for one in readings], np.float64),
        np.array([one[3] for one in readings], np.uint16),
        text={row: one[4] for row, one in enumerate(readings) if one[4] is not None},
        payload_time_ns=0,
    )


def log(*messages: tuple[str, bytes]) -> list[LogMessage]:
    """Make a log."""
    return [LogMessage(subject, data, seq + 1, START_NS + seq) for seq, (subject, data) in enumerate(messages)]


@given(st.lists(st.tuples(SUBJECTS | st.text(max_size=30), st.binary(max_size=60) | READINGS.map(payload)), max_size=8))
def test_no_message_is_fatal_and_none_is_lost(messages: list[tuple[str, bytes]]) -> None:
    decoder = Decoder(SITE, 0, 1)
    decoded = decoder.decode(log(*messages))
    assert [message.seq for message in decoded] == list(range(1, len(messages) + 1))
    engine = Engine(PLAN)
    engine.feed(decoded)
    taken = sum(len(message.readings.point) for message in decoded if message.readings)
    assert engine.counts.readings == taken


def test_readings_keep_their_columns_and_words() -> None:
    data = payload([("state", 5, 3.0, GOOD, None), ("nothing", 5, 1.0, GOOD, "lost"), ("l1p01", 6, math.nan, 0, "why")])
    decoder = Decoder(SITE, 0, 1)
    (message,) = decoder.decode(log((subjects.telemetry("u", "DDATA", "gw-a", "panel-1"), data)))
    assert message.kind is MessageKind.DATA
    assert message.readings is not None
    assert [SITE.table[at].name for at in message.readings.point.tolist()] == ["state", "l1p01"]
    assert message.readings.time_ns.tolist() == [5_000_000, 6_000_000]
    assert message.readings.text == {1: "why"}
    assert decoder.counts.unknown_points == 1


def test_messages_of_other_partitions_only_move_the_clock() -> None:
    stranger = subjects.telemetry("v", "NDEATH", "gw-a")
    assert subjects.partition_of("v", 2) != subjects.partition_of("u", 2)
    decoder = Decoder(SITE, subjects.partition_of("u", 2), 2)
    (message,) = decoder.decode(log((stranger, encode_death(0, 0))))
    assert (message.kind, message.gateway) == (MessageKind.OTHER, -1)
    tick = subjects.tick(subjects.partition_of("u", 2))
    assert decoder.decode(log((tick, b"")))[0].kind is MessageKind.TICK
