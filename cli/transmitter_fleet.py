"""`fengsui simulate gb26875 --fleet N` and `--from-site SITE`: many transmitters that live their days."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.live import Live
from rich.table import Table

from cli.check_command import Language
from cli.site_files import load_registry
from domain.errors import ConfigurationError, Problem
from domain.site import Registry, TransmitterSettings
from simulators.gb26875.buttons import Push
from simulators.gb26875.crowd import Crowd, Member, Summary, bench_members, site_members
from simulators.gb26875.line import EVERYWHERE
from simulators.gb26875.link import CentreAddress
from simulators.gb26875.story import Happening

LOOK_S = 0.5
DEFAULT_ZONE = "Asia/Shanghai"
SETTLE_S = 30.0
"""After the last happening: time for the centre to confirm what is left (assumption: three tries of 10 s)."""

_WORDS = {
    "transmitters": ("传输装置", "transmitters"),
    "connected": ("已连接", "connected"),
    "story_s": ("情节时间（秒）", "story time (s)"),
    "happenings": ("事件", "happenings"),
    "sent": ("已发报文", "frames sent"),
    "confirmed": ("已确认", "confirmed"),
    "waiting": ("未确认", "unconfirmed"),
    "resent": ("重发", "sent again"),
    "denied": ("被否认", "denied"),
    "failed": ("通信失败", "communication failed"),
    "dropped": ("丢弃", "dropped"),
    "twice": ("重复发送的事件", "happenings told twice"),
    "late": ("迟报的事件", "happenings told late"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """What the command line says of a fleet."""

    centre: CentreAddress
    size: int
    site: Path | None
    seed: int
    speed: float
    duration_s: float | None
    patience_s: float
    as_json: bool
    language: Language


async def run_fleet(options: FleetOptions, console: Console, stop: asyncio.Event) -> bool:
    """Let the fleet live until ``stop`` or its time; tell whether all that was said was confirmed in the end."""
    members, zone = _members(options)
    crowd = Crowd(
        members,
        seed=options.seed,
        speed=options.speed,
        zone=zone,
        patience_s=options.patience_s,
        heard=_write if options.as_json else None,
    )
    living = asyncio.create_task(crowd.run(), name="crowd")
    watching = asyncio.create_task(_watch(crowd, console, options))
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(options.duration_s):
                await stop.wait()
        crowd.end_story()
        well = await crowd.settled(SETTLE_S)
        summary = crowd.summary()
    finally:
        for task in (watching, living):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    _conclude(summary, console, options)
    return well


def _members(options: FleetOptions) -> tuple[list[Member], ZoneInfo]:
    if options.site is None:
        return bench_members(options.size, options.centre, options.seed), ZoneInfo(DEFAULT_ZONE)
    registry = load_registry(options.site)
    hosted = list(_hosted(registry))[: options.size or None]
    if not hosted:
        raise ConfigurationError([_nobody(options.site)])
    return site_members(hosted, options.seed), ZoneInfo(registry.site.timezone)


def _hosted(registry: Registry) -> Iterator[tuple[TransmitterSettings, CentreAddress]]:
    """Yield the transmitters of a site with the place where their gateway listens."""
    for key, gateway in registry.gateways.items():
        for connection in () if key in registry.transmitters else gateway.connections:
            host = str(connection.settings.get("host", "127.0.0.1"))
            for settings in connection.transmitters:
                yield (
                    settings,
                    CentreAddress(
                        host=EVERYWHERE.get(host, host),
                        port=int(connection.settings["port"]),
                        udp=connection.settings.get("transport") == "udp",
                    ),
                )


def _nobody(site: Path) -> Problem:
    mend = "add 'transmitters' to a connection of a gateway, or use --fleet N"
    return Problem(file=str(site), line=1, field="", value=None, message="this site has no transmitters", mend=mend)


def _write(name: str, happening: Happening) -> None:
    """Write a happening as a line of JSON."""
    content: dict[str, Any] = {"at_s": round(happening.at_s, 1), "transmitter": name}
    act = happening.act
    if isinstance(act, Push):
        content |= {"press": act.press.value, "component": act.component, "copies": act.copies}
        content |= {"late_s": round(act.hold_s, 1)}
    else:
        content |= {"fault": act.fault.kind.value, "for_s": act.for_s}
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")


async def _watch(crowd: Crowd, console: Console, options: FleetOptions) -> None:
    """Keep the figures on a terminal."""
    if not console.is_terminal or options.as_json:
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            live.update(summary_table(crowd.summary(), options.language), refresh=True)
            await asyncio.sleep(LOOK_S)


def _conclude(summary: Summary, console: Console, options: FleetOptions) -> None:
    if options.as_json:
        sys.stdout.write(json.dumps({"summary": summary.as_dict()}, ensure_ascii=False) + "\n")
    else:
        console.print(summary_table(summary, options.language))


def summary_table(summary: Summary, language: Language) -> Table:
    """Return the figures of a fleet."""
    zh = language is Language.ZH
    table = Table("数字" if zh else "figure", "值" if zh else "value")
    figures = summary.as_dict()
    for name, (word_zh, word_en) in _WORDS.items():
        style = "red" if name in ("failed", "dropped") and figures[name] else ""
        table.add_row(word_zh if zh else word_en, f"{figures[name]:,}", style=style)
    for name, count in figures["by_act"].items():
        table.add_row(f"  {name}", f"{count:,}", style="dim")
    return table
