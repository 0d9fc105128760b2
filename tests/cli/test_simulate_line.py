"""``fengsui simulate line``: units of a serial line die, a real gateway reads the others on."""

from __future__ import annotations

import asyncio
import json
import sys

import numpy as np
import pytest

from cli.check_command import Language
from cli.faults.readings import Readings
from cli.line_periods import LineOptions, report_of
from cli.simulate_line_command import show
from domain.points import Point, PointTable
from domain.quality import GOOD


def test_dead_units_are_spread_over_the_line_and_the_period_leaves_air() -> None:
    options = LineOptions()
    assert options.dead_units == (4, 12, 20, 28)
    assert options.cycle_s < options.chosen_period_s < 1.5 * options.cycle_s
    assert LineOptions(units=2, dead=1).dead_units in {(1,), (2,)}
    assert LineOptions(units=247, dead=246).dead_units[-1] <= 247


@pytest.mark.timeout(120)
async def test_a_dead_unit_is_seen_and_the_others_are_read_on() -> None:
    words = ("--units", "5", "--dead", "1", "--seconds", "5", "--baud", "19200", "--timeout", "0.2", "--json")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "simulate", "line", *words), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    report = json.loads(output)
    assert process.returncode == (0 if report["passed"] else 1)
    assert [one["unit"] for one in report["units"] if one["dead"]] == [3]
    for one in report["units"]:
        assert one["before"]["readings"] > 5
        assert (one["growth"] is None) == one["dead"]
        assert one["after"]["readings"] <= 1 if one["dead"] else one["after"]["readings"] > 5, "no speed asserted"
        if not one["dead"]:
            assert one["before"]["p50_s"] == pytest.approx(report["period_s"], rel=0.5)


def test_growth_is_counted_from_the_readings(capsys: pytest.CaptureFixture[str]) -> None:
    """Unit 1 is read each second, every other one from 100 s on; unit 2 dies there."""
    table = one_site(2)
    times = {1: [*range(50, 101), *range(102, 151, 2)], 2: list(range(50, 101))}
    point = [table.index(f"desk/u{unit}/r0") for unit, at in times.items() for _ in at]
    time_ns = [second * 10**9 for at in times.values() for second in at]
    found = Readings(
        table, np.array(point, np.int32), np.array(time_ns), np.zeros(len(point)),
        np.full(len(point), GOOD, np.uint16), history=0,
    )  # fmt: skip
    report = report_of(LineOptions(units=2, dead=1, period_s=1.0), found, (60.0, 100.5, 150.5))
    living, dead = sorted(report.units, key=lambda one: one.dead)
    assert (living.before.mean_s, living.before.missed) == (1.0, 0)
    assert (living.after.mean_s, living.after.missed) == (2.0, 25)
    assert living.growth == report.worst_growth == pytest.approx(100)
    assert (dead.growth, dead.after.readings) == (None, 0)
    assert not report.passed
    for language, words in ((Language.ZH, "未通过"), (Language.EN, "failed: 2 units")):
        show(report, language)
        assert words in capsys.readouterr().out


def one_site(units: int) -> PointTable:
    points = [Point(unit="desk", gateway="gw", device=f"u{unit}", name="r0") for unit in range(1, units + 1)]
    return PointTable(points)
