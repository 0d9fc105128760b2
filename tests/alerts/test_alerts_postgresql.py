"""PostgreSQL's own: one writer by its lock, a server that goes away, addresses, and what it takes for content."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from alerts import engines
from alerts.database import Database, UnstorableError
from alerts.schema import Comment, Position
from domain.errors import RefusedError, StoreError
from tests.postgresql import PostgreSql, postgresql


async def test_a_second_service_on_one_database_is_refused(
    postgresql_server: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LOCK_PATIENCE_S", 0.5)
    url = postgresql_server.database()
    first = await Database.open(url)
    with pytest.raises(StoreError, match="another alerts service"):
        await Database.open(url)
    await first.close()
    second = await Database.open(url)  # the lock went with the connection
    await second.close()


async def test_another_database_of_the_same_server_has_a_writer_of_its_own(postgresql_server: PostgreSql) -> None:
    first, second = [await Database.open(postgresql_server.database()) for _ in range(2)]
    await first.close()
    await second.close()


async def test_what_readers_may_do_and_what_a_commit_means(postgresql_server: PostgreSql) -> None:
    database = await Database.open(postgresql_server.database())
    settings = {}
    for name in ("synchronous_commit", "statement_timeout", "transaction_isolation", "default_transaction_read_only"):
        settings[name] = [
            await work(lambda session, name=name: session.scalar(text(f"SHOW {name}")))  # type: ignore[misc]  # bound early
            for work in (database.write, database.read)
        ]
    assert settings == {
        "synchronous_commit": ["on", "on"],
        "statement_timeout": ["30s", "30s"],
        "transaction_isolation": ["read committed", "repeatable read"],
        "default_transaction_read_only": ["off", "on"],
    }
    with pytest.raises(StoreError, match="read-only"):
        await database.read(lambda session: session.execute(text("DELETE FROM positions")))
    await database.close()


async def test_a_server_that_comes_back_is_used_again() -> None:
    with postgresql() as server:
        database = await Database.open(server.database())
        await database.write(lambda session: session.add(Position(lane="X", seq=1)))
        await asyncio.to_thread(server.stop)
        for work in (database.read, database.write):
            with pytest.raises(StoreError) as away:
                await work(lambda session: session.get(Position, "X"))
            assert away.value.retryable
        await asyncio.to_thread(server.start)
        await database.write(lambda session: session.add(Position(lane="Y", seq=2)))
        assert await database.read(lambda session: session.get_one(Position, "X").seq) == 1
        await database.close()


async def test_content_that_it_can_not_take_is_told_apart(postgresql_server: PostgreSql) -> None:
    database = await Database.open(postgresql_server.database())
    with pytest.raises(UnstorableError):
        await database.write(lambda session: session.add(Position(lane="X", seq=2**70)))
    with pytest.raises(UnstorableError):
        await database.write(lambda session: session.add(Comment(alert_id="a", by="b", text="nul \0", at_ns=1)))
    await database.close()


def test_addresses_are_read_or_refused_without_telling_what_is_in_them() -> None:
    assert engines.parse("postgresql://u:p@h/db").drivername == "postgresql+psycopg"
    for url, words in (("mysql://u:hunter2@h/db", "not in 'mysql'"), ("hunter2", "can't be read")):
        with pytest.raises(RefusedError, match=words) as refused:
            engines.parse(url)
        assert "hunter2" not in str(refused.value)
