"""A question whose answer is the same for all browsers: asked while somebody looks, once for all of them.

A page calls `look` whenever it refreshes; the question goes out when the answer is older than ``period_s`` and none
is under way. Nobody looks: nothing is asked. A failure keeps the last answer, with its time and what went wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from pydantic import ValidationError

from domain.clock import NS_PER_S, Clock
from domain.errors import FengsuiError

log = logging.getLogger(__name__)

T = TypeVar("T")

PERIOD_S = 5.0


class Asked(Generic[T]):
    """One question. ``at_ns`` is when ``answer`` came, 0 = never; ``revision`` rises with each other answer."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[T]],
        clock: Clock,
        period_s: float = PERIOD_S,
        *,
        depends_on: Callable[[], Hashable] | None = None,
    ) -> None:
        """``ask`` raises a FengsuiError when there is no answer.

        ``depends_on``: while it returns the same, an answer that came stays good and is not asked for again.
        """
        self._ask = ask
        self._clock = clock
        self._depends_on = depends_on
        self._asked_for: Hashable = None
        self._good_for: Hashable = None
        self._tried_ns = 0
        self._under_way: asyncio.Task[None] | None = None
        self.period_s = period_s
        self.answer: T | None = None
        self.at_ns = 0
        self.revision = 0
        self.trouble = ""

    def look(self) -> T | None:
        """Return the newest answer, and see to it that there will be a newer one."""
        due_ns = self._tried_ns + round(self.period_s * NS_PER_S)
        if self._under_way is None and self._clock.now_ns() >= due_ns and not self._is_good():
            self._start()
        return self.answer

    def soon(self) -> None:
        """Ask with the next look: somebody has just changed something."""
        self._tried_ns = 0
        self.renew()

    def renew(self) -> None:
        """Ask when the period is over, though nothing that the answer depends on has changed: somebody new looks."""
        self._asked_for = self._good_for = None

    async def fresh(self) -> T | None:
        """Ask now, and return the answer; the last one where none comes."""
        if self._under_way is not None:  # it may have been asked before what the caller has just done
            await asyncio.wait([self._under_way])
        await asyncio.wait([self._start()])
        return self.answer

    def since(self, time_ns: int) -> T | None:
        """Return the newest answer if it came at ``time_ns`` or later: what an earlier look left is not known now."""
        return self.answer if self.at_ns >= time_ns else None

    @property
    def age_s(self) -> float | None:
        """How old the answer is; None without one."""
        return (self._clock.now_ns() - self.at_ns) / NS_PER_S if self.at_ns else None

    def _start(self) -> asyncio.Task[None]:
        self._tried_ns, self._asked_for = self._clock.now_ns(), self._state()
        self._under_way = asyncio.get_running_loop().create_task(self._work(), name="asked")
        return self._under_way

    def _state(self) -> Hashable:
        return None if self._depends_on is None else (self._depends_on(),)

    def _is_good(self) -> bool:
        return self._good_for is not None and self._good_for == self._state()

    async def _work(self) -> None:
        try:
            answer = await self._ask()
        except (FengsuiError, ValidationError) as error:
            log.debug("no answer: %s", error)
            self.trouble = str(error) or type(error).__name__
            self._good_for = None
        else:
            self.trouble, self._good_for = "", self._asked_for
            self.at_ns = self._clock.now_ns()
            if answer != self.answer or not self.revision:
                self.answer = answer
                self.revision += 1
        finally:
            self._under_way = None
