"""How a person names a place in the feed: a sequence, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from domain.errors import RefusedError

AGO = re.compile(r"(\d{1,6})([smhd])")
SEQUENCE = re.compile(r"\d{1,18}")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST = 40


def since(text: str, now: datetime) -> int | datetime:
    """Return the sequence, or the time with its zone; raises RefusedError with what to write instead.

    ``90s``, ``15m``, ``2h``, ``7d`` are before ``now``; a time without zone is this machine's; a bare number is a
    sequence of the stream.
    """
    wanted = text.strip()
    if SEQUENCE.fullmatch(wanted):
        return int(wanted)
    if found := AGO.fullmatch(wanted):
        return now - timedelta(seconds=int(found[1]) * SECONDS[found[2]])
    if len(wanted) <= LONGEST:
        try:
            return datetime.fromisoformat(wanted).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            pass  # said below, with what to write instead
    raise RefusedError(
        f"'{text[:LONGEST]}' 不是时间或序号 / is neither a time nor a sequence"
        " → 2h, 2026-11-28T08:00:00+08:00, 2026-11-28 或/or 1234"
    )
