"""Hosted nodes (transmitters): up or down, as their births and deaths in the log say.

A transmitter has no process and no status document of its own. Its host says what it knows of it: NBIRTH when the
line is up, NDATA as a sign of life, NDEATH when it is gone. While the host itself is not heard, all this is
history, and the node's state is *unknown* (`dashboards.live.health`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from backbone.messages import LogMessage
from backbone.subjects import NODE_TYPES, SPARKPLUG, parse
from domain.errors import WireError
from domain.site import Registry

SUBJECTS = tuple(f"{SPARKPLUG}.*.{kind}.*" for kind in NODE_TYPES)


class Line(StrEnum):
    """The line of a node, as its host told it last."""

    UP = "up"
    DOWN = "down"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its line, since when it is so, and when it was last heard; receive times of the log, ns UTC."""

    line: Line = Line.NEVER
    since_ns: int = 0
    last_ns: int = 0


@dataclass(slots=True)
class Nodes:
    """All nodes that the log tells of, by ``unit/gateway``; ``revision`` rises when a line changes."""

    revision: int = 0
    _known: dict[str, Node] = field(default_factory=dict)
    _counts: tuple[int, Registry | None, dict[str, Counter[Line]]] = (-1, None, {})

    def of(self, key: str) -> Node:
        """Return what is known of a node; the log may have nothing."""
        return self._known.get(key, Node())

    def apply(self, messages: Iterable[LogMessage]) -> None:
        """Take node messages of the log, in its order."""
        for message in messages:
            try:
                source = parse(message.subject)
            except WireError:
                continue
            if source.type in NODE_TYPES:
                self._take(f"{source.unit}/{source.gateway}", source.type, message.time_ns)

    def _take(self, key: str, kind: str, time_ns: int) -> None:
        before = self.of(key)
        line = Line.DOWN if kind == "NDEATH" else Line.UP
        heard_ns = before.last_ns if line is Line.DOWN else time_ns
        since_ns = before.since_ns if line is before.line else time_ns
        self._known[key] = Node(line, since_ns, heard_ns)
        self.revision += line is not before.line

    def counts(self, registry: Registry) -> dict[str, Counter[Line]]:
        """Return how many transmitters of each host (``unit/gateway``) are up, down, never heard."""
        revision, counted_for, found = self._counts
        if revision != self.revision or counted_for is None or counted_for.transmitters is not registry.transmitters:
            found = {}
            for key, transmitter in registry.transmitters.items():
                found.setdefault(transmitter.host, Counter())[self.of(key).line] += 1
            self._counts = (self.revision, registry, found)
        return found
