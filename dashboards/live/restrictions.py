"""What keeps somebody from being told, as the alerts service has it: silences, out of service, windows, walk tests.

Running and planned ones are all here, ended ones of the last day. Asked for all browsers together (`Asked`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import MOST_LISTED, OutOfServiceFace
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
_SIDES = ((True, MOST_LISTED), (False, MOST_ENDED))
"""Those that go on, then those that have ended, each with how many of them."""


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
        asyncio.gather(*(out.list(running=one, limit=most) for one, most in _SIDES)),
        asyncio.gather(*(windows.list(open=one, limit=most) for one, most in _SIDES)),
        asyncio.gather(*(tests.list(running=one, limit=MOST_TESTS) for one, _ in _SIDES)),
    )
    since_ns = clock.now_ns() - ENDED_S * NS_PER_S
    return Restrictions(
        tuple(one for one in silences if one.state is not SilenceState.EXPIRED or one.ends_ns > since_ns),
        (*outs[0], *_ended(outs[1], since_ns)),
        (*planned[0], *_ended(planned[1], since_ns)),
        (*walks[0], *_ended(walks[1], since_ns)),
    )


def _ended(found: Iterable[E], since_ns: int) -> tuple[E, ...]:
    return tuple(one for one in found if one.ended_ns is not None and one.ended_ns > since_ns)
