"""A question that a page asks a service: one at a time, and its answer is drawn only while the page is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from nicegui import ui

from domain.errors import FengsuiError

T = TypeVar("T")


class Asking(Generic[T]):
    """Asks in the background, so that nothing on the page waits."""

    def __init__(self, answered: Callable[[T], None], failed: Callable[[FengsuiError], None]) -> None:
        """``answered`` and ``failed`` are called in the context of the browser in which this was made."""
        self._client = ui.context.client
        self._answered = answered
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def is_busy(self) -> bool:
        """Tell whether an answer is awaited."""
        return self._task is not None and not self._task.done()

    def ask(self, question: Callable[[], Awaitable[T]]) -> None:
        """Ask, unless an answer is awaited."""
        if not self._is_over and not self.is_busy:
            self._task = asyncio.create_task(self._run(question))

    def anew(self, question: Callable[[], Awaitable[T]]) -> None:
        """Ask something else: the answer to what was asked before is not wanted any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.ask(question)

    def close(self) -> None:
        """Draw nothing any more."""
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

    async def _run(self, question: Callable[[], Awaitable[T]]) -> None:
        try:
            answer = await question()
        except FengsuiError as error:
            if not self._is_over:
                with self._client:
                    self._failed(error)
            return
        if not self._is_over:
            with self._client:
                self._answered(answer)
