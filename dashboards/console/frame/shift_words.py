"""Who has the shift, and whose hand-over waits, as the status document of the alerts service tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from dashboards.console.texts import Language, text
from dashboards.console.wording import brief_moment_text
from dashboards.live.board import Board

MOST_NAME = 64


def shift_words(board: Board, zone: tzinfo, now_ns: int, language: Language) -> tuple[str, bool]:
    """Return what the frame says, and whether a hand-over waits for somebody.

    Nothing where the document does not tell: somebody with a scope has no part in the shift of the whole site.
    """
    told = board.statuses.get("alerts.main", {}).get("shift")
    if not isinstance(told, Mapping):
        return "", False
    giver, holder, since_ns = told.get("waiting_by"), told.get("holder"), told.get("since_ns")
    if isinstance(giver, str):
        return text("shift_waits", language, by=giver[:MOST_NAME]), True
    if isinstance(holder, str) and isinstance(since_ns, int):
        since = brief_moment_text(since_ns, now_ns, zone)
        return text("shift_since", language, who=holder[:MOST_NAME], since=since), False
    return text("shift_none", language), False
