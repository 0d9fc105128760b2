"""What the database itself refuses, SQLite and PostgreSQL: to delete, to change what is append only, or a set time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alerts.audit import AuditWriter
from alerts.database import migrate
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.migrations import guards
from alerts.schema import Alert, Attachment, Notification, ShiftHandover, ShiftTaking, WalkTestMark
from alerts.transitions import apply
from domain.clock import FakeClock
from tests.alerts.alerts_scene import hotel, transition
from tests.postgresql import postgresql

FORBIDDEN = [
    "DELETE FROM audit",
    "DELETE FROM alerts",
    "DELETE FROM notifications",
    "DELETE FROM comments",
    "DELETE FROM attachments",
    "DELETE FROM shift_handovers",
    "DELETE FROM shift_takings",
    "DELETE FROM walk_marks",
    "UPDATE walk_marks SET works = NOT works",
    "UPDATE shift_handovers SET notes = 'nothing happened'",
    "UPDATE shift_takings SET taken_by = 'another'",
    "UPDATE audit SET actor = 'somebody'",
    "UPDATE audit SET hash = previous",
    "UPDATE comments SET text = 'nothing'",
    "UPDATE attachments SET sha256 = 'x'",
    "UPDATE alerts SET raised_at_ns = raised_at_ns + 1",
    "UPDATE alerts SET event_time_ns = 0",
    "UPDATE alerts SET rule = 'another'",
    "UPDATE alerts SET id = 'another'",
    "UPDATE notifications SET person = 'another'",
    "UPDATE notifications SET created_ns = 1",
    "UPDATE notifications SET sent_at_ns = 2",
    "UPDATE notifications SET sent_at_ns = NULL",
    "UPDATE notifications SET accepted_at_ns = 2",
    "UPDATE notifications SET delivered_at_ns = 2",
    "UPDATE notifications SET read_at_ns = 2",
    "UPDATE notifications SET answered_at_ns = NULL",
]
ALLOWED = [
    "UPDATE alerts SET acknowledged_at_ns = 1",
    "UPDATE alerts SET raised_at_ns = raised_at_ns",
    "UPDATE notifications SET sent_at_ns = 1, state = 'dead'",
    "UPDATE notifications SET attempts = attempts + 1",
]
TIMES = ("sent_at_ns", "accepted_at_ns", "delivered_at_ns", "read_at_ns", "answered_at_ns")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A migrated database of each kind with one of everything."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{tmp_path_factory.mktemp('guards') / 'alerts.db'}")
    else:
        with postgresql() as server:
            yield from _filled(server.database().replace("postgresql://", "postgresql+psycopg://"))


def _filled(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    migrate(engine)
    with Session(engine) as session, session.begin():
        desk = Desk(session, Directory(hotel()), AuditWriter(session), FakeClock().now_ns())
        raised = transition()
        apply(desk, [(1, raised)])
        session.flush()
        _evidence(session, raised.id)
    yield engine
    engine.dispose()


def _evidence(session: Session, alert_id: str) -> None:
    for notice in session.query(Notification):
        for name in TIMES:
            setattr(notice, name, 1)
    session.add(Attachment(alert_id=alert_id, by="op", url="http://x", sha256="0", media_type="a/b", note="", at_ns=1))
    handover = ShiftHandover(id="h", given_by="a", given_ns=1, since_ns=0, notes="x", figures={}, open_alerts=[])
    session.add_all([handover, ShiftTaking(handover_id="h", taken_by="b", taken_ns=2, remark="")])
    session.add(WalkTestMark(walk_test="t", point="a/b", works=True, by="a", at_ns=1, remark="", reason=""))
    session.execute(text("INSERT INTO comments (alert_id, \"by\", text, at_ns) VALUES ('a', 'op', 'x', 1)"))


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_refuses(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"append only|deleted from|can not be changed"), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", ALLOWED)
def test_the_database_takes_what_goes_on(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def test_postgresql_refuses_to_empty_a_table(engine: Engine) -> None:
    tables = (
        (*guards.APPEND_ONLY, *guards.KEPT) if engine.dialect.name == "postgresql" else ()
    )  # SQLite has no TRUNCATE
    for table in tables:
        with pytest.raises(DBAPIError, match="deleted from"), engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {table}"))


def test_every_guard_is_there_at_the_newest_schema(engine: Engine) -> None:
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with engine.connect() as connection:
        found = set(connection.execute(text(catalogue[engine.dialect.name])).scalars())
    assert found >= set(guards.names())


def test_they_go_and_come_with_their_migration(tmp_path: Path) -> None:
    plain = create_engine(f"sqlite:///{tmp_path / 'alerts.db'}")
    migrate(plain)
    migrate(plain, "0004")
    with plain.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")).scalar() == 0
    migrate(plain)
    with plain.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")).scalar()
    assert count == len(guards.names())
    plain.dispose()


def test_alerts_of_before_keep_their_cause(tmp_path: Path) -> None:
    plain = create_engine(f"sqlite:///{tmp_path / 'alerts.db'}")
    migrate(plain)
    with Session(plain) as session, session.begin():
        desk = Desk(session, Directory(hotel()), AuditWriter(session), FakeClock().now_ns())
        apply(desk, [(1, transition("charging", hides=("parked",))), (2, transition("parked"))])
    migrate(plain, "0004")
    migrate(plain)
    with Session(plain) as session:
        kinds = {alert.rule: alert.suppressed_kind for alert in session.query(Alert)}
    assert kinds == {"charging": None, "parked": "cause"}
    plain.dispose()
