"""The demo on a terminal: a live summary, or plain lines for logs and pipes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from alerts.face import AlertsFace
from cli.alerts_tables import plain
from cli.demo import Demo
from cli.simulate_commands import told_words, verdict_table
from domain.alert import AlertView
from domain.errors import FengsuiError
from simulators.expectations import State

LOOK_S = 1.0
MOST_ALERTS = 8
STALE_S = 5.0


async def show_live(demo: Demo, out: Console) -> None:
    """Keep a summary on the terminal until cancelled."""
    with Live(console=out, auto_refresh=False, screen=False) as live:
        while True:
            live.update(await _summary(demo), refresh=True)
            await asyncio.sleep(LOOK_S)


async def show_lines(demo: Demo, out: Console) -> None:
    """Print steps, alerts and failed expectations as they come, a line each, until cancelled."""
    told: set[str] = set()

    def tell(key: str, line: str) -> None:
        if key not in told:
            told.add(key)
            out.print(plain(f"{demo.runner.now_s():5.1f} s  {line}"), soft_wrap=True)

    while True:
        for placed in demo.runner.told:
            tell(f"step {placed.line}", f"▶ {told_words(placed)}")
        for alert in reversed(await _alerts(demo)):
            tell(f"alert {alert.id}", f"● {alert.alarm_class.value}: {alert.text_zh}")
        for verdict in demo.runner.verdicts():
            if verdict.state is State.FAILED:
                tell(f"verdict {verdict.line} {verdict.what}", f"✗ {verdict.what}: {verdict.why}")
        await asyncio.sleep(LOOK_S / 2)


async def _alerts(demo: Demo) -> tuple[AlertView, ...]:
    try:
        return await AlertsFace(demo.backbone).list(limit=50)
    except FengsuiError:
        return ()  # the service is starting or restarting; the next look shows it


async def _summary(demo: Demo) -> Group:
    scenario, told = demo.play.scenario, demo.runner.told
    head = Text(f"烽燧 Fengsui demo   {demo.runner.now_s():.0f} / {scenario.duration_s:g} s   ", style="bold")
    head.append(demo.platform.console_url, style="underline")
    step = plain(f"▶ {told_words(told[-1])}" if told else "")
    statuses = await demo.backbone.statuses()
    return Group(head, step, _figures(statuses), alert_rows(await _alerts(demo)), verdict_table(demo.runner.verdicts()))


def _figures(statuses: dict[str, dict[str, Any]]) -> Table:
    table = Table("进程 process", "状态 state", "数字 figures", expand=True)
    for key, found in sorted(statuses.items()):
        age_s = time.time() - found["time_ns"] / 1e9
        state = Text("● up", "green") if age_s < STALE_S else Text(f"? 未知 unknown for {age_s:.0f} s", "yellow")
        if found.get("uplink") == "down":
            state = Text("✗ uplink down", "red")
        names = ("produced", "published", "stored", "readings", "transitions", "lag_messages", "open")
        figures = "  ".join(f"{name} {found[name]:,}" for name in names if isinstance(found.get(name), int))
        table.add_row(key, state, figures)
    return table


def alert_rows(alerts: tuple[AlertView, ...]) -> Table:
    """Return the first alerts of a list, a row each."""
    table = Table("等级 class", "报警 alert", "状态 state", expand=True)
    for alert in alerts[:MOST_ALERTS]:
        facts = [word for word, holds in _facts(alert) if holds]
        style = "red" if alert.active and alert.suppressed_by is None else "dim"
        table.add_row(alert.alarm_class.value, plain(alert.text_zh), " · ".join(facts), style=style)
    return table


def _facts(alert: AlertView) -> list[tuple[str, bool]]:
    return [
        ("活动 active", alert.active),
        ("未知 unknown", alert.data_unknown),
        ("已确认 acknowledged", alert.acknowledged_at_ns is not None),
        ("被抑制 suppressed", alert.suppressed_by is not None),
        ("已关闭 closed", alert.closed_at_ns is not None),
    ]
