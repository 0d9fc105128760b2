"""A maintenance window (维保窗口) as other packages see it: what, by whom, why, from when until when."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MaintenanceView(BaseModel):
    """A window. Times are ns UTC; ``ended_by`` is ``system`` where its time was up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    unit: str
    zones: tuple[str, ...] = Field(description="with `devices`; the whole unit when neither names anything")
    devices: tuple[str, ...]
    rules: tuple[str, ...] = Field(description="all rules when empty")
    reason: str
    planned_by: str
    second_by: str | None = Field(description="the second person, without whom fires are told as ever")
    planned_ns: int
    from_ns: int
    until_ns: int
    started_ns: int | None
    ended_ns: int | None
    ended_by: str | None

    @property
    def is_running(self) -> bool:
        """Tell whether it has begun and not ended."""
        return self.started_ns is not None and self.ended_ns is None
