"""The hotel's demonstration played into a real InfluxDB, as `fengsui demo` plays it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from backbone.server import free_ports
from dashboards.grafana.asked import Server

ROOT = Path(__file__).parents[2]
HOTEL = ROOT / "examples" / "hotel"
DATABASE = "fengsui"
PLAYED_S = 43
"""Until the fire is reset and closed; the cut of the uplink comes later and is no matter here."""


async def played(folder: Path, influx_url: str) -> Server:
    """Play the demonstration with ``influx_url`` as the site's store; returns where to ask."""
    site = folder / "hotel"
    shutil.copytree(HOTEL, site)
    settings = f"\nstore: {{kind: influxdb1, url: {influx_url}, database: {DATABASE}}}\n"
    (site / "site.yaml").write_text((site / "site.yaml").read_text("utf-8") + settings, "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "demo", "--headless", "--duration", str(PLAYED_S), "--site", str(site),
        "--state", str(folder / "state"), "--port", str(free_ports(1)[0]),
        cwd=ROOT, env={**os.environ, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert "account" in output.decode() or process.returncode in {0, 1}, output.decode()
    assert b"readings  produced" in output, output.decode()
    return Server(url=influx_url, database=DATABASE)
