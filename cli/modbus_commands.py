"""``fengsui modbus …``: the installer's commands for Modbus lines are mounted here."""

from __future__ import annotations

import typer

from cli.modbus_plan_command import plan
from cli.modbus_read_command import read
from cli.modbus_scan_command import scan

app = typer.Typer(
    no_args_is_help=True,
    help="Modbus：搜索从站、试读、读取计划 / Modbus: find units, try registers, show how a site is read.",
)
app.command()(scan)
app.command()(read)
app.command()(plan)
