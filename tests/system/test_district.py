"""200 transmitters on the whole platform: fire, a cut line, a flood of garbage, roll-calls; nothing lost."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from backbone.server import free_ports

ROOT = Path(__file__).parents[2]
TRANSMITTERS = 200
LEAST_READINGS = 5 * TRANSMITTERS
"""Each tells at least its own state, its system's and three components'."""


@pytest.mark.timeout(420)
async def test_two_hundred_transmitters_live_through_the_districts_scenario(tmp_path: Path) -> None:
    report = tmp_path / "district.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--headless", "--site", "examples/district", "--duration", "150"),
        *("--report", str(report), "--state", str(tmp_path / "state"), "--port", str(free_ports(1)[0])),
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    account = json.loads(report.read_text())
    assert account["scenario"]["passed"]
    assert {one["state"] for one in account["scenario"]["expectations"]} == {"passed"}
    assert not account["scenario"]["remarks"]
    readings = account["readings"]
    assert readings["lost"] == readings["duplicated"] == readings["dropped"] == 0
    assert readings["stored"] >= LEAST_READINGS
