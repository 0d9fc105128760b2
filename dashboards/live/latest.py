"""Asks for newest readings, in parts that fit a question and a reply, whatever single points the store refuses.

The store answers a part as a whole or not at all. It refuses one with a point that it does not know (its site
files are older than ours, or a birth has not reached it yet) and one whose words are too long for a reply. A refused
part is asked again in halves, so that one such point hides no other; a point that is refused by itself is left
alone for a while.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from backbone.services import NOT_FOUND
from dashboards.live.board import Reading
from dashboards.live.link import Link
from dashboards.live.site import LiveSite
from domain.clock import NS_PER_S, Clock
from domain.errors import RefusedError
from ingest.face import LatestReading

log = logging.getLogger(__name__)

AT_ONCE = 1000
"""Points of one question: with the longest keys (200 characters) below the largest request, 256 KiB."""

LEFT_ALONE_S = 60
"""How long a point that was refused is not asked for again (assumption): a store that is started anew knows it."""


class LatestReadings:
    """The newest readings of a device or of points, part by part."""

    def __init__(self, link: Link, site: LiveSite, clock: Clock) -> None:
        """Ask over ``link`` for what ``site`` has."""
        self._link = link
        self._site = site
        self._clock = clock
        self._refused_ns: dict[str, int] = {}

    async def of_device(self, device: str) -> AsyncIterator[dict[str, Reading]]:
        """Yield the readings of ``unit/device``; none of a device that the store does not know.

        Raises LinkError or WireError when a question gets no answer.
        """
        table = self._site.registry.points
        points = table.of_device(*device.split("/", maxsplit=1)).tolist()
        if len(points) <= AT_ONCE:
            try:
                yield _readings(await self._link.query.latest(device=device))
            except RefusedError as error:
                log.debug("latest of %s: %s", device, error)
                if error.code == NOT_FOUND:
                    return
            else:
                return
        async for part in self.of_points([table[at].key for at in points]):
            yield part

    async def of_points(self, keys: Iterable[str]) -> AsyncIterator[dict[str, Reading]]:
        """Yield the readings of points, in parts; without those that the store refuses.

        Raises LinkError or WireError when a question gets no answer.
        """
        waiting = parts(self._askable(keys), AT_ONCE)
        while waiting:
            part = waiting.pop()
            try:
                found = await self._link.query.latest(points=part)
            except RefusedError as error:
                if len(part) > 1:
                    waiting += parts(part, (len(part) + 1) // 2)
                else:
                    log.debug("latest of %s: %s", part[0], error)
                    self._refused_ns[part[0]] = self._clock.now_ns()
            else:
                yield _readings(found)

    def _askable(self, keys: Iterable[str]) -> list[str]:
        """Return the keys without those that were refused a short while ago."""
        since_ns = self._clock.now_ns() - LEFT_ALONE_S * NS_PER_S
        self._refused_ns = {key: at_ns for key, at_ns in self._refused_ns.items() if at_ns > since_ns}
        return [key for key in keys if key not in self._refused_ns]


def _readings(latest: Mapping[str, LatestReading]) -> dict[str, Reading]:
    return {key: Reading(one.time_ns, one.value, one.quality, one.text) for key, one in latest.items()}


def parts(keys: Sequence[str], size: int) -> list[Sequence[str]]:
    """Cut keys into parts of at most ``size``."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]
