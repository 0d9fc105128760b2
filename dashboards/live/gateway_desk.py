"""What pages ask running gateways: one question for all browsers that look at the same thing, none while nobody does.

| question | command | how often |
|---|---|---|
| how every line fares | `diagnostics` | 5 s |
| what could not be used | `dead_letters` | 10 s |
| a hosted transmitter's own figures | `transmitters` | 5 s |
| its newest frames | `frames` | 5 s |
| frames of a line as they pass | `frames_tail` | 1 s, see `FrameTail` |

Answers come from other processes, perhaps of another version: whoever draws them reads every field as something that
may be missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from dashboards.live.asked import Asked
from dashboards.live.link import Link
from domain.cancellation import heed_cancellation
from domain.clock import Clock
from domain.errors import FengsuiError, WireError

log = logging.getLogger(__name__)

Answer = Mapping[str, Any]
Question = tuple[str, tuple[tuple[str, str | int], ...]]

PERIODS_S: Mapping[str, float] = {"dead_letters": 10.0}
USUAL_S = 5.0
MOST_QUESTIONS = 500
TAIL_S = 1.0
MOST_FRAMES = 500
"""Frames that a page can show; the gateway keeps somewhat more."""


class GatewayDesk:
    """Asks ``svc.gateway.<unit>.<gateway>``."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._clock = clock
        self._asked: OrderedDict[Question, Asked[Answer]] = OrderedDict()
        self._tails: dict[tuple[str, str], FrameTail] = {}

    def of(self, gateway: str, command: str, **more: str | int) -> Asked[Answer]:
        """Return the answer to a question to ``unit/gateway``; a page calls `look` on it with each refresh."""
        question = (f"{gateway} {command}", tuple(sorted(more.items())))
        known = self._asked.get(question)
        if known is None:
            period_s = PERIODS_S.get(command, USUAL_S)
            known = Asked(lambda: self.ask(gateway, {"command": command, **more}), self._clock, period_s)
            self._asked[question] = known
        self._asked.move_to_end(question)
        while len(self._asked) > MOST_QUESTIONS:
            self._asked.popitem(last=False)
        return known

    async def ask(self, gateway: str, request: Mapping[str, Any]) -> Answer:
        """Ask a gateway now; raises LinkError, RefusedError, or WireError for an answer that is none."""
        unit, _, name = gateway.partition("/")
        reply = await self._link.backbone.request(f"svc.gateway.{unit}.{name}", dict(request))
        if not isinstance(reply, Mapping):
            raise WireError(f"{gateway} answers something that is no object", b"")
        return reply

    def watch(self, gateway: str, connection: str) -> FrameTail:
        """Begin to look at the frames of a line, together with all who look at it; `FrameTail.leave` ends it."""
        key = (gateway, connection)
        tail = self._tails.get(key)
        if tail is None:
            tail = self._tails[key] = FrameTail(self, gateway, connection, lambda: self._tails.pop(key, None))
        tail.join()
        return tail


class FrameTail:
    """The newest frames of one line, while somebody looks; ``revision`` rises with each change."""

    def __init__(self, desk: GatewayDesk, gateway: str, connection: str, on_end: Any) -> None:
        """``on_end`` is called when the last one has left."""
        self._desk = desk
        self._request = {"command": "frames_tail", "connection": connection}
        self._gateway = gateway
        self._on_end = on_end
        self._lookers = 0
        self._task: asyncio.Task[None] | None = None
        self.frames: deque[Answer] = deque(maxlen=MOST_FRAMES)
        self.missed = 0
        self.trouble = ""
        self.revision = 0

    def join(self) -> None:
        """Count one more who looks."""
        self._lookers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="frame-tail")

    def leave(self) -> None:
        """Count one less; the last one ends it, at the gateway too."""
        self._lookers -= 1
        if self._lookers > 0 or self._task is None:
            return
        self._task.cancel()
        self._task = None
        self._on_end()
        stopping = asyncio.create_task(self._stop(), name="frame-tail-stop")
        _STOPPING.add(stopping)
        stopping.add_done_callback(_STOPPING.discard)

    async def _run(self) -> None:
        after = 0
        while True:
            heed_cancellation()
            try:
                reply = await self._desk.ask(self._gateway, {**self._request, "after": after})
            except FengsuiError as error:
                self._troubled(str(error))
            else:
                after = self._take(reply, after)
            await asyncio.sleep(TAIL_S)

    def _take(self, reply: Answer, after: int) -> int:
        """Keep what came; returns the number to go on from. A gateway that began anew counts from 1 again."""
        given = reply.get("frames")
        frames = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
        missed = reply.get("missed")
        if isinstance(missed, int) and missed > 0:
            self.missed += missed
        if frames or self.trouble:
            self.frames.extend(frames)
            self.trouble = ""
            self.revision += 1
        numbers = [one["seq"] for one in frames if isinstance(one.get("seq"), int)]
        return max(numbers, default=after)

    def _troubled(self, words: str) -> None:
        if words != self.trouble:
            self.trouble = words
            self.revision += 1

    async def _stop(self) -> None:
        try:
            await self._desk.ask(self._gateway, {**self._request, "stop": True})
        except FengsuiError as error:  # it ends by itself in half a minute
            log.debug("frames of %s not stopped: %s", self._gateway, error)


_STOPPING: set[asyncio.Task[None]] = set()
"""Tasks that nobody waits for must be held by somebody."""
