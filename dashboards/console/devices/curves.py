"""The curves of chosen points, kept fresh: asked for as often as their span is worth, while their page stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from dashboards.console.devices.spans import Chosen
from dashboards.console.view import View
from dashboards.console.wording import refusal_text
from dashboards.live.traces import MOST_POINTS, Span, Trace
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError
from domain.points import Point


class Curves:
    """Asks in the background; whoever draws is called when there is something."""

    def __init__(self, view: View, on_drawn: Callable[[Span], None], on_trouble: Callable[[str], None]) -> None:
        """``on_drawn`` hears of new curves, ``on_trouble`` why there are none."""
        self._view = view
        self._on_drawn, self._on_trouble = on_drawn, on_trouble
        self._due_ns = 0
        self._asking: asyncio.Task[None] | None = None
        self._gone = False
        self._keys: tuple[str, ...] = ()
        self._chosen = Chosen()
        self._ranges = False
        self.drawn: tuple[tuple[Point, Trace], ...] = ()

    def choose(self, keys: Sequence[str], chosen: Chosen, *, ranges: bool = False) -> None:
        """Ask for others at the next refresh."""
        self._keys, self._chosen, self._ranges = tuple(keys[:MOST_POINTS]), chosen, ranges
        self._due_ns = 0
        self._stop()
        if not keys:
            self.drawn = ()

    def leave(self) -> None:
        """Ask no more."""
        self._gone = True
        self._stop()

    def _stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def refresh(self, now_ns: int) -> None:
        """Ask when it is time, without holding up the rest of the page."""
        if self._gone or now_ns < self._due_ns or (self._asking is not None and not self._asking.done()):
            return
        table = self._view.console.registry.points
        points = [table[at] for key in self._keys if (at := table.get(key)) is not None]
        self._due_ns = now_ns + int(self._chosen.refresh_s * NS_PER_S)
        if points:
            self._asking = asyncio.create_task(self._ask(points, self._chosen.span(now_ns)), name="curves")

    async def _ask(self, points: Sequence[Point], span: Span) -> None:
        view = self._view
        try:
            found = await view.console.devices.traces.curves(points, span, ranges=self._ranges)
        except RefusedError as error:
            self._trouble(refusal_text(error.reason, view.language))
        except FengsuiError:
            self._trouble(view.text("trend_away"))
        else:
            if not self._gone:
                self.drawn = tuple(zip(points, found, strict=True))
                self._on_drawn(span)

    def _trouble(self, words: str) -> None:
        if not self._gone:
            self._on_trouble(words)
