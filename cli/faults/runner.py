"""Runs scenarios, some at a time: most of their seconds are spent waiting."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cli.faults import brokers, dead_units, false_values, losses, slow_polls, spools, stores, times
from cli.faults.scenario import SCENARIOS, Outcome, Scenario, Theme

MODULES = (losses, spools, brokers, stores, dead_units, slow_polls, false_values, times)
"""All modules that hold scenarios: importing one registers its own."""

PATIENCE_S = 300.0
"""Of one scenario; more means that it hangs."""

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What came of a scenario; ``skipped``: it needs root, and there is none."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scenario that was run. ``broken``: expectations that did not hold."""

    scenario: Scenario
    verdict: Verdict
    outcome: Outcome
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            **described(self.scenario), "verdict": self.verdict.value, "figures": self.outcome.figures,
            "broken": self.outcome.broken, "seconds": round(self.seconds, 1),
        }  # fmt: skip


def all_scenarios() -> list[Scenario]:
    """Return every scenario, by theme."""
    themes = list(Theme)
    return sorted(SCENARIOS.values(), key=lambda one: themes.index(one.theme))


def described(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario is, for JSON."""
    return {
        "id": scenario.id, "theme": scenario.theme.value, "complaints": list(scenario.complaints),
        "peers": scenario.peers, "complaint": dict(zip(("zh", "en"), scenario.complaint, strict=True)),
        "holds": dict(zip(("zh", "en"), scenario.holds, strict=True)), "needs_root": scenario.needs_root,
    }  # fmt: skip


async def run_all(
    scenarios: Sequence[Scenario],
    *,
    jobs: int,
    told: Callable[[Result], None] = lambda _result: None,
    run: Callable[[Scenario], Awaitable[Result]] | None = None,
) -> list[Result]:
    """Run scenarios, ``jobs`` at a time, then those that want to be alone; returns results in the given order.

    ``told`` hears each result as it comes. ``run`` is `run_one` where there is one, else `run_apart`.
    """
    run = run or (run_one if len(scenarios) == 1 else run_apart)
    free = asyncio.Semaphore(jobs)
    results: dict[str, Result] = {}

    async def one(scenario: Scenario) -> None:
        async with free:
            results[scenario.id] = await run(scenario)
        told(results[scenario.id])

    await asyncio.gather(*(one(scenario) for scenario in scenarios if not scenario.alone))
    for scenario in scenarios:
        if scenario.alone:
            await one(scenario)
    return [results[scenario.id] for scenario in scenarios]


async def run_one(scenario: Scenario) -> Result:
    """Run one scenario in a folder of its own."""
    if scenario.needs_root and os.geteuid() != 0:
        return Result(scenario=scenario, verdict=Verdict.SKIPPED, outcome=Outcome(), seconds=0.0)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    with tempfile.TemporaryDirectory(prefix=f"fengsui-{scenario.id}-", ignore_cleanup_errors=True) as folder:
        try:
            async with asyncio.timeout(PATIENCE_S):
                outcome = await scenario.play(Path(folder))
        except Exception as error:  # the edge of an experiment: whatever broke, it has failed and the others go on
            log.debug("%s", scenario.id, exc_info=True)
            outcome = Outcome(broken=[f"{type(error).__name__}: {error}"])
    verdict = Verdict.PASSED if outcome.passed else Verdict.FAILED
    return Result(scenario=scenario, verdict=verdict, outcome=outcome, seconds=loop.time() - began_s)


async def run_apart(scenario: Scenario) -> Result:
    """Run one scenario in a process of its own: its devices must not wait while another one counts its log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "faults", "run", scenario.id, "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    try:
        found = json.loads(output)[0]
        outcome = Outcome(figures=found["figures"], broken=found["broken"])
        return Result(
            scenario=scenario, verdict=Verdict(found["verdict"]), outcome=outcome, seconds=float(found["seconds"])
        )
    except (ValueError, LookupError) as error:
        outcome = Outcome(broken=[f"its process ended with {process.returncode}: {error!r}"])
        return Result(scenario=scenario, verdict=Verdict.FAILED, outcome=outcome, seconds=0.0)
