"""A time as a browser's field writes it, in the site's zone."""

from __future__ import annotations

from datetime import datetime, tzinfo

from domain.errors import RefusedError
from domain.site.duty_times import utc_ns


def time_ns(given: object, zone: tzinfo) -> int | None:
    """Return ns UTC of ``YYYY-MM-DDTHH:MM``; None for nothing written; raises RefusedError."""
    written = str(given or "").strip()
    if not written:
        return None
    try:
        local = datetime.fromisoformat(written)
        return max(0, utc_ns(local.replace(tzinfo=None), zone))
    except (ValueError, OverflowError, OSError):
        raise RefusedError(f"不是时间：{written[:40]} / not a time: {written[:40]}") from None
