"""The style sheet of the console: one file a part, joined in this order."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "static"

PARTS = (
    "base",
    "frame",
    "tables",
    "dialogs",
    "alarms",
    "detail",
    "overview",
    "devices",
    "gateways",
    "suppression",
    "roll_calls",
    "history",
    "kpi",
    "rules",
    "installer",
    "admin",
    "settings",
    "handover",
    "phone",
)


def style() -> str:
    """Return the whole sheet; a part without rules has no file."""
    files = [FOLDER / f"{part}.css" for part in PARTS]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())
