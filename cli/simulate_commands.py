"""`fengsui simulate`: a site's devices on real sockets, a scenario played on them, a table to watch.

``fengsui simulate SCENARIO`` plays a scenario, ``fengsui simulate SITE`` lets a site's devices live, ``gb26875`` is
one transmitter with its buttons, or a fleet, ``line`` a serial line on which units die.

Exit codes: 0 all well (expectations that nothing is fed in to judge by fail nobody), 1 an expectation or
a step failed, 2 the files are wrong or a port is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as json_format
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from cli.alerts_tables import plain
from cli.rule_files import load_ruleset
from cli.simulate_gb26875 import EPILOG, gb26875
from cli.simulate_homes_command import homes
from cli.simulate_line_command import line
from cli.site_files import load_registry
from cli.yaml_documents import read_document
from domain.errors import ConfigurationError, FengsuiError, Problem
from domain.quantity import Quantity, symbol
from domain.site import Registry
from simulators.expectations import State, Verdict
from simulators.runner import Report, Runner
from simulators.scenario import Placed, Scenario, check_rules, load_scenario, quiet_scenario
from simulators.scenario_check import check_against
from simulators.site import DeviceRow, Fleet

LOOK_S = 0.5
"""How often the table is drawn and the lines are looked at."""

MOST_VALUES = 5

FRAME_ROWS = 11
"""Rows of a terminal that headline, table borders and captions take."""

_COLOURS = {State.PASSED: "green", State.FAILED: "bold red", State.PENDING: "yellow", State.NOT_JUDGED: "dim"}
_WORDS = {
    State.PASSED: "通过 passed",
    State.FAILED: "未通过 failed",
    State.PENDING: "等待 pending",
    State.NOT_JUDGED: "未评判 not judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What is played, where."""

    scenario: Scenario
    registry: Registry


