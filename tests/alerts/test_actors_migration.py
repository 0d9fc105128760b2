"""What was written before accounts of actors were stays as it was, after the update and on the way back."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from alerts import engines
from alerts.database import migrate

BEFORE = "0014"
GIVEN = """
INSERT INTO shift_handovers (id, given_by, given_ns, since_ns, notes, figures, open_alerts)
VALUES ('h', '王值班', 5, 1, '泵房', '{}', '[]')
"""
SILENCE = """
INSERT INTO silences (id, matchers, starts_ns, ends_ns, created_by, comment, fire, updated_ns)
VALUES ('s', '{"all": []}', 1, 9, '李值班', '检修', :fire, 1)
"""


def rewrites(connection: Connection) -> None:
    """Try to change what nobody may change."""
    with connection.begin_nested():
        connection.execute(text("UPDATE shift_handovers SET given_by = 'somebody else'"))


def test_rows_of_before_have_no_accounts_and_go_back_as_they_were(database_url: str) -> None:
    plain = create_engine(engines.parse(database_url))
    migrate(plain)
    migrate(plain, BEFORE)
    with plain.begin() as connection:
        connection.execute(text(GIVEN))
        connection.execute(text(SILENCE), {"fire": True})
    migrate(plain)
    with plain.begin() as connection:
        given = connection.execute(text("SELECT given_by, notes, given_account FROM shift_handovers")).one()
        assert tuple(given) == ("王值班", "泵房", None)
        made = connection.execute(text("SELECT created_by, created_account FROM silences")).one()
        assert tuple(made) == ("李值班", None)
        connection.execute(text("UPDATE silences SET created_account = 'li'"))
        with pytest.raises(DBAPIError, match="append only"):
            rewrites(connection)
    migrate(plain, BEFORE)
    with plain.begin() as connection:
        assert connection.execute(text("SELECT created_by FROM silences")).scalar_one() == "李值班"
        assert connection.execute(text("SELECT given_by FROM shift_handovers")).scalar_one() == "王值班"
        with pytest.raises(DBAPIError, match="append only"):
            rewrites(connection)
    migrate(plain)
    plain.dispose()
