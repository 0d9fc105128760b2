"""What a page asks the rules service, and what it says where there is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui.element import Element

from dashboards.console.view import View
from dashboards.console.wording import refusal_text
from domain.errors import FengsuiError, RefusedError

T = TypeVar("T")


class Asking:
    """One question at a time; its answer is drawn only where the page still stands."""

    def __init__(self, view: View, place: Element) -> None:
        """Draw into ``place``."""
        self._view, self._place = view, place
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Tell whether an answer is awaited."""
        return self._task is not None and not self._task.done()

    def ask(
        self,
        question: Callable[[], Awaitable[T]],
        show: Callable[[T], None],
        fail: Callable[[str], None],
    ) -> None:
        """Ask, unless something is being asked; ``fail`` gets the words for a person."""
        if not self.busy:
            self._task = asyncio.create_task(self._ask(question, show, fail))

    async def _ask(
        self, question: Callable[[], Awaitable[T]], show: Callable[[T], None], fail: Callable[[str], None]
    ) -> None:
        try:
            answer = await question()
        except FengsuiError as error:
            words = why(self._view, error)
            self._draw(lambda: fail(words))
        else:
            self._draw(lambda: show(answer))

    def _draw(self, draw: Callable[[], None]) -> None:
        if self._place.is_deleted:
            return
        with self._place:
            draw()

    def leave(self) -> None:
        """Want no answer any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None


def why(view: View, error: FengsuiError) -> str:
    """Return why there is no answer."""
    if isinstance(error, RefusedError):
        return refusal_text(error.reason, view.language)
    return view.text("rules_no_answer")
