"""``fengsui watch``: what a device, or all devices of a unit, say right now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.live_points import LivePoints
from cli.running_site import SiteOption, StateFolderOption, Target, ask, find_session, find_target
from cli.session import ASK_S
from cli.until_ended import until_ended
from cli.watch_screen import FRAME_ROWS, Changes, change_json, change_line, watch_table

DRAW_S = 0.5


def watch(
    target: Annotated[
        str, typer.Argument(metavar="DEVICE|UNIT", help="设备、单位/设备 或 单位 / a device, unit/device, or a unit")
    ],
    *,
    once: Annotated[bool, typer.Option("--once", help="显示一次即退出 / show the table once")] = False,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="几秒后结束 / end after so many seconds")] = None,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """实时查看设备 / Watch a device or a unit of a running site: values, states in words, quality, age, trend.

    Nothing is asked of the devices: it reads what the gateways send. What is old, or behind a gateway that is not
    heard, is shown as unknown. In a pipe each change is one line; with --json one JSON object.

    Exit codes: 0 ended; 1 no such unit or device; 3 the site does not answer.
    """

    async def work() -> None:
        session = find_session(site, state)
        found = find_target(session.registry, target, lang)
        async with await session.connect("watch", ASK_S) as backbone:
            live = LivePoints(session.registry, found.devices)
            await live.begin(backbone)
            console = Console()
            if once:
                _show_once(live, found, console, lang, as_json=as_json)
                return
            following = asyncio.create_task(live.run(backbone), name="watch")
            try:
                await until_ended(_shows(live, found, console, lang, as_json=as_json), seconds, source=following)
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    ask(work)


def _show_once(live: LivePoints, found: Target, console: Console, lang: Language, *, as_json: bool) -> None:
    if as_json:
        for row in live.rows(lang):
            typer.echo(change_json(live, row))
    else:
        console.print(watch_table(live, found.title, lang))


async def _shows(live: LivePoints, found: Target, console: Console, lang: Language, *, as_json: bool) -> None:
    """Show until cancelled: a table on a terminal, otherwise each change as a line."""
    if console.is_terminal and not as_json:
        with Live(console=console, auto_refresh=False) as screen:
            while True:
                most = max(1, console.height - FRAME_ROWS)
                screen.update(watch_table(live, found.title, lang, most), refresh=True)
                await asyncio.sleep(DRAW_S)
    changes = Changes()
    while True:
        live.changed.clear()
        for row in changes.of(live.rows(lang)):
            if as_json:
                typer.echo(change_json(live, row))
            else:
                console.print(change_line(live, row, lang), soft_wrap=True, highlight=False)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(live.changed.wait(), DRAW_S)
