"""``fengsui simulate line``: units of a serial line die, a real gateway reads the others on."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from cli.line_periods import LineOptions


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
