"""How the readings of a bucket become one value: the word that askers and stores share."""

from __future__ import annotations

from enum import StrEnum


class Aggregate(StrEnum):
    """Over the readings of the bucket that have a value; ``first`` and ``last`` by their own time.

    ``count`` of a bucket whose readings all have none is 0, of all others it is no value. ``spread`` is highest less
    lowest.
    """

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    FIRST = "first"
    COUNT = "count"
    SUM = "sum"
    SPREAD = "spread"
