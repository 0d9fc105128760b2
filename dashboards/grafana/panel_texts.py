"""Titles of boards and panels, and what each is for (``<key>_about``), from ``panel_texts.csv``: Chinese, English."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_suffix(".csv")


def _read() -> dict[str, tuple[str, str]]:
    """Return title and purpose as two entries."""
    found: dict[str, tuple[str, str]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["key"]] = (row["zh"], row["en"])
            found[f"{row['key']}_about"] = (row["about_zh"], row["about_en"])
    return found


PANEL_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(_read())
