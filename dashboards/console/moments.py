"""Times in forms: as browsers write them (``2026-11-28T14:30``), in the site's zone. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from domain.clock import NS_PER_S


def written(time_ns: int, zone: tzinfo) -> str:
    """Write a time for an input; whole minutes."""
    return f"{datetime.fromtimestamp(time_ns // NS_PER_S, zone):%Y-%m-%dT%H:%M}"


def read(words: str, zone: tzinfo) -> int | None:
    """Read what stands in an input, ns UTC; None for anything that is no time."""
    try:
        moment = datetime.fromisoformat(words)
        return int(moment.replace(tzinfo=moment.tzinfo or zone).timestamp()) * NS_PER_S
    except (ValueError, OverflowError):
        return None
