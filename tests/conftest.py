"""Options of the test command, and of the property tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine is no failure
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update``: golden files are rewritten from what the code says now."""
    parser.addoption("--update", action="store_true", help="rewrite golden files (expected.err); read the diff after")
