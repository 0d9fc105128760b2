"""`Runner`: plays a scenario on a fleet, feeds people's answers in, and says what became of it.

Steps are played at their moments in real time. What may wait — a person's answer, an operator's act, the
mending of a cable — runs beside the axis and never holds it up. A step that can't be done is a failure
of the run, with its line; it does not end the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.clock import NS_PER_S, Clock, SystemClock
from domain.errors import FengsuiError
from simulators.cable import Cable
from simulators.expectations import Observation, Seen, State, Verdict, judge, not_judged
from simulators.phone import Phone
from simulators.scenario import Placed, Scenario
from simulators.scenario_model import (
    AnswerStep,
    DeviceStep,
    ExpectStep,
    FaultSettings,
    FaultStep,
    OperatorStep,
    RollCallStep,
    TransmitterStep,
)
from simulators.site import Fleet

Operator = Callable[[OperatorStep], Awaitable[None]]
"""Does what an operator does, in the platform; raises a `FengsuiError` when it can't."""

RollCaller = Callable[[RollCallStep], Awaitable[None]]
"""Lets the platform call a transmitter's duty; raises a `FengsuiError` when it can't."""

Feed = AsyncIterator[Mapping[str, Any]]
"""What is seen, as mappings with the fields of `simulators.expectations.Observation`."""

