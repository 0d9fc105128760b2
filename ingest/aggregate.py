"""How the readings of a bucket become one value: the word that askers and stores share."""

from __future__ import annotations

from enum import StrEnum


class Aggregate(StrEnum):
    """Over the readings of the bucket that have a value; ``last`` by their own time."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    LAST = "last"
