"""Walk tests as they go on: one follower of the logs for each test that somebody looks at, for all browsers.

Which points a test walks is a question to the rules of the site, which only the command line reads: it hands the
console a function. Without one, every point of the scope that tells states or events is walked, and what a rule
watches is not known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from dashboards.live.link import Link
from dashboards.live.site import LiveSite
from dashboards.live.walk_log import Walked, WalkLog
from domain import walk_test
from domain.clock import NS_PER_S, Clock
from domain.errors import FengsuiError
from domain.points import PointKind
from domain.site import Registry
from domain.walk_test import WalkTestView

log = logging.getLogger(__name__)

WalkedPoints = Callable[[Registry, WalkTestView], Walked]

KEPT_S = 120
"""How long a test is followed that nobody looks at any more."""

MOST_FOLLOWED = 8
AGAIN_S = 5.0


def told_points(registry: Registry, test: WalkTestView) -> Walked:
    """Return the points of a test's scope that tell states or events, in the order of the site."""
    return Walked(
        [
            point
            for point in registry.points
            if point.unit == test.unit
            and point.kind is not PointKind.MEASURE
            and walk_test.in_scope(registry.zone_of(point).settings.id, point.device, test.zones, test.devices)
        ]
    )


@dataclass(slots=True)
class _Followed:
    looked_ns: int
    task: asyncio.Task[None] | None = None
    log: WalkLog | None = None
    trouble: str = ""
    done: bool = field(default=False)


class Walks:
    """Followers by test."""

    def __init__(self, link: Link, site: LiveSite, clock: Clock) -> None:
        """Nothing is followed before somebody looks."""
        self._link = link
        self._site = site
        self._clock = clock
        self._followed: dict[str, _Followed] = {}
        self.points_of: WalkedPoints = told_points

    def look(self, test: WalkTestView) -> WalkLog | None:
        """Return what a test has shown so far; None while the logs are still being read."""
        now_ns = self._clock.now_ns()
        one = self._followed.get(test.id)
        if one is None:
            self._forget()
            one = self._followed[test.id] = _Followed(now_ns)
        one.looked_ns = now_ns
        if one.log is not None:
            one.log.test = test
        if one.task is None and not one.done:
            one.task = asyncio.get_running_loop().create_task(self._follow(test, one), name=f"walk-{test.id}")
        return one.log

    async def _follow(self, test: WalkTestView, one: _Followed) -> None:
        """Read the logs, then follow them while the test runs and somebody looks."""
        try:
            registry = self._site.registry
            walked = await asyncio.to_thread(self.points_of, registry, test)
            found = WalkLog.of(test, walked, registry.points)
            await found.ask_before(self._link.backbone)
            await found.catch_up(self._link.backbone)
            one.log, one.trouble = found, ""
            await self._until_over(found, one)
            if not found.test.is_running:
                await found.ask_marks(self._link.backbone)  # those of its last moments
                one.done = True
        except FengsuiError as error:
            log.warning("walk test %s: %s", test.id, error)
            one.trouble = str(error)
            await asyncio.sleep(AGAIN_S)
        finally:
            one.task = None

    async def _until_over(self, found: WalkLog, one: _Followed) -> None:
        following = asyncio.create_task(found.follow(self._link.backbone), name="walk-follow")
        try:
            while found.test.is_running and self._clock.now_ns() - one.looked_ns < KEPT_S * NS_PER_S:
                if following.done():
                    await following
                    return
                await asyncio.sleep(1)  # what ends it is a time, or a test that another asked for
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError, FengsuiError):
                await following

    def _forget(self) -> None:
        """Let go of the test that nobody looked at for longest when there are many."""
        while len(self._followed) >= MOST_FOLLOWED:
            name = min(self._followed, key=lambda one: self._followed[one].looked_ns)
            task = self._followed.pop(name).task
            if task is not None:
                task.cancel()
