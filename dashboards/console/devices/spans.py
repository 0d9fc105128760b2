"""Spans of a trend: those that have a button, and one of one's own from–to, in the site's time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from dashboards.live.traces import Span
from domain.clock import NS_PER_S

SPANS: Mapping[str, int] = {
    "15min": 900,
    "1h": 3600,
    "6h": 21_600,
    "24h": 86_400,
    "7d": 604_800,
    "30d": 2_592_000,
}
LEAST_S, MOST_S = 60, 400 * 86_400
"""What the readings service takes (`ingest.face.MOST_RANGE_S`)."""

FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose: so many seconds until now, or from–to (ns UTC)."""

    seconds: int = 900
    own: tuple[int, int] | None = None

    def span(self, now_ns: int) -> Span:
        """Return the span as it is at ``now_ns``, begun at a whole second."""
        if self.own is not None:
            return Span(*self.own, follows=False)
        end_ns = now_ns // NS_PER_S * NS_PER_S
        return Span(end_ns - self.seconds * NS_PER_S, end_ns)

    @property
    def refresh_s(self) -> float:
        """How often its picture is worth a new look; what is past does not change much."""
        if self.own is not None:
            return 300.0
        return min(max(self.seconds / 300, 3.0), 120.0)


def read_span(query: Mapping[str, str]) -> Chosen:
    """Read ``span`` or ``from`` and ``to`` (ns) of an address; what makes no sense is the usual span."""
    given = query.get("span", "")
    begin, end = query.get("from", ""), query.get("to", "")
    if begin.isdecimal() and end.isdecimal():
        own = int(begin[:19]), int(end[:19])
        if LEAST_S <= (own[1] - own[0]) / NS_PER_S <= MOST_S:
            return Chosen(own=own)
    return Chosen(int(given)) if given.isdecimal() and int(given[:9]) in SPANS.values() else Chosen()


def own_span(begin: str, end: str, zone: tzinfo) -> Chosen | None:
    """Read what a browser's fields say (local time, minutes); None where it is no span, or too short or long."""
    try:
        moments = [datetime.strptime(one, FORMAT).replace(tzinfo=zone) for one in (begin, end)]  # zone of the site
    except ValueError:
        return None
    start_ns, end_ns = (int(one.timestamp()) * NS_PER_S for one in moments)
    return Chosen(own=(start_ns, end_ns)) if LEAST_S <= (end_ns - start_ns) / NS_PER_S <= MOST_S else None
