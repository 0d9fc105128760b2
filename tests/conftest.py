"""Options of the test command, and of the property tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import PostgreSql, postgresql

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# a busy machine is no failure
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update``: golden files are rewritten from what the code says now."""
    parser.addoption("--update", action="store_true", help="rewrite golden files (expected.err); read the diff after")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSql]:
    """One PostgreSQL for all tests that ask for it."""
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database of each kind that the record may live in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'alerts.db'}"
    server: PostgreSql = request.getfixturevalue("postgresql_server")
    return server.database()
