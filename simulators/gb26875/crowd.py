"""`Crowd`: a fleet of transmitters that live their story on real sockets.

The story may run faster than the clock (``speed``); time-outs, signs of life and clocks stay real, for they are the
protocol's. What is lost or late in the story for an hour is so for an hour of the story.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import Any

from domain.clock import Clock, SystemClock
from domain.site import TransmitterSettings
from simulators.faults import FaultPlan
from simulators.gb26875.buttons import Push
from simulators.gb26875.dialect import Dialect, dialect_of
from simulators.gb26875.equipment import Equipment, bench_equipment, equipment_of
from simulators.gb26875.link import CentreAddress, Link
from simulators.gb26875.outbox import PATIENCE_S, Outbox
from simulators.gb26875.stamps import AddressForm, component_at
from simulators.gb26875.story import Happening, nature_of, story
from simulators.gb26875.transmitter import Transmitter

SPREAD_S = 0.01
BENCH_COMPONENTS = 12
UNDECLARED_ZONE, MOST_UNDECLARED = 9, 3
"""A site's panels have components that nobody declared; the story uses these as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the crowd before it has a line."""

    name: str
    address: int | str
    equipment: Equipment
    dialect: Dialect
    centre: CentreAddress
    clock_error_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of a crowd so far."""

    transmitters: int
    connected: int
    story_s: float
    happenings: int
    sent: int
    confirmed: int
    resent: int
    denied: int
    failed: int
    dropped: int
    waiting: int
    twice: int
    late: int
    by_act: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return it for a JSON report."""
        return asdict(self)


def bench_members(size: int, centre: CentreAddress, seed: int) -> list[Member]:
    """Return ``size`` transmitters with addresses from 1 on, natures by the seed."""
    members = []
    for number in range(size):
        nature = nature_of(number, seed)
        members.append(
            Member(
                name=f"t{number + 1:05d}",
                address=_address(number + 1, nature.dialect),
                equipment=bench_equipment(BENCH_COMPONENTS, form=nature.dialect.component),
                dialect=nature.dialect,
                centre=centre,
                clock_error_s=nature.clock_error_s,
            )
        )
    return members


def site_members(hosted: Iterable[tuple[TransmitterSettings, CentreAddress]], seed: int) -> list[Member]:
    """Return the transmitters of a site, which say themselves how they speak; clocks by the seed."""
    members = []
    for number, (settings, centre) in enumerate(hosted):
        dialect, equipment = dialect_of(settings.profile), equipment_of(settings)
        for point in range(1, MOST_UNDECLARED + 1):
            equipment.component(f"c42-{component_at(UNDECLARED_ZONE, point, dialect.component)}")
        members.append(
            Member(
                name=f"{settings.unit}/{settings.id}",
                address=settings.address,
                equipment=equipment,
                dialect=dialect,
                centre=replace(centre, local=settings.peer),
                clock_error_s=nature_of(number, seed).clock_error_s,
            )
        )
    return members


class Crowd:
    """Runs a fleet; ``heard`` is told of every happening."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        seed: int,
        speed: float,
        zone: tzinfo,
        clock: Clock | None = None,
        patience_s: float = PATIENCE_S,
        heard: Callable[[str, Happening], None] | None = None,
    ) -> None:
        """``speed``: seconds of the story per second."""
        self._members, self._seed, self._speed, self._heard = members, seed, speed, heard
        self._faults = FaultPlan()
        self._acts: Counter[str] = Counter()
        self._twice = self._late = 0
        self._started_s = 0.0
        self._over = asyncio.Event()
        self.links = [self._link(member, clock or SystemClock(), zone, patience_s) for member in members]

    async def run(self) -> None:
        """Connect everybody and live, until cancelled; lines outlive the story."""
        loop = asyncio.get_running_loop()
        self._started_s = loop.time()
        tasks = []
        try:
            for link in self.links:
                tasks.append(asyncio.create_task(link.run(), name=link.transmitter.name))
                await asyncio.sleep(min(SPREAD_S, 1.0 / len(self.links)))
            await self._live(loop)
            await asyncio.Event().wait()
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def end_story(self) -> None:
        """Let nothing more happen: faults end, what was to come late comes now, lines stay for the confirms."""
        self._over.set()
        for link in self.links:
            self._faults.mend(link.transmitter.name)
            link.transmitter.outbox.release()
            link.wake()

    async def settled(self, timeout_s: float) -> bool:
        """Wait until the centre has confirmed all that was said; False when it has not within the time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.summary().waiting:  # noqa: ASYNC110 -- thousands of outboxes have no one event to wait for
                    await asyncio.sleep(0.2)
        return self.summary().waiting == 0

    def summary(self) -> Summary:
        """Return what became of it so far."""
        boxes = [link.transmitter.outbox for link in self.links]
        counts = Counter[str]()
        for box in boxes:
            counts.update(asdict(box.counts))
        return Summary(
            transmitters=len(self.links),
            connected=sum(link.connected for link in self.links),
            story_s=round(self._story_s(), 1),
            happenings=self._acts.total(),
            sent=counts["sent"],
            confirmed=counts["confirmed"],
            resent=counts["resent"],
            denied=counts["denied"],
            failed=counts["failed"],
            dropped=counts["dropped"],
            waiting=sum(len(box) for box in boxes),
            twice=self._twice,
            late=self._late,
            by_act=dict(sorted(self._acts.items())),
        )

    async def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        names = [[component.name for component in member.equipment.components()] for member in self._members]
        for happening in story(names, self._seed):
            wait_s = happening.at_s / self._speed - (loop.time() - self._started_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait_s, 0.0)):
                    await self._over.wait()
            if self._over.is_set():
                return
            self._do(happening, loop.time())

    def _do(self, happening: Happening, now_s: float) -> None:
        link = self.links[happening.transmitter]
        if isinstance(happening.act, Push):
            button = happening.act
            self._acts[button.press.value] += 1
            self._twice += button.copies > 1
            self._late += button.hold_s > 0
            link.push(replace(button, hold_s=button.hold_s / self._speed))
        else:
            strike = happening.act
            self._acts[strike.fault.kind.value] += 1
            for_s = strike.for_s / self._speed if strike.for_s is not None else None
            self._faults.strike(link.transmitter.name, strike.fault, now_s=now_s, for_s=for_s)
            link.wake()
        if self._heard is not None:
            self._heard(link.transmitter.name, happening)

    def _story_s(self) -> float:
        if not self._started_s:
            return 0.0
        return (asyncio.get_running_loop().time() - self._started_s) * self._speed

    def _link(self, member: Member, clock: Clock, zone: tzinfo, patience_s: float) -> Link:
        transmitter = Transmitter(
            member.name,
            member.address,
            member.equipment,
            member.dialect,
            clock=clock,
            zone=zone,
            outbox=Outbox(patience_s=patience_s),
        )
        transmitter.clock_error_s = member.clock_error_s
        return Link(
            transmitter,
            member.centre,
            fault_of=lambda: self._faults.active(member.name, asyncio.get_running_loop().time()),
            seed=self._seed,
        )


def _address(number: int, dialect: Dialect) -> int | str:
    """Return the address of a fleet's transmitter: its number, or 10.0.x.y:5900 where the maker writes addresses so."""
    if dialect.address is AddressForm.IPV4_PORT:
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:5900"
    return number
