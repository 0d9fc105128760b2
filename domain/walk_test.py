"""A walk test (走动测试) as other packages see it: whose, where, until when.

While one runs, what is raised in its scope is recorded and told to nobody. Scope: the zones and devices that are
named, the whole unit when none is. What can't alarm by itself a person marks by hand.
"""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict


class WalkTestView(BaseModel):
    """One test. Times are ns UTC; ``ended_by`` is ``system`` where its time was up.

    ``from_seq``: the end of TELEMETRY when it began. ``audit_hash``: of the audit entry of its end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    unit: str
    zones: tuple[str, ...]
    devices: tuple[str, ...]
    begun_by: str
    note: str
    begun_ns: int
    until_ns: int
    from_seq: int
    ended_ns: int | None
    ended_by: str | None
    audit_hash: str | None

    @property
    def is_running(self) -> bool:
        """Tell whether it holds alerts."""
        return self.ended_ns is None


def in_scope(zone: str | None, device: str | None, zones: Collection[str], devices: Collection[str]) -> bool:
    """Tell whether a place is in a scope: in a zone or at a device that is named, anywhere when none is."""
    return not (zones or devices) or zone in zones or device in devices


class WalkMark(BaseModel):
    """What a person found at a point that can't alarm by itself, in a walk test; the newest one of a point counts.

    ``point``: ``device/point`` of the test's unit. ``reason``: why not automatically, where they said it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    walk_test: str
    point: str
    works: bool
    by: str
    at_ns: int
    remark: str
    reason: str
