"""What a worker has to tell about its partition, every second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """What a partition has to tell; ``log_ns`` is the receive time of its last message, 0 before the first.

    ``learned`` points are known from births alone; ``grown`` and ``growing_ms`` say how often the plan was made
    anew for them since this worker began, and how long that took in all. ``rules`` is the version of the rules that are
    evaluated, ``change`` what became of the alarms when they were last changed in operation.
    """

    partition: int
    seq: int
    log_ns: int
    readings: int
    transitions: int
    late: int
    ahead: int
    unusable: int
    unknown_points: int
    unknown_devices: int
    unreadable: int
    skipped: int
    open_alarms: int
    learned: int
    grown: int
    growing_ms: int
    rules: str
    change: dict[str, Any] | None


@dataclass(slots=True)
class Growth:
    """How often a worker's ground has grown under it, and how long that took in all."""

    times: int = 0
    seconds: float = 0.0
