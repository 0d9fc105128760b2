"""``fengsui gateways``: how the gateways of a running site fare, and what they could not use.

Exit codes: 0 all report; 1 one is silent, or there is none; 3 the backbone is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from backbone import subjects
from backbone.client import Backbone
from cli.alerts_commands import AWAY, REFUSED, JsonOption, LangOption
from cli.check_command import Language
from cli.gateways_tables import gateway_table, is_silent, letter_table, line_table
from cli.gb26875_output import print_json
from cli.session import connect_service
from domain.errors import LinkError, RefusedError

T = TypeVar("T")
Status = Mapping[str, Any]

PREFIX = "gateway."


def gateways(
    gateway: Annotated[
        str | None, typer.Argument(metavar="UNIT/GATEWAY", help="只看此网关，逐线路 / this one, line by line")
    ] = None,
    *,
    letters: Annotated[
        bool, typer.Option("--dead-letters", help="列出未能使用的报文 / list the messages that could not be used")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """网关状态：上行、缓存、可离线时长、线路、丢弃 / Gateways: uplink, spool, time it lasts offline, lines, drops."""
    if letters:
        found = ask(lambda backbone: _dead_letters(backbone, gateway))
        if as_json:
            print_json(found)
        else:
            Console().print(letter_table(found, lang))
        return
    statuses = ask(lambda backbone: _statuses(backbone, gateway))
    if as_json:
        print_json(statuses)
    else:
        now_ns = time.time_ns()
        Console().print(gateway_table(statuses, lang, now_ns))
        if gateway is not None and statuses:
            Console().print(line_table(statuses[gateway], lang))
    if not statuses or any(is_silent(status, time.time_ns()) for status in statuses.values()):
        raise typer.Exit(REFUSED)


async def _statuses(backbone: Backbone, wanted: str | None) -> dict[str, Status]:
    """Return the status of each gateway by ``unit/gateway``, or of one."""
    found: dict[str, Status] = {
        key.removeprefix(PREFIX).replace(".", "/"): status
        for key, status in sorted((await backbone.statuses()).items())
        if key.startswith(PREFIX)
    }
    if wanted is not None and wanted not in found:
        raise RefusedError(f"没有这个网关 / no such gateway: {wanted} → {', '.join(found) or '–'}")
    return found if wanted is None else {wanted: found[wanted]}


async def _dead_letters(backbone: Backbone, wanted: str | None) -> list[Status]:
    """Return what the gateways could not use, oldest first."""
    rows: list[Status] = []
    for key in await _statuses(backbone, wanted):
        unit, _, gateway = key.partition("/")
        data = await backbone.request(subjects.gateway_service(unit, gateway), {"command": "dead_letters"})
        rows += [{"gateway": key, **one} for one in data["letters"]]
    return sorted(rows, key=lambda row: int(row["time_ns"]))


def ask(work: Callable[[Backbone], Awaitable[T]]) -> T:
    """Connect, do it, and turn what goes wrong into words and an exit code."""

    async def main() -> T:
        async with await connect_service() as backbone:
            return await work(backbone)

    try:
        return asyncio.run(main())
    except LinkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(AWAY) from error
    except RefusedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
