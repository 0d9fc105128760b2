"""`fengsui demo`: the whole way from device bytes to a person's push, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.alerts_tables import plain
from cli.demo import Demo, running_demo
from cli.demo_report import verdict
from cli.demo_screen import show_lines, show_live
from cli.platform import console_port
from cli.running import EXIT_FAILED, run_process
from cli.simulate_commands import report_table
from simulators.runner import Report

EXAMPLE = Path("examples/hotel")
STATE = Path("var/demo")


def demo(
    duration: Annotated[
        float | None, typer.Option(min=1, help="Seconds to run in all; until Ctrl-C when left out.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Plain lines instead of the live summary.")] = False,  # noqa: FBT002  # typer's form of a flag
    report: Annotated[Path | None, typer.Option(help="Write the account as JSON to this file.")] = None,
    site: Annotated[Path, typer.Option(help="The site folder to run.")] = EXAMPLE,
    scenario: Annotated[Path | None, typer.Option(help="The scenario; scenario.yaml of the site by default.")] = None,
    state: Annotated[Path, typer.Option(help="Where the demo keeps its data; emptied at each start.")] = Path(
        "var/demo"
    ),
    port: Annotated[int | None, typer.Option(help="Port of the console; 8080, or a free one, by default.")] = None,
    sign_in: Annotated[bool, typer.Option("--sign-in", help="People sign in with accounts, as on a site.")] = False,  # noqa: FBT002  # as above
) -> None:
    """Start simulated devices and the whole platform, play a scenario, judge what came of it.

    Exit codes: 0 every expectation held, nothing lost, nothing doubled; 1 something did not; 2 wrong files.
    """
    out = Console()
    played = scenario or site / "scenario.yaml"

    async def main(stop: asyncio.Event) -> None:
        async with running_demo(site, played, state, console_port(port), sign_in=sign_in) as running:
            held = await _perform(running, out, stop, duration, headless=headless or not out.is_terminal, file=report)
        if not held:
            raise SystemExit(EXIT_FAILED)

    run_process("demo", main)


async def _perform(
    running: Demo, out: Console, stop: asyncio.Event, duration: float | None, *, headless: bool, file: Path | None
) -> bool:
    """Play, show, account; tell whether all held."""
    _introduce(running, out)
    await running.ready(lambda line: out.print(f"  {line}", highlight=False))
    showing = asyncio.create_task(show_lines(running, out) if headless else show_live(running, out))
    try:
        result = await running.play_scenario(duration, stop)
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
    out.print("stopping the gateways, letting the store catch up …")
    figures = await running.settle(result)
    _conclude(figures, result, out)
    if file is not None:
        _write(figures, file)
        out.print(f"account written to {file}")
    return verdict(figures, result)


def _write(figures: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")


def _introduce(running: Demo, out: Console) -> None:
    registry, server = running.play.registry, running.platform.server
    labels = registry.site.labels
    devices, points = registry.written
    size = f"{devices} devices, {points} points"
    out.print(Text("烽燧 Fengsui", "bold").append_text(plain(f"  {labels.zh} / {labels.en}: {size}")))
    open_page = running.platform.open_console
    folder = running.platform.session.state.folder("secrets")
    how = "no login: a demo on loopback" if open_page else "users operator, supervisor and admin"
    out.print(f"  console   [bold underline]{running.platform.console_url}[/]   ({how})", soft_wrap=True)
    asked = "a fire is shelved by two: account supervisor" if open_page else "of each user"
    out.print(f"  passwords {folder}   ({asked})", soft_wrap=True, highlight=False)
    if server is not None:
        viewer = server.credentials["viewer"]
        login = f"user {viewer.user}  password {viewer.password}"
        listener = f"127.0.0.1:{server.mqtt_port}  topic spBv1.0/#"
        out.print(f"  MQTT      {listener}  {login}", soft_wrap=True, highlight=False)
    out.print(f"  logs      {running.platform.session.state.folder('logs')}")


def _conclude(figures: dict[str, Any], result: Report, out: Console) -> None:
    out.print(report_table(result))
    readings, alerts = figures["readings"], figures["alerts"]
    out.print(
        f"readings  produced {readings['produced']:,}  stored {readings['stored']:,}  "
        f"[bold]lost {readings['lost']}  duplicated {readings['duplicated']}[/]"
    )
    out.print(f"alerts    raised {alerts['raised']}  open {alerts['open']}  {alerts['by_rule']}")
    latency = figures["latency_ms"]
    for name in ("event_to_alert", "event_to_push"):
        found = latency[name]
        out.print(f"{name:15s} p50 {found['p50']} ms  p99 {found['p99']} ms  ({found['count']} alerts)")
