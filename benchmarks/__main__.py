"""`make bench`: measure everything, print one table. Names as arguments choose modules."""

from __future__ import annotations

import importlib
import os
import platform
import sys

from rich.console import Console
from rich.table import Table

MODULES = (
    "kernel",
    "fire_tests",
    "many_rules",
    "backtest",
    "codec",
    "gb26875_codec",
    "spool",
    "event_lane",
    "alarm_storm",
    "mqtt_in",
    "modbus_reads",
    "planner",
    "gateway_memory",
    "store",
    "store_trend",
    "influx",
    "gb26875_access",
    "alert_list",
    "alarm_window",
    "console",
    "overview",
    "feed",
    "whole_way",
)


def main(names: list[str]) -> None:
    """Run the named modules (all of them by default) one after the other."""
    out = Console()
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        out.print(f"no benchmark called {', '.join(unknown)}; there are: {', '.join(MODULES)}")
        raise SystemExit(2)
    table = Table("what", "measured", "budget: at least / aim", title=machine())
    for name in names or MODULES:
        out.print(f"[dim]measuring {name} …[/]")
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            table.add_row(*row)
    out.print(table)


def machine() -> str:
    """Return what the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main(sys.argv[1:])
