"""A roll-call under test: a clock moved by hand, and the line's other side, which does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.clock import NS_PER_S, FakeClock
from domain.errors import StoreError
from gateway.connectors.gb26875.roll_call import Result, RollCall
from gateway.connectors.gb26875.roll_calls import RollCallPlan, RollCalls, Sent

SHANGHAI = ZoneInfo("Asia/Shanghai")
EAST, WEST = "hotel/east-utd", "hotel/west-utd"
ON_DEMAND = RollCallPlan()


@dataclass
class Desk:
    """What the roll-calls of a process see: commands that went out, results that were told."""

    clock: FakeClock
    sent: list[tuple[str, int]] = field(default_factory=list)
    told: list[RollCall] = field(default_factory=list)
    outcome: Sent | Exception = Sent.CONFIRMED
    held: asyncio.Event | None = None
    refusing: bool = False
    calls: RollCalls = field(init=False)

    async def send(self, key: str, minutes: int) -> Sent:
        self.sent.append((key, minutes))
        if self.held is not None:
            await self.held.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def tell(self, call: RollCall) -> None:
        if self.refusing:
            raise StoreError("the spool is full")
        self.told.append(call)

    async def settle(self) -> None:
        """Let commands that can end, end; then do what is due."""
        if self.held is None:
            await asyncio.gather(*self.calls._commands)
        await self.calls.step()

    async def wait(self, seconds: float) -> None:
        """Let time pass, looking every ten seconds as a living process does."""
        await self.settle()
        while seconds > 0:
            self.clock.advance(min(seconds, 10))
            seconds -= 10
            await self.calls.step()

    async def answer(self, operator: int = 1, *, said_s_ago: float | None = None, key: str = EAST) -> RollCall | None:
        now_ns = self.clock.now_ns()
        said_ns = None if said_s_ago is None else now_ns - round(said_s_ago * NS_PER_S)
        return await self.calls.answered(key, operator, now_ns, said_ns)

    @property
    def results(self) -> list[Result]:
        return [call.result for call in self.told]


@asynccontextmanager
async def desk(
    folder: Path,
    plan: RollCallPlan = ON_DEMAND,
    clock: FakeClock | None = None,
    draw: Callable[[int], int] | None = None,
    up: bool = True,  # noqa: FBT001, FBT002 - a state of the line
) -> AsyncIterator[Desk]:
    """Yield a desk whose two transmitters are on line, unless ``up`` is False."""
    one = Desk(clock or FakeClock())
    more = {} if draw is None else {"draw": draw}
    one.calls = await RollCalls.open(
        folder / "roll_calls.sqlite",
        clock=one.clock,
        plan=plan,
        zone=SHANGHAI,
        duty=[EAST, WEST],
        send=one.send,
        tell=one.tell,
        **more,
    )
    if up:
        one.calls.line_changed(EAST, up=True)
        one.calls.line_changed(WEST, up=True)
    try:
        yield one
    finally:
        await one.calls.close()
