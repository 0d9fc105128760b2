"""What keeps somebody from being told, as the alerts service has it: silences, out of service, windows, walk tests.

Running and planned ones are all here, read page by page; ended ones of the last day, the newest hundred of a kind.
Asked for all browsers together (`Asked`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from alerts.maintenance_face import MOST_LISTED as MOST_WINDOWS
from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import MOST_LISTED as MOST_OUTS
from alerts.out_of_service_face import OutOfServiceFace
from alerts.silences_face import SilencesFace, SilenceState, SilenceView
from alerts.walk_test_face import MOST_LISTED as MOST_TESTS
from alerts.walk_test_face import WalkTestFace
from dashboards.live.link import Link
from domain.clock import NS_PER_S, Clock
from domain.maintenance import MaintenanceView
from domain.out_of_service import OutOfServiceView
from domain.walk_test import WalkTestView

ENDED_S = 86_400
"""How long what has ended is shown."""

MOST_ENDED = 100


class _Ending(Protocol):
    @property
    def ended_ns(self) -> int | None: ...


E = TypeVar("E", bound=_Ending)


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All of them. Silences include what people shelved one by one (``shelve-<alert>``)."""

    silences: tuple[SilenceView, ...] = ()
    out_of_service: tuple[OutOfServiceView, ...] = ()
    maintenance: tuple[MaintenanceView, ...] = ()
    walk_tests: tuple[WalkTestView, ...] = ()

    def within(self, units: Collection[str] | None) -> Restrictions:
        """Return those that lie within a scope of units (None: everywhere)."""
        if units is None:
            return self
        return Restrictions(
            tuple(one for one in self.silences if one.units is not None and set(one.units) <= set(units)),
            tuple(one for one in self.out_of_service if one.unit in units),
            tuple(one for one in self.maintenance if one.unit in units),
            tuple(one for one in self.walk_tests if one.unit in units),
        )


async def ask_restrictions(link: Link, clock: Clock) -> Restrictions:
    """Ask the alerts service; raises LinkError or RefusedError."""
    backbone = link.backbone
    out, windows, tests = OutOfServiceFace(backbone), MaintenanceFace(backbone), WalkTestFace(backbone)
    silences, outs, planned, walks = await asyncio.gather(  # the questions go out together
        SilencesFace(backbone).list(),
        asyncio.gather(
            _to_the_end(lambda last: out.list(running=True, limit=MOST_OUTS, after=last), MOST_OUTS),
            out.list(running=False, limit=MOST_ENDED),
        ),
        asyncio.gather(
            _to_the_end(lambda last: windows.list(open=True, limit=MOST_WINDOWS, after=last), MOST_WINDOWS),
            windows.list(open=False, limit=MOST_ENDED),
        ),
        asyncio.gather(*(tests.list(running=one, limit=MOST_TESTS) for one in (True, False))),
    )
    since_ns = clock.now_ns() - ENDED_S * NS_PER_S
    return Restrictions(
        tuple(one for one in silences if one.state is not SilenceState.EXPIRED or one.ends_ns > since_ns),
        (*outs[0], *_ended(outs[1], since_ns)),
        (*planned[0], *_ended(planned[1], since_ns)),
        (*walks[0], *_ended(walks[1], since_ns)),
    )


async def _to_the_end(ask: Callable[[E | None], Awaitable[tuple[E, ...]]], most: int) -> tuple[E, ...]:
    """Ask page by page until one is not full; ``ask`` is told the last of the page before.

    A scope is looked at afterwards, so what were cut here would be missing to somebody, and the lamp would count it.
    """
    found: tuple[E, ...] = ()
    while True:
        page = await ask(found[-1] if found else None)
        found += page
        if len(page) < most:
            return found


def _ended(found: Iterable[E], since_ns: int) -> tuple[E, ...]:
    return tuple(one for one in found if one.ended_ns is not None and one.ended_ns > since_ns)
