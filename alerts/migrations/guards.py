"""Triggers by which the database itself refuses what nobody may do, in SQLite's and in PostgreSQL's words.

| table | refused |
|---|---|
| audit, comments, attachments, hand-overs and their takings, marks of walk tests | UPDATE, DELETE: append only |
| alerts | DELETE; a change of what it is: rule, entity, unit, class, and when it happened and was raised |
| notifications | DELETE; a change of a time once it is set, and of whom it is about |

They stop mistakes and programs of others, not the owner of the database, who can drop a trigger: against that
stands the hash chain, whose anchors lie outside (`alerts.audit`). A migration that makes one of these
tables, for the first time or anew, must call `make` again; a test looks for every one of them at the newest schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

APPEND_ONLY = ("audit", "comments", "attachments", "shift_handovers", "shift_takings", "walk_marks")
KEPT = ("alerts", "notifications")
"""Nothing is deleted from these, either."""
FIXED: Mapping[str, Sequence[str]] = {
    "alerts": ("id", "rule", "entity", "unit", "alarm_class", "event_time_ns", "raised_at_ns"),
    "notifications": ("id", "alert_id", "person", "channel", "created_ns"),
}
"""Never changed."""
SET_ONCE: Mapping[str, Sequence[str]] = {
    "notifications": ("sent_at_ns", "accepted_at_ns", "delivered_at_ns", "read_at_ns", "answered_at_ns"),
}
"""Not changed any more once they are set."""

_FUNCTION = "fengsui_refuse"


def names() -> list[str]:
    """Return the names of all triggers."""
    return [
        *(f"{table}_no_update" for table in APPEND_ONLY),
        *(f"{table}_no_delete" for table in (*APPEND_ONLY, *KEPT)),
        *(f"{table}_fixed" for table in FIXED),
    ]


def make(connection: sa.Connection) -> None:
    """Make the triggers of all tables that are there; those that have them get them anew."""
    remove(connection)
    there = set(sa.inspect(connection).get_table_names())
    append_only = [table for table in APPEND_ONLY if table in there]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0]; END $$"
        )
    for table in append_only:
        _refuse(connection, f"{table}_no_update", table, "UPDATE", f"{table} is append only")
    for table in (*append_only, *KEPT):
        _refuse(connection, f"{table}_no_delete", table, "DELETE", f"nothing is deleted from {table}")
    for table in FIXED:
        reason = f"{table}: what it is about, and a time that is set, can not be changed"
        _refuse(connection, f"{table}_fixed", table, "UPDATE", reason, _changes(connection, table))


def remove(connection: sa.Connection) -> None:
    """Remove all triggers that are there."""
    postgres = connection.dialect.name == "postgresql"
    there = set(sa.inspect(connection).get_table_names())
    for name in names():
        table = name.rsplit("_", 1)[0].removesuffix("_no")
        if table not in there:
            continue
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if postgres else ""))
    if postgres:
        for table in there.intersection((*APPEND_ONLY, *KEPT)):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}")
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_FUNCTION}()")


def _changes(connection: sa.Connection, table: str) -> str:
    """Return the condition under which an UPDATE changes what stands fast."""
    differs = "{new} IS DISTINCT FROM {old}" if connection.dialect.name == "postgresql" else "{new} IS NOT {old}"
    fixed = [differs.format(new=f"NEW.{name}", old=f"OLD.{name}") for name in FIXED[table]]
    once = [
        f"(OLD.{name} IS NOT NULL AND {differs.format(new=f'NEW.{name}', old=f'OLD.{name}')})"
        for name in SET_ONCE.get(table, ())
    ]
    return " OR ".join([*fixed, *once])


def _refuse(  # noqa: PLR0917  # the parts of one statement, in its order
    connection: sa.Connection, name: str, table: str, verb: str, reason: str, when: str = ""
) -> None:
    """Make one trigger; ``when`` is the condition, none for always. PostgreSQL also has TRUNCATE to refuse."""
    condition = f" WHEN ({when})" if when else ""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW{condition}"
            f" BEGIN SELECT RAISE(ABORT, '{reason}'); END"
        )
        return
    act = f"EXECUTE FUNCTION {_FUNCTION}('{reason}')"
    connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW{condition} {act}")
    if verb == "DELETE":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {act}"
        )
