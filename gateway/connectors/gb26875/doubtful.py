"""Times of a frame whose size does not fit: what stands where its objects have a time may be something else."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.connectors.gb26875.readings import FrameTime
from gateway.connectors.gb26875.stamps import Stamp
from gateway.connectors.reporter import CLOCK_MARK


@dataclass(frozen=True, slots=True)
class DoubtfulTime(FrameTime):
    """Readings are at the time that the frame was received, with the reason CLOCK."""

    def of(self, stamp: Stamp | None) -> tuple[int, int]:
        """Return the time of receipt (ns) and a quality that says so, whatever ``stamp`` is."""
        del stamp
        return self.received_ns, CLOCK_MARK

    def said_ns(self, stamp: Stamp | None) -> None:
        """Return nothing: no object of such a frame has a time."""
        del stamp
