"""``fengsui modbus scan``: which units answer on a TCP host or a serial line, and at which speed and parity."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_tables import plain
from cli.check_command import Language
from cli.modbus_target import RtuOption, TargetArgument, settings_of
from cli.modbus_words import NOBODY as NOBODY_WORDS
from cli.modbus_words import SLOW, said_words
from domain.errors import LinkError, RefusedError, WireError
from domain.site import Labels
from gateway.connectors.modbus_tcp.config import LAST_UNIT, ModbusTcpSettings
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.reads import LAST_ADDRESS, Function

NOBODY = 1
ABSENT_CODES = frozenset({10, 11})
"""Exceptions by which a converter says that nobody answered behind it (V1.1b3, 7)."""

_UNITS = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A unit that answered. ``said``: the register, or the exception by which it showed that it is there."""

    unit: int
    said: str
    milliseconds: float
    baud: int | None
    parity: str | None


def scan(
    target: TargetArgument,
    *,
    units: Annotated[str, typer.Option(help="单元号 / unit ids: 1-247, or 1,5,9-12")] = "1-32",
    at: Annotated[int, typer.Option(min=0, max=LAST_ADDRESS, help="试读地址 / the address that is asked for")] = 0,
    bauds: Annotated[str, typer.Option("--baud", help="串口速率，可多个 / speeds to try, with commas")] = "9600",
    parities: Annotated[str, typer.Option("--parity", help="校验，可多个 / none, even, odd; with commas")] = "none",
    rtu: RtuOption = False,
    timeout: Annotated[float, typer.Option(min=0.01, max=30, help="每个单元等待秒数 / seconds a unit")] = 0.2,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """搜索从站 / Find the units of a line. Asks each for one holding register; any answer, a refusal too, is a find.

    A running gateway owns its serial line: stop it first.

    Exit codes: 0 found some; 1 nobody, or the line can't be opened; 2 wrong usage.
    """
    wanted = parse_units(units)
    serial = target.startswith("/")
    lines = [
        settings_of(target, rtu=rtu, timeout_s=timeout, **({"baud": baud, "parity": parity} if serial else {}))
        for baud in (_numbers(bauds) if serial else [0])
        for parity in (parities.split(",") if serial else [""])
    ]
    found: list[Answer] = []
    try:
        asyncio.run(_scan_all(lines, wanted, at, lang, found))
    except LinkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NOBODY) from None
    except KeyboardInterrupt:
        typer.echo(Labels(zh="已中断，以下是已找到的", en="stopped; this was found so far").of(lang), err=True)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
    elif found:
        Console().print(_table(found, lang))
    if not found:
        typer.echo(f"{NOBODY_WORDS.of(lang)}\n{SLOW.of(lang)}", err=True)
        raise typer.Exit(NOBODY)


def parse_units(text: str) -> list[int]:
    """Return the unit ids of ``1,5,9-12``; raises BadParameter for anything else."""
    wanted: list[int] = []
    for part in text.split(","):
        matched = _UNITS.fullmatch(part.strip())
        first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
        if not 0 <= first <= last <= LAST_UNIT:
            raise typer.BadParameter(f"写作 1-247 或 1,5,9-12 / write 1-247, or 1,5,9-12: {part}", param_hint="--units")
        wanted += range(first, last + 1)
    return sorted(set(wanted))


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"写作 9600,19200 / write 9600,19200: {text}", param_hint="--baud") from None


async def _scan_all(
    lines: Sequence[ModbusTcpSettings], units: Sequence[int], at: int, lang: Language, found: list[Answer]
) -> None:
    """Scan line after line into ``found``: who stops it keeps what there is."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(Labels(zh="搜索", en="scanning").of(lang), total=len(lines) * len(units))
        for settings in lines:
            async for answer in _scan(settings, units, at):
                if answer is not None:
                    found.append(answer)
                progress.advance(task)


async def _scan(settings: ModbusTcpSettings, units: Sequence[int], at: int) -> AsyncIterator[Answer | None]:
    """Ask unit after unit; a peer that hangs up on one is connected to again for the next."""
    link = ModbusLink(settings)
    loop = asyncio.get_running_loop()
    try:
        for unit in units:
            if not link.usable:
                await link.open()
            began_s = loop.time()
            said = await _ask(link, unit, at)
            yield (
                None
                if said is None
                else Answer(
                    unit=unit,
                    said=said,
                    milliseconds=round((loop.time() - began_s) * 1000, 1),
                    baud=settings.line_baud,
                    parity=settings.parity.value if settings.line_baud else None,
                )
            )
    finally:
        link.close()


async def _ask(link: ModbusLink, unit: int, at: int) -> str | None:
    try:
        return f"{at} = {int.from_bytes(await link.read(unit, Function.HOLDING, at, 1), 'big')}"
    except RefusedError as error:
        return None if error.code in ABSENT_CODES else str(error)
    except (TimeoutError, WireError, LinkError):
        return None  # noise at a wrong speed is nobody


def _table(found: Sequence[Answer], lang: Language) -> Table:
    table = Table(title=Labels(zh=f"{len(found)} 个单元应答", en=f"{len(found)} units answered").of(lang))
    for heading in Labels(zh="单元 应答 毫秒 速率 校验", en="unit said ms baud parity").of(lang).split():
        table.add_column(heading)
    for one in found:
        table.add_row(
            str(one.unit),
            plain(said_words(one.said, lang)),
            f"{one.milliseconds:g}",
            str(one.baud or ""),
            one.parity or "",
        )
    return table
