"""The database: migrations both ways, the model and the migrations agree, one writer, durable settings."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.orm import Session

from alerts import engines
from alerts.database import MIGRATIONS, Database, UnstorableError, migrate
from alerts.schema import Base, Comment, Position
from domain.errors import RefusedError, StoreError

TABLES = set(Base.metadata.tables)


def engine(url: str) -> Engine:
    """Return a plain engine on a new database."""
    return create_engine(engines.parse(url))


def test_migrations_go_up_down_and_up_again(database_url: str) -> None:
    plain = engine(database_url)
    migrate(plain)
    assert set(inspect(plain).get_table_names()) == TABLES | {"alembic_version"}
    migrate(plain, "base")
    assert inspect(plain).get_table_names() == ["alembic_version"]
    migrate(plain)
    assert set(inspect(plain).get_table_names()) >= TABLES
    plain.dispose()


def test_every_migration_can_be_taken_back_one_by_one(database_url: str) -> None:
    plain = engine(database_url)
    migrate(plain)
    revisions = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    for revision in [*revisions[1:], "base"]:
        migrate(plain, revision)
    migrate(plain)
    plain.dispose()


def test_the_migrations_make_exactly_what_the_models_say(database_url: str) -> None:
    plain = engine(database_url)
    migrate(plain)
    with plain.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    plain.dispose()


async def test_a_database_of_a_newer_program_is_refused(database_url: str) -> None:
    database = await Database.open(database_url)
    await database.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await database.close()
    with pytest.raises(RefusedError, match="9999"):
        await Database.open(database_url)


async def test_an_unreadable_file_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(StoreError, match="can't be opened"):
        await Database.open(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
async def test_a_record_in_memory_is_refused(url: str) -> None:
    with pytest.raises(RefusedError, match="outlive"):
        await Database.open(url)


async def test_commits_are_on_the_disk(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path / 'alerts.db'}")
    mode = await database.write(lambda session: session.scalar(text("PRAGMA journal_mode")))
    synchronous = await database.write(lambda session: session.scalar(text("PRAGMA synchronous")))
    assert (mode, synchronous) == ("wal", 2)
    await database.close()


async def test_writes_are_one_at_a_time(database_url: str) -> None:
    database = await Database.open(database_url)

    def count_up(session: Session) -> None:
        position = session.get(Position, "X") or Position(lane="X", seq=0)
        position.seq += 1
        session.add(position)

    await asyncio.gather(*(database.write(count_up) for _ in range(50)))
    assert await database.read(lambda session: session.get_one(Position, "X").seq) == 50
    await database.close()


async def test_a_failed_transaction_leaves_nothing(database_url: str) -> None:
    database = await Database.open(database_url)

    def half(session: Session) -> None:
        session.add(Comment(alert_id="a", by="b", text="c", at_ns=1))
        session.flush()
        raise RefusedError("changed my mind")

    with pytest.raises(RefusedError, match="mind"):
        await database.write(half)
    assert await database.read(lambda session: session.scalars(select(Comment)).all()) == []
    await database.close()


async def test_what_no_database_can_take_is_told_apart_from_one_that_is_busy(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path / 'alerts.db'}")
    with pytest.raises(UnstorableError):
        await database.write(lambda session: session.add(Position(lane="X", seq=2**70)))
    await database.write(lambda session: session.execute(text("PRAGMA busy_timeout=50")))
    other = sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked") as busy:
        await database.write(lambda session: session.add(Position(lane="X", seq=1)))
    assert busy.value.retryable
    other.close()
    await database.write(lambda session: session.add(Position(lane="X", seq=1)))
    await database.close()
    with pytest.raises(StoreError, match="closed"):
        await database.read(lambda session: session.get(Position, "X"))