SETTLE_S = 0.3
"""What happened in the last moment of a run may still be on its way into the feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A step that could not be done (``failed``), or was left out for a stated reason."""

    at_s: float
    line: int
    why: str
    failed: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it for a JSON report."""
        return {"at_s": round(self.at_s, 1), "line": self.line, "why": self.why, "failed": self.failed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a scenario."""

    scenario: str
    played_s: float
    verdicts: tuple[Verdict, ...]
    remarks: tuple[Remark, ...]

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed."""
        failed = any(verdict.state is State.FAILED for verdict in self.verdicts)
        return not failed and not any(remark.failed for remark in self.remarks)

    def as_dict(self) -> dict[str, Any]:
        """Return it for a JSON report."""
        return {
            "scenario": self.scenario,
            "played_s": round(self.played_s, 1),
            "passed": self.passed,
            "expectations": [verdict.as_dict() for verdict in self.verdicts],
            "remarks": [remark.as_dict() for remark in self.remarks],
        }


class Runner:
    """Plays one scenario once; `verdicts` may be asked at any time, for a live table.

    ``told`` has the steps with labels that have been played, oldest first: what the audience is told.
    """

    def __init__(
        self,
        scenario: Scenario,
        fleet: Fleet,
        *,
        cables: Mapping[str, Sequence[Cable]] | None = None,
        phone: Phone | None = None,
        operator: Operator | None = None,
        roll_caller: RollCaller | None = None,
        feed: Feed | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``cables``: those of each link. What is absent leaves its steps out, with a remark.

        ``clock`` must be the one that stamps ``time_ns`` in the feed.
        """
        self._scenario = scenario
        self._fleet = fleet
        self._cables = cables or {}
        self._phone = phone
        self._operator = operator
        self._roll_caller = roll_caller
        self._feed = feed
        self._clock = clock or SystemClock()
        self._started_s: float | None = None
        self._started_ns = 0
        self._ended = False
        self._seen: list[Seen] = []
        self._remarks: list[Remark] = []
        self.told: list[Placed] = []

    def now_s(self) -> float:
        """Return the scenario's time; 0 before it starts."""
        return 0.0 if self._started_s is None else time.monotonic() - self._started_s

    async def run(self, duration_s: float | None = None, stop: asyncio.Event | None = None) -> Report:
        """Play for ``duration_s`` (default: the scenario's) or until ``stop``; return the report."""
        self._started_s, self._started_ns = time.monotonic(), self._clock.now_ns()
        length_s = self._scenario.duration_s if duration_s is None else duration_s
        stop = stop or asyncio.Event()
        async with asyncio.TaskGroup() as beside:
            running = [beside.create_task(self._listen())] if self._feed is not None else []
            running += [beside.create_task(self._play(beside, running))]
            await self._wait_until(length_s + SETTLE_S, stop)
            for task in running:
                task.cancel()
        self._ended = True
        return self.report()

    def verdicts(self) -> list[Verdict]:
        """Judge every expectation as things stand."""
        if self._feed is None:
            return [not_judged(expected, "nothing is fed in to judge by") for expected in self._scenario.expected]
        now_s = self.now_s()
        return [judge(expected, self._seen, now_s, ended=self._ended) for expected in self._scenario.expected]

    def report(self) -> Report:
        """Return what became of it so far."""
        return Report(
            scenario=self._scenario.id,
            played_s=self.now_s(),
            verdicts=tuple(self.verdicts()),
            remarks=tuple(self._remarks),
        )

    async def _wait_until(self, at_s: float, stop: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(at_s - self.now_s(), 0.0)):
                await stop.wait()

    async def _listen(self) -> None:
        assert self._feed is not None  # noqa: S101 -- started only with a feed
        async for item in self._feed:
            observation = Observation.model_validate(item)
            told = observation.time_ns
            at_s = self.now_s() if told is None else (told - self._started_ns) / NS_PER_S
            self._seen.append(Seen(at_s, observation))

    async def _play(self, beside: asyncio.TaskGroup, running: list[asyncio.Task[None]]) -> None:
        for placed in self._scenario.steps:
            await asyncio.sleep(max(placed.step.at - self.now_s(), 0.0))
            if placed.step.labels is not None:
                self.told.append(placed)
            running.append(beside.create_task(self._do(placed)))

    async def _do(self, placed: Placed) -> None:
        try:
            match placed.step:
                case DeviceStep() as step:
                    self._change(step)
                case TransmitterStep() as step:
                    self._fleet.push(step.transmitter, step.button)
                case RollCallStep() as step:
                    await self._call(placed, step)
                case FaultStep() as step:
                    await self._strike(placed, step.fault)
                case AnswerStep() as step:
                    await self._answer(placed, step)
                case OperatorStep() as step:
                    await self._operate(placed, step)
                case ExpectStep():
                    pass
        except FengsuiError as error:
            self._remark(placed, str(error), failed=True)

    def _change(self, step: DeviceStep) -> None:
        for point, ramp in step.ramp.items():
            self._fleet.ramp(step.device, point, to=ramp.to, over_s=ramp.over_s)
        if step.replay is not None:
            series = self._scenario.series[step.replay]
            self._fleet.replay(step.device, step.replay.to, series, speed=step.replay.speed)
        if step.set:
            self._fleet.set(step.device, step.set)

    async def _strike(self, placed: Placed, fault: FaultSettings) -> None:
        target = fault.device or fault.transmitter
        if target is not None:
            self._fleet.strike(target, fault.fault, for_s=fault.for_s)
            return
        cables = self._cables.get(fault.link or "")
        if cables is None:
            self._remark(placed, f"there is no link '{fault.link}' here: not cut", failed=False)
            return
        for cable in cables:
            cable.cut()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), fault.for_s)
        finally:
            for cable in cables:
                cable.mend()

    async def _answer(self, placed: Placed, step: AnswerStep) -> None:
        if self._phone is None:
            self._remark(placed, f"{step.person} has no phone here: not answered", failed=False)
            return
        try:
            push = await self._phone.wait_for(person=step.person, rule=step.rule, timeout_s=step.patience_s)
        except TimeoutError:
            self._remark(placed, f"no push of {step.rule} reached {step.person} to answer", failed=True)
            return
        await self._phone.answer(push.answer_url, step.answer, step.note)

    async def _operate(self, placed: Placed, step: OperatorStep) -> None:
        if self._operator is None:
            self._remark(placed, f"there is no operator here: {step.operator} left out", failed=False)
        else:
            await self._operator(step)

    async def _call(self, placed: Placed, step: RollCallStep) -> None:
        if self._roll_caller is None:
            self._remark(placed, f"there is no centre here: {step.roll_call} not called", failed=False)
        else:
            await self._roll_caller(step)

    def _remark(self, placed: Placed, why: str, *, failed: bool) -> None:
        self._remarks.append(Remark(at_s=self.now_s(), line=placed.line, why=why, failed=failed))
