"""States over time: bands of words, one a point, as `dashboards/console/static/state_bands.js` draws them.

A word holds until the next one, until the point has been silent for longer than it may be, or until a reading says that
it is not known. What is not known is a band of its own: dashed, never blank.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from nicegui.element import Element

from dashboards.console.devices.device_words import Look, spell
from dashboards.console.texts import Language, text
from dashboards.console.wording import brief_moment_text, span_text
from dashboards.live.traces import Span, Trace
from domain.clock import NS_PER_S
from domain.points import Point
from domain.quality import GOOD, base_of

MOST_SEGMENTS = 400
"""Segments of one band; more could not be told apart on a screen."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A state from ``start_ns`` until ``end_ns``."""

    start_ns: int
    end_ns: int
    words: str
    look: Look


@dataclass(frozen=True, slots=True)
class Band:
    """One point's states over a span."""

    point: str
    name: str
    segments: tuple[Segment, ...]


def band_of(point: Point, kind: str, name: str, trace: Trace, *, span: Span, language: Language) -> Band:
    """Return a point's states; ``kind`` is that of its device."""
    return Band(point.key, name, tuple(_joined(_segments(point, kind, trace, span, language)))[-MOST_SEGMENTS:])


def _segments(point: Point, kind: str, trace: Trace, span: Span, language: Language) -> Iterator[Segment]:
    unknown = text("value_unknown", language)
    states = [] if trace.before is None else [(span.start_ns, *trace.before[1:])]
    states += zip(trace.times_ns, trace.values, trace.qualities, strict=True)
    if not states or states[0][0] > span.start_ns:
        yield Segment(span.start_ns, states[0][0] if states else span.end_ns, unknown, Look.UNKNOWN)
    ends = [*(at for at, _, _ in states[1:]), span.end_ns]
    limit_ns = int(max(point.max_silence_s, 2 * span.word_bucket_s) * NS_PER_S)  # a bucket stands for all its time
    for (at, value, quality), end in zip(states, ends, strict=True):
        if value is None or base_of(quality) != GOOD:
            yield Segment(at, end, unknown, Look.UNKNOWN)
            continue
        words, look = spell(point, kind, value, language)
        known_until = min(end, at + limit_ns)
        yield Segment(at, known_until, words, look)
        if known_until < end:
            yield Segment(known_until, end, unknown, Look.UNKNOWN)


def _joined(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Yield neighbours that say the same as one."""
    held: Segment | None = None
    for one in segments:
        if one.end_ns <= one.start_ns:
            continue
        if held is not None and (held.words, held.look) == (one.words, one.look):
            held = Segment(held.start_ns, one.end_ns, held.words, held.look)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


def drawn(bands: Sequence[Band], span: Span, zone: tzinfo, language: Language) -> list[dict[str, Any]]:
    """Return the bands as the browser's part takes them: shares of the span, and what a pointer is told."""
    whole = max(span.end_ns - span.start_ns, 1)
    return [
        {
            "id": band.point,
            "name": band.name,
            "segments": [
                {
                    "from": round((one.start_ns - span.start_ns) / whole, 5),
                    "to": round((one.end_ns - span.start_ns) / whole, 5),
                    "words": one.words,
                    "look": one.look.value,
                    "told": _told(one, span, zone, language),
                }
                for one in band.segments
            ],
        }
        for band in bands
    ]


def _told(one: Segment, span: Span, zone: tzinfo, language: Language) -> str:
    begin, end = (brief_moment_text(at, span.end_ns, zone) for at in (one.start_ns, one.end_ns))
    return f"{one.words} · {begin} – {end} · {span_text((one.end_ns - one.start_ns) / NS_PER_S, language)}"


class StateBands(Element, component="../static/state_bands.js"):
    """The picture of all bands."""

    def __init__(self, words: str) -> None:
        """Start empty; ``words`` is what a screen reader calls it."""
        super().__init__()
        self.props.update({"bands": "[]", "words": words, "data-part": "state-bands"})

    def show(self, bands: Sequence[dict[str, Any]]) -> None:
        """Draw; the same bands cost nothing."""
        found = json.dumps(bands, ensure_ascii=False, separators=(",", ":"))
        if found != self.props["bands"]:
            self.props["bands"] = found
