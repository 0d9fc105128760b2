"""`Desk`: one transmitter on an installer's desk: what is typed is done, what happens is told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from domain.clock import Clock, SystemClock
from simulators.faults import Fault, FaultPlan
from simulators.gb26875.buttons import Push
from simulators.gb26875.dialect import Dialect
from simulators.gb26875.equipment import bench_equipment
from simulators.gb26875.link import CentreAddress, Link
from simulators.gb26875.outbox import PATIENCE_S, RESENDS, Outbox
from simulators.gb26875.transmitter import Event, Told, Transmitter
from simulators.gb26875.typed import Help, Mend, Quit, Strike, Typed, Wait, parse

MOST_TOLD = 200
"""Events that are kept for a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What stands on the desk, and whom it calls."""

    centre: CentreAddress
    dialect: Dialect
    address: int | str = 889
    systems: tuple[int, ...] = (1,)
    components: int = 8
    centre_number: int = 0
    patience_s: float = PATIENCE_S
    resends: int = RESENDS
    timezone: str = "Asia/Shanghai"


class Desk:
    """A transmitter with its line and its fault; ``async with`` connects and disconnects it."""

    def __init__(
        self, settings: DeskSettings, *, clock: Clock | None = None, tell: Callable[[Told], None] | None = None
    ) -> None:
        """Raises ValueError for an address that the dialect can't write."""
        self.settings = settings
        self.told: deque[Told] = deque(maxlen=MOST_TOLD)
        self._tell = tell
        self._faults = FaultPlan()
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.transmitter = Transmitter(
            "desk",
            settings.address,
            bench_equipment(settings.components, settings.systems, settings.dialect.component),
            settings.dialect,
            clock=clock or SystemClock(),
            zone=ZoneInfo(settings.timezone),
            centre=settings.centre_number,
            outbox=Outbox(patience_s=settings.patience_s, resends=settings.resends),
            tell=self._take,
        )
        self.link = Link(self.transmitter, settings.centre, fault_of=self.fault)

    def fault(self) -> Fault | None:
        """Return what is wrong with it now."""
        return self._faults.active("desk", time.monotonic())

    async def __aenter__(self) -> Self:
        """Call the centre, and keep calling."""
        self._task = asyncio.create_task(self.link.run(), name="desk")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def type(self, line: str) -> Typed | None:
        """Do what a line asks for and return it; raises `SimulationError` with the mend."""
        typed = parse(line)
        match typed:
            case Push():
                self.link.push(typed)
            case Strike():
                self._faults.strike("desk", typed.fault, now_s=time.monotonic(), for_s=typed.for_s)
                self._say_fault(typed.fault.kind.value)
            case Mend():
                self._faults.mend("desk")
                self._say_fault("-")
            case Wait():
                await asyncio.sleep(typed.seconds)
            case Help() | Quit() | None:
                pass
        return typed

    async def settled(self, timeout_s: float) -> bool:
        """Wait until the centre has confirmed everything; False when it has not within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.link.connected or len(self.transmitter.outbox):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _say_fault(self, name: str) -> None:
        self.transmitter.note(Event.FAULTY, note=name)
        self.link.wake()

    def _take(self, told: Told) -> None:
        self.told.append(told)
        self._news.set()
        if self._tell is not None:
            self._tell(told)