class PlayByDefault(TyperGroup):
    """A group whose first word may be a scenario instead of a command: ``fengsui simulate SCENARIO``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``play`` in front of what names no command of the group."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["play", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=PlayByDefault, no_args_is_help=True)
"""`fengsui simulate` with its commands."""


@app.callback()
def _simulate() -> None:
    """Devices that are not there, on real sockets: play a scenario or a site, or press a transmitter's buttons.

    `fengsui simulate SCENARIO` (or SITE) is short for `fengsui simulate play SCENARIO`.
    """


@app.command("play")
def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), or a site folder.", show_default=False)],
    site: Annotated[Path | None, typer.Option(help="Site folder; default: the one that the scenario lies in.")] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds to play; default: the scenario's.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides the background life; default: the scenario's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")] = False,  # noqa: FBT002 -- typer's form of a flag
) -> None:
    """Play SCENARIO on simulated devices: Modbus servers, MQTT sensors and transmitters on the site's own ports.

    A site folder instead of a scenario: its devices are there and live, nothing happens, until Ctrl-C.
    """
    console = Console(stderr=as_json)
    try:
        play = load_play(scenario, site)
        report = asyncio.run(_run(play, console, duration, seed, quiet=as_json))
    except FengsuiError as error:
        console.print(Text(str(error), style="red"))
        raise typer.Exit(2) from error
    if as_json:
        sys.stdout.write(json_format.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        console.print(report_table(report))
    raise typer.Exit(0 if report.passed else 1)


app.command("gb26875", epilog=EPILOG)(gb26875)
app.command("line")(line)
app.command("homes")(homes)


def load_play(scenario: Path, site: Path | None = None) -> Play:
    """Read a scenario and the site it belongs to; raises `ConfigurationError` with every problem.

    A site folder gives the site and a scenario in which nothing happens.
    """
    if scenario.is_dir():
        registry = load_registry(scenario)
        return Play(scenario=quiet_scenario(registry.site.labels), registry=registry)
    checked = load_scenario(read_document(scenario), scenario.parent)
    folder = site or _site_of(scenario)
    registry = load_registry(folder)
    check_against(checked, registry)
    if problems := check_rules(checked, load_ruleset(registry, folder / "rules").rules):
        raise ConfigurationError(problems)
    return Play(scenario=checked, registry=registry)


def _site_of(scenario: Path) -> Path:
    """Return the nearest folder above the scenario file that holds a site."""
    for folder in scenario.resolve().parents:
        if (folder / "site.yaml").is_file():
            return folder
    message, mend = "no site.yaml in its folder or above", "put the file into a site folder, or give --site FOLDER"
    raise ConfigurationError([Problem(file=str(scenario), line=1, field="", value=None, message=message, mend=mend)])


async def _run(play: Play, console: Console, duration: float | None, seed: int | None, *, quiet: bool) -> Report:
    fleet = Fleet(play.registry, seed=play.scenario.seed if seed is None else seed)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = Runner(play.scenario, fleet)
    async with fleet:
        watch = _watch_table if console.is_terminal and not quiet else _watch_lines
        watching = asyncio.create_task(watch(play, fleet, runner, console))
        try:
            return await runner.run(duration, stop)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


async def _watch_table(play: Play, fleet: Fleet, runner: Runner, console: Console) -> None:
    """Keep a table of devices on the terminal."""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            lines = _line_table(fleet)
            most = console.height - lines.row_count - FRAME_ROWS
            live.update(Group(_headline(play, runner), lines, device_table(play.registry, fleet, most)), refresh=True)
            await asyncio.sleep(LOOK_S)


async def _watch_lines(_play: Play, fleet: Fleet, runner: Runner, console: Console) -> None:
    """Say what changes, a line each, for logs and pipes."""
    for device in fleet.skipped:
        console.print(plain(f"{device.key}: 未模拟 not simulated, its profile '{device.profile.profile}' has no model"))
    told: dict[str, str] = {}
    while True:
        news = {
            name: f"{status.where} {_link(status.connected, status.trouble)}" for name, status in fleet.lines().items()
        }
        news |= {f"{placed.step.at:g} s": told_words(placed) for placed in runner.told}
        for name, words in news.items():
            if told.get(name) != words:
                console.print(plain(f"{name}: {words}"), soft_wrap=True)
        told |= news
        await asyncio.sleep(LOOK_S)


def _link(connected: bool, trouble: str) -> str:  # noqa: FBT001 -- private
    if connected:
        return "已连接 connected"
    return f"未连接 not connected: {trouble}" if trouble else "等待连接 waiting"


def _headline(play: Play, runner: Runner) -> Text:
    scenario = play.scenario
    text = plain(f"{scenario.labels.zh} / {scenario.labels.en}   {runner.now_s():.0f} / {scenario.duration_s:g} s")
    return text.append("\n").append_text(plain(told_words(runner.told[-1]) if runner.told else "", "bold"))


def told_words(placed: Placed) -> str:
    """Return what the audience is told of a step, in both languages."""
    labels = placed.step.labels
    return f"{labels.zh} / {labels.en}" if labels else ""


def _line_table(fleet: Fleet) -> Table:
    table = Table("连接 connection", "地址 address", "状态 state", "已发 sent", "待发 waiting", expand=True)
    for name, status in fleet.lines().items():
        style = "" if status.connected else "yellow"
        state = _link(status.connected, status.trouble)
        table.add_row(
            plain(name), plain(status.where), plain(state), str(status.sent), str(status.waiting), style=style
        )
    return table


def device_table(registry: Registry, fleet: Fleet, most: int) -> Table:
    """Return ``most`` devices with their present values; those that something happens to come first."""
    rows = sorted(fleet.rows(), key=lambda row: (row.fault is None, not row.touched))
    table = Table(expand=True, caption=_left_out(len(rows) - most, fleet))
    for heading, width in (("设备 device", 12), ("部位 zone", 22), ("当前值 values", None), ("故障 fault", 12)):
        table.add_column(heading, no_wrap=True, width=width, ratio=None if width else 1)
    for row in rows[: max(most, 1)]:
        style = "red" if row.fault else "yellow" if row.touched else ""
        labels = row.device.zone.settings.labels
        fault = row.fault.kind.value if row.fault else ""
        zone, values = plain(f"{labels.zh} / {labels.en}"), plain(values_text(registry, row))
        table.add_row(row.device.settings.id, zone, values, fault, style=style)
    return table


def _left_out(hidden: int, fleet: Fleet) -> str | None:
    parts = [f"另有 {hidden} 台设备 / {hidden} more devices"] if hidden > 0 else []
    parts += [f"未模拟 not simulated: {', '.join(device.key for device in fleet.skipped)}"] if fleet.skipped else []
    return "   ".join(parts) or None


def values_text(registry: Registry, row: DeviceRow) -> str:
    """Write a device's most telling values: what a scenario touched first, then the profile's order."""
    names = [point.id for point in row.device.profile.points if point.id in row.values]
    chosen = sorted(names, key=lambda name: name not in row.touched)[:MOST_VALUES]
    shown = []
    for name in chosen:
        at = registry.points.get(f"{row.device.key}/{name}")
        quantity = registry.points[at].quantity if at is not None else Quantity.NONE
        shown.append(
            f"{name} {row.values[name]:g}"[:28]
            if quantity is Quantity.NONE
            else f"{name} {row.values[name]:.4g} {symbol(quantity)}".rstrip()
        )
    return "  ".join(shown) + (" …" if len(names) > len(chosen) else "")


def verdict_table(verdicts: Iterable[Verdict], title: str | None = None) -> Table:
    """Return expectations with what came of them; ``why`` quotes alerts, whose words are those of devices."""
    table = Table("期望 expected", "结果 result", "依据 why", title=plain(title) if title else None, expand=True)
    for verdict in verdicts:
        result = Text(_WORDS[verdict.state], _COLOURS[verdict.state])
        table.add_row(plain(verdict.what), result, plain(verdict.why))
    return table


def report_table(report: Report) -> Group:
    """Return expectations and remarks as a table and lines; those not judged only as a number."""
    shown = [verdict for verdict in report.verdicts if verdict.state is not State.NOT_JUDGED]
    title = f"{report.scenario}: {report.played_s:.0f} s"
    left = Counter(verdict.why for verdict in report.verdicts if verdict.state is State.NOT_JUDGED)
    lines = [plain(f"{title}: {count} × {_WORDS[State.NOT_JUDGED]}: {why}", "dim") for why, count in left.items()]
    remarks = [
        plain(f"{remark.at_s:.1f} s, line {remark.line}: {remark.why}", "red" if remark.failed else "dim")
        for remark in report.remarks
    ]
    return Group(*([verdict_table(shown, title)] if shown else []), *lines, *remarks)
