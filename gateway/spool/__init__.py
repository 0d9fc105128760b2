"""Keeps readings on disk from the moment they are read until the log has them.

Input: `ReadingBatch`es and dead letters. Output: `SpoolRow`s, fire and events first, removed when published.
"""

from gateway.spool.database import DamagedError, FullError
from gateway.spool.figures import SpoolFigures
from gateway.spool.memories import NodeRecord, Remembered
from gateway.spool.rows import EVENT, MEASURE, URGENT, SpoolRow, State
from gateway.spool.spool import Spool
from gateway.spool.store import SpoolLimits

__all__ = [
    "EVENT",
    "MEASURE",
    "URGENT",
    "DamagedError",
    "FullError",
    "NodeRecord",
    "Remembered",
    "Spool",
    "SpoolFigures",
    "SpoolLimits",
    "SpoolRow",
    "State",
]
