"""What people took out of the ordinary for a time: walk tests, maintenance, and what is out of service."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from alerts.schema.base import COUNTING, ID, TOKEN, Base


class WalkTest(Base):
    """A walk test (走动测试): what is raised in its scope until it ends is recorded and told to nobody.

    Scope: the zones and devices that are named, the whole unit when none is. ``from_seq`` is the end of TELEMETRY
    when it began; ``audit_hash`` that of the audit entry of its end. One test of a unit runs at a time.
    """

    __tablename__ = "walk_tests"
    __table_args__ = (
        Index(
            "one_running_walk_test",
            "unit",
            unique=True,
            sqlite_where=text("ended_ns IS NULL"),
            postgresql_where=text("ended_ns IS NULL"),
        ),
        Index("walk_tests_by_time", "begun_ns"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit: Mapped[str] = mapped_column(TOKEN)
    zones: Mapped[list[str]]
    devices: Mapped[list[str]]
    begun_by: Mapped[str]
    note: Mapped[str]
    begun_ns: Mapped[int]
    until_ns: Mapped[int]
    from_seq: Mapped[int]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]
    audit_hash: Mapped[str | None]


class WalkTestMark(Base):
    """What a person found at a point in a walk test (see `alerts.walk_test_marks`); ``point`` is ``device/point``."""

    __tablename__ = "walk_marks"
    __table_args__ = (Index("walk_marks_by_test", "walk_test", "number"),)

    number: Mapped[int] = mapped_column(COUNTING, primary_key=True)
    walk_test: Mapped[str] = mapped_column(ID)
    point: Mapped[str]
    works: Mapped[bool]
    by: Mapped[str]
    at_ns: Mapped[int]
    remark: Mapped[str]
    reason: Mapped[str]


class OutOfService(Base):
    """A time in which something is out of service (see `alerts.out_of_service`); ``points`` are ``device/point``."""

    __tablename__ = "out_of_service"
    __table_args__ = (Index("out_of_service_by_end", "ended_ns", "until_ns"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit: Mapped[str] = mapped_column(TOKEN)
    zones: Mapped[list[str]]
    devices: Mapped[list[str]]
    points: Mapped[list[str]]
    gateways: Mapped[list[str]]
    begun_by: Mapped[str]
    reason: Mapped[str]
    begun_ns: Mapped[int]
    until_ns: Mapped[int]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]


class MaintenanceWindow(Base):
    """A planned time in which alerts of a scope are told to nobody (see `alerts.maintenance`).

    ``started_ns``: when the service saw it begin. ``second_by`` is the second person, without whom fires are told.
    """

    __tablename__ = "maintenance_windows"
    __table_args__ = (Index("maintenance_windows_by_end", "ended_ns", "until_ns"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    unit: Mapped[str] = mapped_column(TOKEN)
    zones: Mapped[list[str]]
    devices: Mapped[list[str]]
    rules: Mapped[list[str]]
    reason: Mapped[str]
    planned_by: Mapped[str]
    second_by: Mapped[str | None]
    planned_ns: Mapped[int]
    from_ns: Mapped[int]
    until_ns: Mapped[int]
    started_ns: Mapped[int | None]
    ended_ns: Mapped[int | None]
    ended_by: Mapped[str | None]
