"""Times in requests: ISO 8601 with an offset, days as ``YYYY-MM-DD``, and nothing else.

Pydantic would take a number for seconds since 1970 (or milliseconds, by its size): a typing error must be none.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator


def _written(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("write a date and time with its offset as text")  # noqa: TRY004  # pydantic turns it into a problem
    if "T" not in value.upper():
        raise ValueError("write a date and time with its offset, for example 2026-11-28T08:00:00+08:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]


def _written_day(value: Any) -> Any:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("write a day as 2026-11-28")
    return value


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Day = Annotated[date, BeforeValidator(_written_day)]
