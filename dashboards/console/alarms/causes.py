"""What makes false alarms: the causes that an operator can choose from. Pure.

No standard we have seen lists them; these are the usual ones of Chinese fire-alarm maintenance texts (an assumption).
A chosen cause goes into the record in both languages, so that figures can count it whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.console.texts import TEXTS
from dashboards.console.view import View

OTHER = "other"
CAUSES = ("steam", "cooking", "dust", "insects", "smoking", "works", "touched", "moisture", "interference", "device")


def choices(view: View) -> Mapping[str, str]:
    """Return the causes as choices of a dialog, the one that must be typed last."""
    return {cause: view.text(f"cause_{cause}") for cause in (*CAUSES, OTHER)}


def recorded(cause: str, typed: str) -> str:
    """Return what goes into the record: the cause in both languages, what was typed behind it; empty: nothing said."""
    if cause not in CAUSES:
        return typed
    zh, en = TEXTS[f"cause_{cause}"]
    return f"{zh}：{typed} / {en}: {typed}" if typed else f"{zh} / {en}"
