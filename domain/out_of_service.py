"""Out of service (停用) as other packages see it: what, by whom, why, until when.

While it lasts, what is raised there is recorded and shown with the flag, and told to nobody; a fire is told as ever.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class OutOfServiceView(BaseModel):
    """One time out of service. Times are ns UTC; ``ended_by`` is ``system`` where its time was up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    unit: str
    zones: tuple[str, ...]
    devices: tuple[str, ...]
    points: tuple[str, ...]
    gateways: tuple[str, ...]
    begun_by: str
    reason: str
    begun_ns: int
    until_ns: int
    ended_ns: int | None
    ended_by: str | None

    @property
    def is_running(self) -> bool:
        """Tell whether it flags alerts."""
        return self.ended_ns is None
