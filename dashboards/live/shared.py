"""One answer for all who ask the same: kept for a time, asked for once however many wait.

A hundred browsers that open one alarm are one question to a service; and one failure, if it fails.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.clock import NS_PER_S, Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[V]):
    value: V
    until_ns: int


class Shared(Generic[K, V]):
    """Answers by question. A question that failed is asked again by whoever comes next."""

    def __init__(self, clock: Clock, *, most: int = 200) -> None:
        """Keep at most ``most`` answers, those that were used last."""
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[K, _Answer[V]] = OrderedDict()
        self._asking: dict[K, asyncio.Task[V]] = {}

    async def get(self, question: K, ask: Callable[[], Awaitable[V]], *, kept_s: float) -> V:
        """Return the answer; ``ask`` is called when there is none that is younger than ``kept_s``."""
        kept = self._kept.get(question)
        if kept is not None and self._clock.now_ns() < kept.until_ns:
            self._kept.move_to_end(question)
            return kept.value
        task = self._asking.get(question)
        if task is None:
            task = asyncio.create_task(self._ask(question, ask, kept_s))
            self._asking[question] = task
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(task)

    async def _ask(self, question: K, ask: Callable[[], Awaitable[V]], kept_s: float) -> V:
        value = await ask()
        self._kept[question] = _Answer(value, self._clock.now_ns() + round(kept_s * NS_PER_S))
        self._kept.move_to_end(question)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value
