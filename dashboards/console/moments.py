"""Times in forms: as browsers write them (``2026-11-28T14:30``), in the site's zone. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from domain.clock import NS_PER_S
from domain.errors import RefusedError


def written(time_ns: int, zone: tzinfo) -> str:
    """Write a time for an input; whole minutes."""
    return f"{datetime.fromtimestamp(time_ns // NS_PER_S, zone):%Y-%m-%dT%H:%M}"


def read(words: str, zone: tzinfo) -> int | None:
    """Read what stands in an input, ns UTC, 1970 for what lies before; None for anything that is no time."""
    try:
        moment = datetime.fromisoformat(words.strip())
        return max(0, int(moment.replace(tzinfo=moment.tzinfo or zone).timestamp())) * NS_PER_S
    except (ValueError, OverflowError, OSError):
        return None


def given(words: object, zone: tzinfo) -> int | None:
    """Read an input that may be empty, which is None; raises RefusedError for what is no time."""
    said = str(words or "").strip()
    found = read(said, zone) if said else None
    if said and found is None:
        raise RefusedError(f"不是时间：{said[:40]} / not a time: {said[:40]}")
    return found
