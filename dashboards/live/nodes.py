"""Hosted nodes (transmitters): up or down, as their births and deaths in the log say.

A transmitter has no process and no status document of its own. Its host says what it knows of it: NBIRTH when the
line is up, NDATA as a sign of life, NDEATH when it is gone. A death certificate of an earlier session (another
``bdSeq`` than that of the last birth) is old news and is passed over, as the rules do. While the host itself is not
heard, all this is history, and the node's state is *unknown* (`dashboards.live.health`).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from backbone.messages import LogMessage
from backbone.sparkplug import decode_birth, decode_death
from backbone.subjects import NODE_TYPES, SPARKPLUG, parse
from domain.errors import WireError
from domain.site import Registry, Transmitter

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


MOST_CHANGES = 4_096
"""Changes that are remembered; who looks less often looks at every line again."""


class Changes:
    """Which lines changed last, so that who counts lines looks at these only."""

    def __init__(self) -> None:
        """Start with none."""
        self._count = 0
        self._last: deque[str] = deque(maxlen=MOST_CHANGES)

    def add(self, key: str) -> None:
        """Note a line that changed."""
        self._count += 1
        self._last.append(key)

    def since(self, mark: int) -> tuple[int, list[str] | None]:
        """Return the next mark, and what changed since ``mark``; None where that is not known (any more)."""
        missed = self._count - mark
        if mark < 0 or missed > len(self._last):
            return self._count, None
        return self._count, list(islice(self._last, len(self._last) - missed, None))


@dataclass(slots=True)
class Nodes:
    """All nodes that the log tells of, by ``unit/gateway``; ``revision`` rises when a line changes."""

    revision: int = 0
    changes: Changes = field(default_factory=Changes)
    _known: dict[str, Node] = field(default_factory=dict)
    _sessions: dict[str, int | None] = field(default_factory=dict)
    _site: Mapping[str, Transmitter] = field(default_factory=dict)
    _lines: dict[str, Counter[Line]] = field(default_factory=dict)

    def of(self, key: str) -> Node:
        """Return what is known of a node; the log may have nothing."""
        return self._known.get(key, Node())

    def apply(self, messages: Iterable[LogMessage]) -> None:
        """Take node messages of the log, in its order; junk says nothing of a line."""
        for message in messages:
            try:
                source = parse(message.subject)
                key = f"{source.unit}/{source.gateway}"
                if source.type not in NODE_TYPES or self._is_old_news(key, source.type, message.data):
                    continue
            except WireError:
                continue
            self._take(key, source.type, message.time_ns)

    def _is_old_news(self, key: str, kind: str, payload: bytes) -> bool:
        """Remember the session of a birth; tell whether a death is of an earlier one. Raises WireError for junk."""
        match kind:
            case "NBIRTH":
                self._sessions[key] = decode_birth(payload).bd_seq
            case "NDEATH":
                ended, lives = decode_death(payload), self._sessions.get(key)
                return None not in (ended, lives) and ended != lives
        return False

    def _take(self, key: str, kind: str, time_ns: int) -> None:
        before = self.of(key)
        line = Line.DOWN if kind == "NDEATH" else Line.UP
        heard_ns = before.last_ns if line is Line.DOWN else time_ns
        since_ns = before.since_ns if line is before.line else time_ns
        self._known[key] = Node(line, since_ns, heard_ns)
        if line is not before.line:
            self.revision += 1
            self.changes.add(key)
            if key in self._site:
                of_host = self._lines[self._site[key].host]
                of_host[before.line] -= 1
                of_host[line] += 1

    def counts(self, registry: Registry) -> Mapping[str, Counter[Line]]:
        """Return how many transmitters of each host (``unit/gateway``) are up, down, never heard.

        Counted once for a site, then kept: thousands of lines come up in a minute after a restart.
        """
        if self._site is not registry.transmitters:
            self._site, self._lines = registry.transmitters, {}
            for key, transmitter in registry.transmitters.items():
                self._lines.setdefault(transmitter.host, Counter())[self.of(key).line] += 1
        return self._lines
