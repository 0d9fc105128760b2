"""Options of the test command."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update``: golden files are rewritten from what the code says now."""
    parser.addoption("--update", action="store_true", help="rewrite golden files (expected.err); read the diff after")
