"""Shift hand-overs of the control room: what was handed over, and that it was taken. Both are append only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import ID, TOKEN, Base


class ShiftHandover(Base):
    """One hand-over (交接班) as it was given: who goes, what they wrote, and the figures of that moment.

    ``since_ns``: when the shift that ends began. ``figures`` is a `alerts.shifts_face.ShiftFigures`; ``open_alerts``
    the ids of what stood open, first things first. ``given_account`` is that of who gave it, where they were signed
    in. The newest one that nobody has taken is the one that waits.
    """

    __tablename__ = "shift_handovers"
    __table_args__ = (Index("shift_handovers_by_time", "given_ns"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    given_by: Mapped[str]
    given_account: Mapped[str | None] = mapped_column(TOKEN)
    given_ns: Mapped[int]
    since_ns: Mapped[int]
    notes: Mapped[str]
    figures: Mapped[dict[str, Any]]
    open_alerts: Mapped[list[str]]


class ShiftTaking(Base):
    """That a hand-over was taken: by whom, when, and what they said. One of a hand-over."""

    __tablename__ = "shift_takings"
    __table_args__ = (Index("shift_takings_by_time", "taken_ns"),)

    handover_id: Mapped[str] = mapped_column(ID, primary_key=True)
    taken_by: Mapped[str]
    taken_ns: Mapped[int]
    remark: Mapped[str]
