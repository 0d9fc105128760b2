"""Days as a site's people count them: from midnight to midnight in its own time, 23 or 25 hours where clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.feeding.intervals import Span
from domain.clock import NS_PER_S

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalDays:
    """The days of one time zone (IANA name); UTC where the machine does not know the zone."""

    def __init__(self, timezone: str) -> None:
        """Look the zone up."""
        self.timezone = timezone
        self._zone: tzinfo
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            self._zone = UTC

    def day_of(self, time_ns: int) -> date:
        """Return the day that a time (ns UTC) falls into."""
        return datetime.fromtimestamp(time_ns // NS_PER_S, self._zone).date()

    def span(self, day: date) -> Span:
        """Return when a day begins and ends, ns UTC."""
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> int:
        moment = datetime.combine(day, time(), self._zone).astimezone(UTC)
        return (moment - EPOCH) // timedelta(seconds=1) * NS_PER_S


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from ``first`` to ``last``, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
