"""Doing something from a page: who it is now, whether they may, what came of it.

Nothing changes on the screen by the click itself: the change comes back through the board, when the
record has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from nicegui import ui

from dashboards.console.section import Desk
from dashboards.console.view import View
from dashboards.console.wording import refusal_text
from domain.accounts import Right
from domain.errors import FengsuiError, RefusedError

REFUSED_MS = 6000
DONE_MS = 1500


async def do(
    desk: Desk,
    right: Right,
    action_words: str,
    act: Callable[[], Awaitable[object]],
    *,
    alert_id: str | None = None,
    unit: str | None = None,
) -> bool:
    """Ask who it is now, run ``act``, and say that it was done or why not; returns whether it was.

    ``alert_id`` and ``unit``: what it is about, so that nobody reaches beyond their scope. All of it happens at the
    browser, not at what was clicked: that may be drawn anew before the record has answered.
    """
    view = desk.view
    if not named(view):
        return False
    with at_browser(view):
        try:
            await desk.presence.check(right, alert_id, unit=unit)
            await act()
        except FengsuiError as error:
            refused(view, error)
            return False
        tell(view, view.text("done", action=action_words), timeout=DONE_MS)
    return True


def named(view: View) -> bool:
    """Tell whether somebody stands behind what is done; an open console asks for the operator's name."""
    if view.operator:
        return True
    tell(view, view.text("name_first"), type="warning")
    return False


def refused(view: View, error: FengsuiError) -> None:
    """Say why something was not done."""
    words = view.text("unavailable")
    if isinstance(error, RefusedError):
        words = view.text("refused", reason=refusal_text(error.reason, view.language))
    tell(view, words, type="warning", timeout=REFUSED_MS)


def tell(view: View, words: str, **how: Any) -> None:
    """Say something at the foot of the page, also when what was clicked has been drawn anew since."""
    with at_browser(view):
        ui.notify(words, position="bottom", **how)


def at_browser(view: View) -> AbstractContextManager[object]:
    """Speak to the browser itself, whatever part of its page is gone."""
    return view.client or nullcontext()
