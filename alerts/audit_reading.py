"""The audit of a database that nobody runs on: opened to read, never migrated, never written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Row, create_engine, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from alerts.schema import AuditEntry
from domain.errors import RefusedError, StoreError

MOST_OF_ALERT = 5000


def database_url(text: str) -> URL:
    """Return the URL of a database that is given as a URL, or as the path of a SQLite file; raises RefusedError."""
    if "://" not in text:
        path = Path(text)
        if not path.is_file():
            raise RefusedError(f"没有文件 {text} / there is no file {text}")
        return URL.create("sqlite", database=str(path.absolute()))
    try:
        return make_url(text)
    except ArgumentError as error:
        raise RefusedError("不是数据库地址 / no database URL: for example postgresql+psycopg://host/name") from error


@contextmanager
def reading(url: URL) -> Iterator[Session]:
    """Open a session that reads; raises StoreError when the database can't be opened, or has no audit."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            URL.create("sqlite", database=f"file:{_quoted(url.database or '')}", query={"mode": "ro", "uri": "true"})
        )
    else:
        engine = create_engine(url, execution_options={"postgresql_readonly": True})
    try:
        with Session(engine) as session:
            yield session
    except (DBAPIError, SQLAlchemyError) as error:
        raise StoreError(
            f"数据库读不出 / the database can't be read: {getattr(error, 'orig', None) or type(error).__name__}"
        ) from error
    finally:
        engine.dispose()


def entries_of(session: Session, beginning: str) -> Sequence[Row[Any]]:
    """Return the entries of the one alert whose id begins so; raises RefusedError when none or several do."""
    ids = select(AuditEntry.alert_id).where(AuditEntry.alert_id.startswith(beginning, autoescape=True)).distinct()
    found = session.scalars(ids.limit(2)).all()
    if len(found) != 1:
        count = "多条" if found else "没有"
        raise RefusedError(
            f"{count}告警的编号以 {beginning} 开头 / {'several alerts begin' if found else 'no alert begins'} so"
        )
    query = select(*AuditEntry.__table__.columns).where(AuditEntry.alert_id == found[0])
    return session.execute(query.order_by(AuditEntry.number).limit(MOST_OF_ALERT)).all()


def _quoted(path: str) -> str:
    """Return a path for a SQLite URI: what would end it is written otherwise."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
