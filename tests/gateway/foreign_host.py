"""A Sparkplug host of another maker: it believes nothing that the specification does not let it believe.

Payloads are read by pysparkplug's protobuf schema, state is kept as Sparkplug 3.0.0 §5 asks of a host: a node
lives from NBIRTH to the NDEATH with its bdSeq, seq rises by one from NBIRTH's 0 and wraps at 256, data name
only aliases of a birth of this session.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backbone import subjects
from backbone.messages import LogMessage
from backbone.sparkplug.sparkplug_b_pb2 import Payload

NODE_CONTROL = {"bdSeq", "Node Control/Rebirth"}


@dataclass
class Seen:
    """What a host knows of one node."""

    alive: bool = False
    bd_seq: int = -1
    seq: int = -1
    births: int = 0
    deaths: int = 0
    holes: int = 0
    aliases: dict[str, dict[int, str]] = field(default_factory=dict)
    values: list[tuple[str, str, int, float]] = field(default_factory=list)
    """Device, metric, ms and value of all data, in order."""


class ForeignHost:
    """Takes the log message by message; what breaks a law is an AssertionError.

    ``mending``: a hole in the sequence is counted, and forgotten with the next birth.
    """

    def __init__(self, *, mending: bool = False) -> None:
        self.nodes: dict[str, Seen] = {}
        self.order: list[tuple[str, str, float]] = []
        """Node, metric and value of all data of all nodes, in order."""
        self._mending = mending

    def take(self, messages: Iterable[LogMessage]) -> None:
        for message in messages:
            subject = subjects.parse(message.subject)
            node = self.nodes.setdefault(f"{subject.unit}/{subject.gateway}", Seen())
            self._one(subject, node, Payload.FromString(message.data))

    def _one(self, subject: subjects.TelemetrySubject, node: Seen, payload: Payload) -> None:
        match subject.type:
            case "NBIRTH":
                assert payload.seq == 0
                node.bd_seq = next(metric.long_value for metric in payload.metrics if metric.name == "bdSeq")
                node.alive, node.seq, node.aliases, node.holes = True, 0, {}, 0
                node.births += 1
            case "NDEATH":
                said = next(metric.long_value for metric in payload.metrics if metric.name == "bdSeq")
                if said == node.bd_seq:
                    node.alive, node.holes = False, 0
                node.deaths += 1
            case _:
                self._living(subject, node, payload)

    def _living(self, subject: subjects.TelemetrySubject, node: Seen, payload: Payload) -> None:
        assert node.alive, f"{subject} of a node that is not born"
        expected = (node.seq + 1) % 256
        if payload.seq != expected:
            assert self._mending, f"{subject} has seq {payload.seq}, {expected} would follow"
            node.holes += 1
        node.seq = payload.seq
        if subject.type == "DBIRTH":
            assert subject.device is not None
            node.aliases[subject.device] = {metric.alias: metric.name for metric in payload.metrics}
        elif subject.type == "DDATA":
            assert subject.device in node.aliases, f"{subject} before its birth"
            for metric in payload.metrics:
                assert metric.alias in node.aliases[subject.device], f"{subject} tells of an alias that no birth has"
                name = node.aliases[subject.device][metric.alias]
                node.values.append((subject.device, name, metric.timestamp, metric.double_value))
                self.order.append((f"{subject.unit}/{subject.gateway}", name, metric.double_value))
